"""How links come about and end: accepting, dialling, pairing on the way, moving the door, stopping."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from peer.answering import Answering
from peer.comparing_dials import STOPPED, ComparingDials
from peer.comparisons import Attempt, Comparisons
from peer.dial import split_address
from peer.errors import NotTrusted, PeerError, PeerLost, PortInUse, Unreachable
from peer.identity import Identity, NodeId
from peer.introducing import Introducing, Profile
from peer.keeping import Keepers
from peer.lending import Lending
from peer.link import Link
from peer.links import Links
from peer.messages import About, Bye, Pong
from peer.opening import Opening
from peer.pairing import Ticket, TicketBook
from peer.protocol import (
    HANDSHAKE_TIMEOUT_S,
    Dialler,
    Listener,
)
from peer.roster import Roster
from peer.rotation import Former, KeyChange
from peer.sightings import Sightings
from peer.tasks import Tasks, cancelled
from peer.transport import Door, LinkTransport, Socket
from peer.trust import PeerRecord

logger = logging.getLogger(__name__)


class Linking:
    def __init__(
        self,
        *,
        identity: Identity,
        transport: LinkTransport,
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
        self._identity = identity
        self._transport = transport
        self._roster = roster
        self._sightings = sightings
        self._tickets = tickets
        self._comparisons = comparisons
        self._former = former
        self._key_changed = key_changed
        self._links = links
        self._now = now
        self._changed = changed
        self._incident = incident
        self._tasks = Tasks()
        self._keepers = Keepers(self._tasks, self._link_known, links.lost)
        self._introducing = Introducing(profile, roster=roster, lending=lending, links=links)
        self._opening = Opening(
            roster=roster,
            links=links,
            answering=answering,
            lending=lending,
            noticed=self._noticed,
            keep=self._keepers.keep,
        )
        self._comparing = ComparingDials(
            identity=identity,
            transport=transport,
            roster=roster,
            comparisons=comparisons,
            opening=self._opening,
            tasks=self._tasks,
            name=lambda: self._introducing.name,
            run=self._run,
        )
        self.keep = self._keepers.keep
        self.hint = self._keepers.hint
        self.announce = self._introducing.announce
        self.compare = self._comparing.compare
        self._doors: list[Door] = []
        self._address: tuple[str, int] | None = None
        self._dialling: dict[NodeId, asyncio.Task[Link]] = {}
        self._is_closed = False

    async def listen(self, host: str, port: int) -> str:
        """Open the peers' door, or move it; return its `host:port`. Open links stay. Raises `PortInUse`."""
        for door in self._doors:
            door.stop_accepting()
        try:
            return await self._listen(host, port)
        except PortInUse:
            if self._address is not None:
                await self._listen(*self._address)
            raise

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
        dialled = await self._transport.dial(peer, addresses)
        protocol = Dialler(self._identity, listener=peer, name="", former=self._former)
        await self._opening.open(dialled.socket, protocol)

    async def _dial(self, peer: NodeId, addresses: Sequence[str], ticket: Ticket | None) -> Link:
        dialled = await self._transport.dial(peer, addresses)
        protocol = Dialler(
            self._identity,
            listener=peer,
            name=self._introducing.name,
            pairing=ticket,
            spoken=self._roster.version(peer),
        )
        link = await self._opening.open(
            dialled.socket, protocol, (dialled.address, *addresses), dialler=self._identity.node_id
        )
        serving = self._tasks.spawn(self._run(link))
        await _introduced(link, serving)
        return link

    async def drop(self, peer: NodeId, code: int, reason: str) -> None:
        """Stop dialling the peer, stop its turns, and end all links to it."""
        await self._keepers.drop(peer)
        await cancelled(self._dialling.pop(peer, None))
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
        await self._keepers.close()
        await cancelled(*self._dialling.values())
        for door in self._doors:
            door.stop_accepting()
        try:
            async with asyncio.timeout(timeout_s), asyncio.TaskGroup() as group:
                for link in self._links:
                    group.create_task(self._links.end(link, code, reason))
        except TimeoutError:
            logger.warning("some peers did not take the good-bye")
        for door in self._doors:
            await door.close()
        await self._tasks.close()

    async def _listen(self, host: str, port: int) -> str:
        door = await self._transport.serve(host, port, self._accept)
        self._doors.append(door)
        self._address = host, split_address(door.address)[1]
        self._introducing.port = self._address[1]
        self.announce()
        return door.address

    async def _accept(self, socket: Socket, settled: Callable[[], None]) -> None:
        """Greet whoever dialled, and serve the link to its end."""
        # Whoever has the owner look at a code may stand in the door until the owner has answered.
        attempt = Attempt(self._comparisons, "listener", settled)
        protocol = Listener(
            self._identity,
            name=self._introducing.name,
            trust=self._roster.state,
            spoken=self._roster.version,
            tickets=self._tickets,
            may_compare=attempt.enter,
            key_changed=self._key_changed,
            now=self._now,
        )
        error: PeerError | None = STOPPED
        try:
            link = await self._opening.open(socket, protocol, decide=attempt.decide)
            error = None
        except PeerError as failure:
            error = failure
            logger.info("a dialler from %s was turned away: %s", socket.remote_host, error)
            return
        finally:
            attempt.end(error)
        settled()
        await self._run(link)

    async def _link_known(self, peer: NodeId) -> Link:
        record = self._roster.get(peer)
        if record is None or not record.is_trusted:
            raise NotTrusted(f"{peer[:8]} is not trusted.")
        return await self.link(record)

    async def _run(self, link: Link) -> None:
        await self._links.run(link, self._introducing.about(link.peer))
        if link.connection.failure is not None:
            self._incident(link.peer, link.connection.failure)
        await self._roster.meet(link.peer)

    def _noticed(self, link: Link, frame: About | Bye | Pong) -> None:
        match frame:
            case About():
                self._tasks.spawn(self._note(link, frame))
            case Bye():
                self._links.settle()
            case Pong():
                link.heard_at = self._now()
                self._changed()

    async def _note(self, link: Link, about: About) -> None:
        await self._introducing.note(link, about)
        self._changed()

    def _dialled(self, peer: NodeId, done: "asyncio.Task[Link]") -> None:
        if self._dialling.get(peer) is done:
            del self._dialling[peer]
        if not done.cancelled():
            done.exception()  # whoever waits has it; nobody waiting is no fault


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
