"""All open links, and which one of a peer's is in use."""

import asyncio
from collections.abc import Callable, Iterator

from peer.closing import CLOSE_LIMITS
from peer.errors import LinkRefused
from peer.identity import NodeId
from peer.link import Link
from peer.messages import About

SPARE_MAX = 3
"""Links of one peer beside the one in use; two that crossed leave one."""


class Links:
    """At most one link per peer is in use; a spare one carries what is under way and then ends."""

    def __init__(self, own: NodeId, changed: Callable[[], None]) -> None:
        self._own = own
        self._changed = changed
        self._open: dict[Link, asyncio.Event] = {}
        self._used: dict[NodeId, Link] = {}
        self._closing: dict[Link, asyncio.Task[None]] = {}

    def __iter__(self) -> Iterator[Link]:
        return iter(list(self._open))

    def get(self, peer: NodeId) -> Link | None:
        return self._used.get(peer)

    def add(self, link: Link) -> None:
        """Put the link to use, or aside if the peer has a better one; `run` it next."""
        self._open[link] = asyncio.Event()
        self._choose(link)
        self._trim(link.peer)
        self._changed()

    async def run(self, link: Link, about: About) -> None:
        """Serve an added link to its end."""
        try:
            await link.run(about)
        finally:
            ended = self._open.pop(link)
            if self._used.get(link.peer) is link:
                del self._used[link.peer]
            ended.set()
            self._changed()

    async def end(self, link: Link, code: int = 1000, reason: str = "") -> None:
        """Close the link and wait until everything it carried has ended."""
        ended = self._open.get(link)
        await link.connection.close(code, reason)
        if ended is not None:
            await ended.wait()

    def settle(self) -> None:
        """End the spare links that have nothing left to do."""
        for link in [one for one in self._open if one.is_retired]:
            if self._used.get(link.peer) is link:
                del self._used[link.peer]
            if link.is_done:
                self._end_soon(link)

    async def lost(self, peer: NodeId) -> None:
        """Wait until no link to the peer is in use."""
        while (link := self._used.get(peer)) is not None:
            await self._open[link].wait()

    def _end_soon(self, link: Link, code: int = 1000, reason: str = "") -> None:
        if link not in self._closing:
            task = self._closing[link] = asyncio.create_task(self.end(link, code, reason))
            task.add_done_callback(lambda _: self._closing.pop(link))

    def _trim(self, peer: NodeId) -> None:
        """End the oldest spare links of a peer that has too many: it need not say good-bye on any."""
        used = self._used.get(peer)
        spare = [one for one in self._open if one.peer == peer and one is not used]
        for link in spare[: max(0, len(spare) - SPARE_MAX)]:
            self._end_soon(link, CLOSE_LIMITS, LinkRefused.code)

    def _choose(self, link: Link) -> None:
        current = self._used.get(link.peer)
        kept, spare = (link, current) if current is None else self._order(link, current)
        self._used[link.peer] = kept
        if spare is not None:
            spare.retire()

    def _order(self, new: Link, old: Link) -> tuple[Link, Link]:
        """Return which to keep and which is spare, so that both sides choose alike.

        Of two that crossed, the one dialled by the smaller id. Two by the same dialler did not cross: it
        dialled again because the older one is dead to it.
        """
        if new.dialler == old.dialler or new.dialler == min(self._own, new.peer):
            return new, old
        return old, new
