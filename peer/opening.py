"""From a socket to a link: both sides greet, what came of it is noted, and the link is put to use."""

import asyncio
from collections.abc import Awaitable, Callable

from peer.answering import Answering
from peer.closing import CLOSE_NOT_TRUSTED
from peer.connection import Connection
from peer.errors import LinkRefused, NotTrusted, plain
from peer.identity import NodeId
from peer.lending import Lending
from peer.limits import TokenBucket
from peer.link import Link
from peer.links import Links
from peer.messages import NAME_MAX_CHARS, About, Bye, Pong
from peer.protocol import CodeShown, Opened, PeerProtocol
from peer.roster import Roster
from peer.transport import Socket
from peer.trust import TrustState

LINKS_PER_MINUTE = 60
"""That a peer may open here. Limits that hold for one link would not count for whoever comes back at once."""


class Opening:
    def __init__(
        self,
        *,
        roster: Roster,
        links: Links,
        answering: Answering,
        lending: Lending,
        noticed: Callable[[Link, About | Bye | Pong], None],
        keep: Callable[[NodeId], None],
    ) -> None:
        self._roster = roster
        self._links = links
        self._answering = answering
        self._lending = lending
        self._noticed = noticed
        self._keep = keep
        self._opened: dict[NodeId, TokenBucket] = {}

    async def open(
        self,
        socket: Socket,
        protocol: PeerProtocol,
        addresses: tuple[str, ...] = (),
        *,
        dialler: NodeId | None = None,
        decide: Callable[[CodeShown], Awaitable[bool]] | None = None,
    ) -> Link:
        """Greet, note what came of it, and add the link; `dialler` None stands for the peer."""
        connection = Connection(socket, protocol)

        async def admit(opened: Opened) -> None:
            if dialler is None:
                self._count(opened.peer)
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
        self._keep(peer)
        return link

    def _count(self, peer: NodeId) -> None:
        now = asyncio.get_running_loop().time()
        bucket = self._opened.setdefault(peer, TokenBucket(LINKS_PER_MINUTE, now))
        if bucket.wait_s(now) > 0:
            raise LinkRefused(f"{peer[:8]} opened {LINKS_PER_MINUTE} links within a minute.")
        bucket.take(now)

    async def _admit(self, opened: Opened, addresses: tuple[str, ...]) -> None:
        if opened.is_pairing:
            name = plain(opened.name, NAME_MAX_CHARS)
            await self._roster.trust(opened.peer, name=name, addresses=addresses, version=opened.version)
        else:
            address = addresses[0] if addresses else None
            await self._roster.meet(opened.peer, address=address, version=opened.version)
