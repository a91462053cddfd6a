"""Dialling a node so that both owners compare a code, until the link that comes of it has ended."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from peer.comparing import ComparingDialler
from peer.comparisons import Attempt, Comparisons
from peer.errors import PairingClosed, PeerError, PeerLost
from peer.identity import Identity, NodeId
from peer.link import Link
from peer.opening import Opening
from peer.protocol import Dialler
from peer.roster import Roster
from peer.tasks import Tasks
from peer.transport import LinkTransport
from peer.trust import TrustState

STOPPED = PeerLost("This node was stopped.")

logger = logging.getLogger(__name__)


class ComparingDials:
    def __init__(
        self,
        *,
        identity: Identity,
        transport: LinkTransport,
        roster: Roster,
        comparisons: Comparisons,
        opening: Opening,
        tasks: Tasks,
        name: Callable[[], str],
        run: Callable[[Link], Awaitable[None]],
    ) -> None:
        """`run` serves a link to its end."""
        self._identity = identity
        self._transport = transport
        self._roster = roster
        self._comparisons = comparisons
        self._opening = opening
        self._tasks = tasks
        self._name = name
        self._run = run

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
        self._tasks.spawn(self._compare(peer, addresses, attempt, shown))
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
        own, name = self._identity, self._name()
        dialled = await self._transport.dial(peer, addresses)
        peer = dialled.remote_key
        try:
            self._check_comparable(peer)
        except PairingClosed:
            await dialled.socket.close()
            raise
        side = ComparingDialler(own, listener=peer, name=name)
        protocol = Dialler(own, listener=peer, name=name, pairing=side)
        return await self._opening.open(
            dialled.socket,
            protocol,
            (dialled.address, *addresses),
            dialler=own.node_id,
            decide=attempt.decide,
        )

    def _check_comparable(self, peer: NodeId) -> None:
        if peer == self._identity.node_id:
            raise PairingClosed("That is this node itself. Name another one.")
        if self._roster.state(peer) is TrustState.BLOCKED:
            raise PairingClosed(f"{peer[:8]} is blocked here. Unblock it first.")
