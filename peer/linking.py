"""How links come about: accepting and dialling, pairing on the way, dialling again after a loss."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass

from peer.answering import Answering
from peer.closing import CLOSE_NOT_TRUSTED
from peer.comparing import ComparingDialler
from peer.comparisons import Attempt, Comparisons
from peer.connection import Connection
from peer.dial import dial, join_address, meet, split_address
from peer.errors import NotTrusted, PairingClosed, PeerError, PeerLost, PortInUse, Unreachable, plain
from peer.identity import Identity, NodeId
from peer.keeping import keep_up
from peer.lending import Lending
from peer.link import Link
from peer.links import Links
from peer.messages import CAPABILITIES_MAX, CAPABILITY_MAX_CHARS, NAME_MAX_CHARS, About, Bye, Pong
from peer.pairing import Ticket, TicketBook
from peer.protocol import (
    HANDSHAKE_TIMEOUT_S,
    CodeShown,
    Dialler,
    Listener,
    Opened,
    PeerProtocol,
)
from peer.roster import Roster
from peer.rotation import Former, KeyChange
from peer.server import PeerListener
from peer.sightings import Sightings
from peer.sockets import Socket
from peer.trust import PeerRecord, TrustState

STOPPED = PeerLost("This node was stopped.")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What this node tells its peers about itself."""

    name: str
    capabilities: tuple[str, ...] = ()


