"""Keeping links to trusted peers up: dial, wait while the link lives, dial again, ever more patiently."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

from peer.errors import NotTrusted, PeerError

FIRST_DELAY_S = 0.5
LAST_DELAY_S = 60.0


def delays() -> Iterator[float]:
    """Yield how long to wait before each further try; jittered, so that two nodes do not move in step."""
    delay = FIRST_DELAY_S
    while True:
        yield delay * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
        delay = min(delay * 2, LAST_DELAY_S)


async def keep_up(
    dial: Callable[[], Awaitable[object]], lost: Callable[[], Awaitable[None]], hint: asyncio.Event
) -> None:
    """Dial whenever there is no link, until cancelled. `lost` returns when there is none.

    Whoever sets `hint` knows something new about where the peer is: that cuts a wait after a failure short.
    """
    waits = delays()
    while True:
        try:
            await dial()
        except NotTrusted:
            # It has forgotten us: only its owner can change that, so there is no hurry.
            await asyncio.sleep(LAST_DELAY_S)
        except PeerError:
            await _wait(next(waits), hint)
        else:
            waits = delays()
            await lost()
            await asyncio.sleep(next(waits))


async def _wait(seconds: float, hint: asyncio.Event) -> None:
    """Wait; with a hint no longer than `FIRST_DELAY_S`, and no less: anybody can make up a hint."""
    await asyncio.sleep(min(seconds, FIRST_DELAY_S))
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds - FIRST_DELAY_S)):
            await hint.wait()
    hint.clear()
