"""Keeping links to trusted peers up: dial, wait while the link lives, dial again, ever more patiently."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

from peer.errors import NotTrusted, PeerError
from peer.identity import NodeId
from peer.tasks import Tasks, cancelled

FIRST_DELAY_S = 0.5
LAST_DELAY_S = 60.0
STEADY_S = 10.0
"""A link that ends sooner counts as a failed try: whoever hangs up at once is not dialled all the time."""

logger = logging.getLogger(__name__)


def delays() -> Iterator[float]:
    """Yield how long to wait before each further try; jittered, so that two nodes do not move in step."""
    delay = FIRST_DELAY_S
    while True:
        yield delay * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
        delay = min(delay * 2, LAST_DELAY_S)


class Keepers:
    """One task for each peer to which a link is kept up."""

    def __init__(
        self,
        tasks: Tasks,
        dial: Callable[[NodeId], Awaitable[object]],
        lost: Callable[[NodeId], Awaitable[None]],
    ) -> None:
        """`lost` returns when no link to the peer is in use."""
        self._tasks = tasks
        self._dial = dial
        self._lost = lost
        self._running: dict[NodeId, asyncio.Task[None]] = {}
        self._hints: defaultdict[NodeId, asyncio.Event] = defaultdict(asyncio.Event)

    def keep(self, peer: NodeId) -> None:
        """Keep a link to this peer up from now on."""
        if peer not in self._running:
            self._running[peer] = self._tasks.spawn(
                keep_up(lambda: self._dial(peer), lambda: self._lost(peer), self._hints[peer])
            )

    def hint(self, peer: NodeId) -> None:
        """A peer that is kept up may be reached elsewhere now: its next try need not wait long."""
        if peer in self._running:
            self._hints[peer].set()

    async def drop(self, *peers: NodeId) -> None:
        """Dial these no more."""
        await cancelled(*(self._running.pop(peer, None) for peer in peers))
        for peer in peers:
            self._hints.pop(peer, None)

    async def close(self) -> None:
        await self.drop(*self._running)


async def keep_up(
    dial: Callable[[], Awaitable[object]], lost: Callable[[], Awaitable[None]], hint: asyncio.Event
) -> None:
    """Dial whenever there is no link, until cancelled. `lost` returns when there is none.

    Whoever sets `hint` knows something new about where the peer is: that cuts a wait after a failure short.
    """
    waits, clock = delays(), asyncio.get_running_loop().time
    while True:
        try:
            await dial()
        except NotTrusted:
            # It has forgotten us: only its owner can change that, so there is no hurry.
            await asyncio.sleep(LAST_DELAY_S)
        except PeerError:
            await _wait(next(waits), hint)
        except Exception:
            logger.exception("dialling a peer failed")
            await _wait(next(waits), hint)
        else:
            began = clock()
            await lost()
            waits = delays() if clock() - began > STEADY_S else waits
            await asyncio.sleep(next(waits))


async def _wait(seconds: float, hint: asyncio.Event) -> None:
    """Wait; with a hint no longer than `FIRST_DELAY_S`, and no less: anybody can make up a hint."""
    await asyncio.sleep(min(seconds, FIRST_DELAY_S))
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds - FIRST_DELAY_S)):
            await hint.wait()
    hint.clear()