class Linking:
    def __init__(
        self,
        *,
        identity: Identity,
        roster: Roster,
        sightings: Sightings,
        tickets: TicketBook,
        comparisons: Comparisons,
        former: Sequence[Former],
        key_changed: Callable[[KeyChange], None],
        answering: Answering,
        lending: Lending,
        links: Links,
        profile: Callable[[], Profile],
        now: Callable[[], float],
        changed: Callable[[], None],
        incident: Callable[[NodeId, PeerError], None],
    ) -> None:
        self._changed = changed
        self._incident = incident
        self._identity = identity
        self._roster = roster
        self._sightings = sightings
        self._tickets = tickets
        self._comparisons = comparisons
        self._former = former
        self._key_changed = key_changed
        self._lending = lending
        self._answering = answering
        self._links = links
        self._profile = profile
        self._now = now
        self._listeners: list[PeerListener] = []
        self._address: tuple[str, int] | None = None
        self._keepers: dict[NodeId, asyncio.Task[None]] = {}
        self._hints: defaultdict[NodeId, asyncio.Event] = defaultdict(asyncio.Event)
        self._dialling: dict[NodeId, asyncio.Task[Link]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def listen(self, host: str, port: int) -> str:
        """Open the peers' door, or move it; return its `host:port`. Open links stay. Raises `PortInUse`."""
        for listener in self._listeners:
            listener.stop_accepting()
        try:
            return await self._listen(host, port)
        except PortInUse:
            if self._address is not None:
                await self._listen(*self._address)
            raise

    def keep(self, peer: NodeId) -> None:
        """Keep a link to this peer up from now on, as long as it is trusted."""
        if peer not in self._keepers:
            keeping = keep_up(
                lambda: self._link_known(peer), lambda: self._links.lost(peer), self._hints[peer]
            )
            keeper = self._keepers[peer] = asyncio.create_task(keeping, name=f"keep {peer[:8]}")
            keeper.add_done_callback(self._finished)

    def hint(self, peer: NodeId) -> None:
        """A peer that is kept up may be reached elsewhere now: its next try need not wait long."""
        if peer in self._keepers:
            self._hints[peer].set()

    async def link(self, record: PeerRecord) -> Link:
        """Return the link in use, or dial; whoever asks for the same peer meanwhile shares the dialling."""
        if self._is_closed:
            raise Unreachable("This node is shutting down.")
        current = self._links.get(record.node_id)
        if current is not None:
            return current
        dialling = self._dialling.get(record.node_id)
        if dialling is None:
            addresses = self._sightings.addresses(record)
            dialling = asyncio.create_task(self.dial(record.node_id, addresses))
            self._dialling[record.node_id] = dialling
            dialling.add_done_callback(lambda done: self._dialled(record.node_id, done))
        await asyncio.wait((dialling,))
        if dialling.cancelled():
            raise Unreachable(f"Dialling {record.label} was given up: it is no longer wanted here.")
        return dialling.result()

    async def dial(self, peer: NodeId, addresses: Sequence[str], ticket: Ticket | None = None) -> Link:
        """Dial, prove, pair if there is a ticket; return the link once the peer has introduced itself."""
        try:
            return await self._dial(peer, addresses, ticket)
        except NotTrusted:
            if ticket is None and self._former:
                await self._say_key_changed(peer, addresses)
            raise

    async def _say_key_changed(self, peer: NodeId, addresses: Sequence[str]) -> None:
        """Tell a peer that may know this node by a former key; raise `KeyChangeWaits` if it does."""
        socket, _ = await dial(addresses, peer)
        protocol = Dialler(self._identity, listener=peer, name="", former=self._former)
        await self._open(socket, protocol, (), dialler=self._identity.node_id)

    async def _dial(self, peer: NodeId, addresses: Sequence[str], ticket: Ticket | None) -> Link:
        socket, address = await dial(addresses, peer)
        protocol = Dialler(
            self._identity,
            listener=peer,
            name=self._about().name,
            pairing=ticket,
            spoken=self._roster.version(peer),
        )
        link = await self._open(socket, protocol, (address, *addresses), dialler=self._identity.node_id)
        serving = self._spawn(self._run(link))
        await _introduced(link, serving)
        return link

    async def compare(self, peer: NodeId | None, addresses: Sequence[str]) -> None:
        """Dial `peer`, or None for whoever answers, and return once both screens show a code.

        How it goes on is told by `Comparisons`; when both owners agree, the link is up.
        """
        shown: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def show() -> None:
            if not shown.done():
                shown.set_result(None)

        attempt = Attempt(self._comparisons, "dialler", show)
        if not attempt.enter():
            raise self._comparisons.closed()
        self._spawn(self._compare(peer, addresses, attempt, shown))
        await shown

    async def _compare(
        self, peer: NodeId | None, addresses: Sequence[str], attempt: Attempt, shown: "asyncio.Future[None]"
    ) -> None:
        error: PeerError | None = STOPPED
        try:
            link = await self._compared(peer, addresses, attempt)
            error = None
        except PeerError as failure:
            error = failure
            logger.info("a comparison of codes came to nothing: %s", error)
            return
        finally:
            attempt.end(error)
            if not shown.done():
                shown.set_exception(error or STOPPED)
        await self._run(link)

    async def _compared(self, peer: NodeId | None, addresses: Sequence[str], attempt: Attempt) -> Link:
        own, name = self._identity, self._about().name
        if peer is None:
            (address,) = addresses
            socket, peer = await meet(address)
        else:
            socket, address = await dial(addresses, peer)
        try:
            self._check_comparable(peer)
        except PairingClosed:
            await socket.close()
            raise
        side = ComparingDialler(own, listener=peer, name=name)
        protocol = Dialler(own, listener=peer, name=name, pairing=side)
        return await self._open(
            socket, protocol, (address, *addresses), dialler=own.node_id, decide=attempt.decide
        )

    def _check_comparable(self, peer: NodeId) -> None:
        if peer == self._identity.node_id:
            raise PairingClosed("That is this node itself. Name another one.")
        if self._roster.state(peer) is TrustState.BLOCKED:
            raise PairingClosed(f"{peer[:8]} is blocked here. Unblock it first.")

    def announce(self) -> None:
        """Tell all linked peers the profile afresh."""
        for link in self._links:
            link.connection.send_soon(self._about(link.peer))

    async def drop(self, peer: NodeId, code: int, reason: str) -> None:
        """Stop dialling the peer, stop its turns, and end all links to it."""
        await _cancelled(self._keepers.pop(peer, None), self._dialling.pop(peer, None))
        self._hints.pop(peer, None)
        for link in self._links:
            if link.peer == peer:
                # First: closing may have to wait for a peer that does not answer.
                link.lose()
                await link.stop()
                await self._links.end(link, code, reason)

    async def close(self, code: int, reason: str, *, timeout_s: float) -> None:
        """End everything, saying good-bye for as long as `timeout_s`."""
        self._is_closed = True
        self._comparisons.shut()
        await _cancelled(*self._keepers.values(), *self._dialling.values())
        for listener in self._listeners:
            listener.stop_accepting()
        try:
            async with asyncio.timeout(timeout_s), asyncio.TaskGroup() as group:
                for link in self._links:
                    group.create_task(self._links.end(link, code, reason))
        except TimeoutError:
            logger.warning("some peers did not take the good-bye")
        for listener in self._listeners:
            await listener.close()
        await _cancelled(*self._tasks)

    async def _listen(self, host: str, port: int) -> str:
        listener = PeerListener(self._identity, self._accept)
        self._listeners.append(listener)
        address = await listener.start(host, port)
        self._address = host, split_address(address)[1]
        self.announce()
        return address

    async def _accept(self, socket: Socket, settled: Callable[[], None]) -> None:
        """Greet whoever dialled, and serve the link to its end."""
        # Whoever has the owner look at a code may stand in the door until the owner has answered.
        attempt = Attempt(self._comparisons, "listener", settled)
        protocol = Listener(
            self._identity,
            name=self._about().name,
            trust=self._roster.state,
            spoken=self._roster.version,
            tickets=self._tickets,
            may_compare=attempt.enter,
            key_changed=self._key_changed,
            now=self._now,
        )
        error: PeerError | None = STOPPED
        try:
            link = await self._open(socket, protocol, (), dialler=None, decide=attempt.decide)
            error = None
        except PeerError as failure:
            error = failure
            logger.info("a dialler from %s was turned away: %s", socket.remote_host, error)
            return
        finally:
            attempt.end(error)
        settled()
        await self._run(link)

    async def _open(
        self,
        socket: Socket,
        protocol: PeerProtocol,
        addresses: tuple[str, ...],
        *,
        dialler: NodeId | None,
        decide: Callable[[CodeShown], Awaitable[bool]] | None = None,
    ) -> Link:
        """Greet, note what came of it, and add the link; `dialler` None stands for the peer."""
        connection = Connection(socket, protocol)

        async def admit(opened: Opened) -> None:
            await self._admit(opened, addresses)

        peer = (await connection.open(admit, decide)).peer
        # The owner may have ended the trust while this was stored.
        if self._roster.state(peer) is not TrustState.TRUSTED:
            await connection.close(CLOSE_NOT_TRUSTED, NotTrusted.code)
            raise NotTrusted(f"{peer[:8]} is no longer trusted here.")
        link = Link(
            connection,
            peer=peer,
            dialler=dialler or peer,
            answering=self._answering,
            lending=self._lending,
            noticed=self._noticed,
        )
        self._links.add(link)
        self.keep(peer)
        return link

    async def _admit(self, opened: Opened, addresses: tuple[str, ...]) -> None:
        if opened.is_pairing:
            name = plain(opened.name, NAME_MAX_CHARS)
            await self._roster.trust(opened.peer, name=name, addresses=addresses, version=opened.version)
        else:
            address = addresses[0] if addresses else None
            await self._roster.meet(opened.peer, address=address, version=opened.version)

    async def _link_known(self, peer: NodeId) -> Link:
        record = self._roster.get(peer)
        if record is None or not record.is_trusted:
            raise NotTrusted(f"{peer[:8]} is not trusted.")
        return await self.link(record)

    async def _run(self, link: Link) -> None:
        await self._links.run(link, self._about(link.peer))
        if link.connection.failure is not None:
            self._incident(link.peer, link.connection.failure)
        await self._roster.meet(link.peer)

    def _noticed(self, link: Link, frame: About | Bye | Pong) -> None:
        match frame:
            case About():
                self._spawn(self._meet(link, frame))
            case Bye():
                self._links.settle()
            case Pong():
                link.heard_at = self._now()
                self._changed()

    async def _meet(self, link: Link, about: About) -> None:
        """Note what a peer says of itself; where it listens only if it dialled: else we know better."""
        address = None
        if about.port is not None and link.dialler == link.peer:
            address = join_address(link.connection.remote_host, about.port)
        await self._roster.meet(link.peer, name=plain(about.name, NAME_MAX_CHARS), address=address)
        self._changed()

    def _about(self, peer: NodeId | None = None) -> About:
        """Say who this node is, and to a linked peer which model it may borrow."""
        profile = self._profile()
        return About(
            name=plain(profile.name, NAME_MAX_CHARS),
            caps=[plain(text, CAPABILITY_MAX_CHARS) for text in profile.capabilities[:CAPABILITIES_MAX]],
            port=self._address[1] if self._address else None,
            model=self._lending.offer(peer) if peer else None,
        )

    def _dialled(self, peer: NodeId, done: "asyncio.Task[Link]") -> None:
        if self._dialling.get(peer) is done:
            del self._dialling[peer]
        if not done.cancelled():
            done.exception()  # whoever waits has it; nobody waiting is no fault

    def _spawn(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a link failed", exc_info=error)


async def _introduced(link: Link, serving: "asyncio.Task[None]") -> None:
    waiting = asyncio.create_task(link.introduced.wait())
    try:
        await asyncio.wait(
            (waiting, serving), timeout=HANDSHAKE_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        waiting.cancel()
    if not link.introduced.is_set():
        raise PeerLost("The other node hung up before it said who it is. Try again.")


async def _cancelled(*tasks: "asyncio.Task[None] | asyncio.Task[Link] | None") -> None:
    real = [task for task in tasks if task is not None]
    for task in real:
        task.cancel()
    await asyncio.gather(*real, return_exceptions=True)
