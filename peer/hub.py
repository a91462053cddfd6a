"""All that a node does with its peers: pair, link, ask one, answer one, revoke one."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from peer.answering import Answer, Answering, InboundAsk, InboundStatus, Knowledge
from peer.asking import OnEvent, PeerAnswer
from peer.closing import CLOSE_GOING, CLOSE_NOT_TRUSTED
from peer.comparisons import Comparison, Comparisons, PairingStatus
from peer.dial import split_address
from peer.errors import (
    Cycle,
    DeadlinePassed,
    NotTrusted,
    PairingClosed,
    PeerError,
    TicketWrongNode,
    TooLarge,
    UnknownPeer,
    WrongNode,
    plain,
)
from peer.guard import Policy
from peer.identity import Identity, NodeId
from peer.introducing import Profile
from peer.lending import Lend, Lending, lend_nothing
from peer.lineage import PEER_AGENT_TIMEOUT_S, LineageLimits, OpenLineage
from peer.linking import Linking
from peer.links import Links
from peer.loans import LOAN_MAX_MS, LoanPolicy
from peer.messages import NAME_MAX_CHARS, PROMPT_MAX_BYTES, Citation, ModelCard, sound
from peer.outgoing import Outgoing
from peer.pairing import INVITE_TTL_S, Ticket, TicketBook
from peer.roster import Roster
from peer.rotation import Former, KeyChange, KeyChanges
from peer.sightings import Sightings
from peer.told import AskRecorder, NoRecorder
from peer.transport import LinkTransport
from peer.trust import Grant, PeerRecord, TrustState, TrustStore

__all__ = [
    "Answer",
    "InboundAsk",
    "InboundStatus",
    "Invite",
    "OpenLineage",
    "PeerAnswer",
    "PeerHub",
    "PeerStatus",
    "Policy",
    "Profile",
]

CLOSE_TIMEOUT_S = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    ticket: str
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerStatus:
    record: PeerRecord
    connected: bool
    capabilities: tuple[str, ...]
    rtt_ms: float | None
    granted: frozenset[Grant]
    """What it may do here as things stand, whoever said so."""
    new_key: NodeId | None
    """The id that is said to follow this one, while the owner has not answered."""


class PeerHub:
    """`start` it, let it `listen`, and `close` it in the end. What it raises is in `peer.errors`."""

    def __init__(
        self,
        *,
        identity: Identity,
        transport: LinkTransport,
        trust: TrustStore,
        profile: Callable[[], Profile],
        policy: Callable[[PeerRecord], Policy],
        answer: Answer,
        former: Sequence[Former] = (),
        loan_policy: Callable[[PeerRecord], LoanPolicy] = lambda _: LoanPolicy(allowed=False),
        lend: Lend = lend_nothing,
        recorder: AskRecorder | None = None,
        signs_asks: Callable[[], bool] = lambda: False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.identity = identity
        self.on_change: Callable[[], None] = lambda: None
        """Called after any change of what `peers` or `inbound` return."""
        self.on_incident: Callable[[NodeId, PeerError], None] = lambda _peer, _error: None
        """Called for every ask refused to a peer, and for every link that ended by a breach of its rules."""
        self._transport = transport
        self._policy = policy
        self._now = now
        self._outgoing = Outgoing(identity, signs=signs_asks, now=now)
        self._roster = Roster(trust, now)
        self.sightings = Sightings(
            own=identity.node_id,
            is_known=lambda node_id: self._roster.get(node_id) is not None,
            now=now,
            noticed=self._noticed,
        )
        """Where discovery tells whom it finds."""
        self._tickets = TicketBook()
        self._comparisons = Comparisons(now, self._changed)
        self._key_changes = KeyChanges()
        self._links = Links(identity.node_id, self._changed)
        knowledge = Knowledge(
            own=identity.node_id,
            record=self._roster.get,
            policy=policy,
            is_own_question=self._outgoing.is_own,
            incident=self._incident,
            recorder=recorder or NoRecorder(),
        )
        self._answering = Answering(knowledge, answer, now=now, changed=self._changed)
        self._lending = Lending(self._roster.get, loan_policy, lend, self._incident)
        self._linking = Linking(
            identity=identity,
            transport=transport,
            roster=self._roster,
            sightings=self.sightings,
            tickets=self._tickets,
            comparisons=self._comparisons,
            former=former,
            key_changed=self._key_changed,
            answering=self._answering,
            lending=self._lending,
            links=self._links,
            profile=profile,
            now=now,
            changed=self._changed,
            incident=self._incident,
        )

    async def start(self) -> None:
        """Load who is trusted, and keep links to them up from now on."""
        await self._roster.load()
        for record in self._roster.all():
            if record.is_trusted:
                self._linking.keep(record.node_id)

    async def listen(self, host: str, port: int) -> str:
        """Open the peers' door, or move it; return its `host:port`. Open links stay. Raises `PortInUse`."""
        return await self._linking.listen(host, port)

    def invite(self, *, addresses: Sequence[str], ttl_s: float = INVITE_TTL_S) -> Invite:
        """Make a ticket for one other node, which finds this one at `addresses`; ValueError for a bad one."""
        for address in addresses:
            split_address(address)
        expires_at = self._now() + ttl_s
        ticket = self._tickets.issue(
            node_id=self.identity.node_id, addresses=addresses, expires_at=expires_at
        )
        return Invite(ticket=str(ticket), expires_at=expires_at)

    async def join(self, ticket: str) -> PeerRecord:
        """Redeem another node's ticket: afterwards both trust each other and are linked."""
        invitation = Ticket.parse(ticket)
        inviter = invitation.node_id
        if inviter == self.identity.node_id:
            raise TicketWrongNode("This ticket is this node's own. Give it to the other one.")
        try:
            await self._linking.dial(inviter, invitation.addresses, invitation)
        except WrongNode as error:
            raise TicketWrongNode(
                f"Another node than {inviter[:8]}, which made the ticket, answered at the ticket's address. "
                "Nothing was sent to it. Ask the owner for a new ticket."
            ) from error
        return self._trusted(inviter)

    def let_pair(self, *, allowed: bool) -> None:
        """Let strangers ask to compare codes for two minutes, or no more. Raises `PairingClosed`."""
        if allowed:
            self._comparisons.open()
        else:
            self._comparisons.shut()

    async def compare(self, peer: str | None = None, *, address: str | None = None) -> Comparison:
        """Ask a seen node, or whoever is at `address`, to compare codes; return once both screens show one.

        Nothing is trusted before both owners agree: `agree` here, and theirs there.
        """
        record = self._noted(peer) if peer is not None else None
        given = (address,) if address is not None else ()
        try:
            await self._linking.compare(
                record.node_id if record else None,
                (*given, *(self.sightings.addresses(record) if record else ())),
            )
        except NotTrusted as error:
            raise PairingClosed(
                "The other node lets nobody pair just now. Its owner opens that with: palaver pair. "
                "It holds for two minutes, for one node at a time. Then try again."
            ) from error
        comparison = self._comparisons.current
        assert comparison is not None, "a code is shown"
        return comparison

    def agree(self, code: str) -> None:
        """Say that both screens show this code; `PairingClosed` when no comparison with it waits for that."""
        self._comparisons.answer(match=True, code=code)

    def disagree(self, code: str | None = None) -> None:
        """Say that they do not, with None of whatever is compared now; `PairingClosed` as above."""
        self._comparisons.answer(match=False, code=code)

    def pairing(self) -> PairingStatus:
        return self._comparisons.status()

    async def connect(self, peer: NodeId, *, address: str | None = None) -> PeerRecord:
        """Link to a trusted peer, at `address` first when it is given."""
        record = self._trusted(peer)
        if address is not None:
            record = replace(record, addresses=(address, *record.addresses))
        await self._linking.link(record)
        return self._trusted(peer)

    async def meet(self, address: str) -> PeerRecord:
        """Return who listens at an address: a peer is linked to, a stranger only `seen` and told nothing."""
        dialled = await self._transport.dial(None, (address,))
        node_id = dialled.remote_key
        await dialled.socket.close()
        if node_id == self.identity.node_id:
            raise WrongNode(f"{address} is this node itself.")
        known = self._roster.get(node_id)
        if known is not None and known.is_trusted:
            return await self.connect(node_id, address=address)
        return known or self.sightings.met(node_id, address)

    def new_lineage(self, *, within_s: float = PEER_AGENT_TIMEOUT_S) -> OpenLineage:
        """Open the lineage of an owner's turn, so that all its asks share one budget and one clock."""
        limits = LineageLimits(ms=int(within_s * 1000))
        return OpenLineage.root(now=asyncio.get_running_loop().time(), limits=limits)

    async def ask(
        self,
        peer: str,
        prompt: str,
        *,
        lineage: OpenLineage | None = None,
        on_event: OnEvent | None = None,
        timeout_s: float | None = None,
        among: int = 1,
    ) -> PeerAnswer:
        """Ask a trusted peer's agent; `peer` is an id, the start of one (6 characters or more) or a name.

        `lineage` is that of the turn in which the question comes up: an `InboundAsk`'s, or a `new_lineage`;
        `among` says of how many peers that are asked at the same time this is one. Cancelling this call stops
        the peer.
        """
        prompt = sound(prompt)
        record = self._askable(peer, prompt)
        clock = asyncio.get_running_loop().time
        lineage = lineage or self.new_lineage()
        started = clock()
        limit_s = min(lineage.remaining_s(started), timeout_s or PEER_AGENT_TIMEOUT_S)
        try:
            async with asyncio.timeout(limit_s):
                text, citations = await self._ask(
                    record, prompt, lineage, on_event, until=started + limit_s, among=among
                )
        except TimeoutError:
            raise DeadlinePassed(f"{record.label} did not answer within {limit_s:.0f} s.") from None
        duration_ms = int((clock() - started) * 1000)
        return PeerAnswer(
            node_id=record.node_id,
            name=record.label,
            text=text,
            duration_ms=duration_ms,
            citations=citations,
        )

    def offer(self, peer: NodeId) -> ModelCard | None:
        """Return the model that a linked peer lends to this node now."""
        link = self._links.get(peer)
        return link.about.model if link and link.about else None

    async def borrow(self, peer: NodeId, body: str, *, ms: int = LOAN_MAX_MS) -> AsyncGenerator[str, None]:
        """Run a round on the model that a peer lends, and yield its reply in pieces; leaving early stops it.

        `ms` is the time for all of it; beyond it the lender ends with `DeadlinePassed`.
        """
        link = await self._linking.link(self._trusted(peer))
        try:
            async with aclosing(link.borrowing.stream(body, ms=ms)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._links.settle()

    def find(self, peer: str) -> PeerRecord:
        """Return the peer that `ask` would ask; raise `UnknownPeer` when none is meant, or several are."""
        return self._roster.find(peer)

    def peers(self) -> list[PeerStatus]:
        """Return whom this node knows or noticed; whom its owner compares codes with is `pending`."""
        noted = {one.node_id: one for one in (*self._roster.all(), *self.sightings.strangers())}
        if pending := self._pending():
            noted[pending.node_id] = pending
        return [self._status(record) for record in noted.values()]

    def inbound(self) -> list[InboundStatus]:
        """Return the asks that this node answers now."""
        return self._answering.running()

    async def stop_inbound(self, rid: str) -> bool:
        """Stop answering an ask; the asker is told. False when there is no such ask."""
        return await self._answering.stop(rid)

    def announce(self) -> None:
        """Tell all linked peers this node's profile afresh; call it when the profile has changed."""
        self._linking.announce()

    async def revoke(self, peer: NodeId, *, block: bool = False) -> None:
        """End the trust, every link and every turn of a peer. `block` keeps it out even with a ticket."""
        self._key_changes.forget(peer)
        await (self._roster.block(peer) if block else self._roster.forget(peer))
        await self._linking.drop(peer, CLOSE_NOT_TRUSTED, NotTrusted.code)
        self.on_change()

    def key_changes(self) -> list[KeyChange]:
        """Return which trusted peers are said to have a new key; `settle_key` answers."""
        return [
            one for one in self._key_changes.waiting() if self._roster.state(one.old) is TrustState.TRUSTED
        ]

    async def settle_key(self, peer: NodeId, *, accept: bool) -> None:
        """Trust a peer under its new key in place of the old one, or not. Raises `UnknownPeer`."""
        change = self._key_changes.answer(peer, accept=accept)
        if accept:
            await self._roster.succeed(change.old, change.new)
            await self._linking.drop(change.old, CLOSE_NOT_TRUSTED, NotTrusted.code)
            self._linking.keep(change.new)
        self.on_change()

    async def unblock(self, peer: NodeId) -> None:
        """Let a blocked peer pair again; it is not trusted by that. Others stay as they are."""
        await self._roster.unblock(peer)
        self.on_change()

    async def rename(self, peer: NodeId, pet_name: str) -> PeerRecord:
        """Give a peer the owner's own name for it, or none; that name goes before what it calls itself."""
        record = await self._roster.rename(peer, plain(pet_name, NAME_MAX_CHARS))
        self.on_change()
        return record

    async def grant(self, peer: NodeId, grants: frozenset[Grant] | None) -> PeerRecord:
        """Give a known peer rights of its own, or with None those of peers in general; at once.

        Asks that it may not ask any more are stopped. Raises `UnknownPeer`.
        """
        record = await self._roster.grant(peer, grants)
        self.reconsider()
        return record

    def reconsider(self) -> None:
        """Stop the asks and loans that a policy allows no more; call it when one has changed."""
        self.reconsider_loans()
        self._answering.reconsider()
        self.on_change()

    def reconsider_loans(self) -> None:
        """Stop the loans that the policy allows no more, and tell each peer anew what it may borrow."""
        self._lending.reconsider()
        self.announce()

    async def close(self) -> None:
        """Say good-bye on every link and stop."""
        await self._linking.close(CLOSE_GOING, "bye", timeout_s=CLOSE_TIMEOUT_S)

    async def _ask(
        self,
        record: PeerRecord,
        prompt: str,
        lineage: OpenLineage,
        on_event: OnEvent | None,
        *,
        until: float,
        among: int,
    ) -> tuple[str, tuple[Citation, ...]]:
        link = await self._linking.link(record)
        try:
            return await self._outgoing.ask(
                link, prompt, lineage, on_event, label=record.label, until=until, among=among
            )
        finally:
            self._links.settle()

    def _askable(self, peer: str, prompt: str) -> PeerRecord:
        if peer.strip() == self.identity.node_id:
            raise Cycle("That is this node itself. Answer without asking.")
        if len(prompt.encode()) > PROMPT_MAX_BYTES:
            raise TooLarge(f"The question is longer than {PROMPT_MAX_BYTES // 1024} KB. Ask a shorter one.")
        return self._trusted(self._roster.find(peer).node_id)

    def _trusted(self, peer: NodeId) -> PeerRecord:
        record = self._roster.get(peer)
        if record is None or not record.is_trusted:
            raise NotTrusted(f"{peer[:8]} is not trusted here. Pair with a ticket first.")
        return record

    def _noted(self, peer: str) -> PeerRecord:
        """Return the known peer that is meant, or a stranger who was noticed; raise `UnknownPeer`."""
        try:
            return self._roster.find(peer)
        except UnknownPeer:
            stranger = self.sightings.find(peer)
            if stranger is None:
                raise
            return stranger

    def _pending(self) -> PeerRecord | None:
        comparison = self._comparisons.current
        if comparison is None or not comparison.is_open:
            return None
        known = self._roster.get(comparison.peer)
        if known is None:
            known = PeerRecord(
                node_id=comparison.peer, name=comparison.name, state=TrustState.SEEN, added_at=self._now()
            )
        return known if known.is_trusted else replace(known, state=TrustState.PENDING)

    def _status(self, record: PeerRecord) -> PeerStatus:
        link = self._links.get(record.node_id)
        if link is not None and link.heard_at is not None:
            record = replace(record, last_seen=link.heard_at)
        return PeerStatus(
            record=record,
            connected=link is not None,
            capabilities=tuple(link.about.caps) if link and link.about else (),
            rtt_ms=link.connection.rtt_ms if link else None,
            granted=self._policy(record).granted,
            new_key=self._key_changes.of(record.node_id),
        )

    def _key_changed(self, change: KeyChange) -> None:
        if self._key_changes.ask(change):
            self.on_change()

    def _incident(self, peer: NodeId, error: PeerError) -> None:
        self.on_incident(peer, error)

    def _noticed(self, node_id: NodeId) -> None:
        self._linking.hint(node_id)
        self.on_change()

    def _changed(self) -> None:
        self._links.settle()
        self.on_change()
