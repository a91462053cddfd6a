"""A beat beside a long wait, as a sign of life to whoever watches."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

logger = logging.getLogger(__name__)

LAST_BEAT_S = 5.0
"""How long a beat that has begun may take when the wait is over."""


@asynccontextmanager
async def pulse(every_s: float, beat: Callable[[], Awaitable[None]]) -> AsyncGenerator[None, None]:
    """Await `beat` every so many seconds while the block runs. A beat that fails is the last one.

    One that has begun is let finish: cut off in the middle it could leave half an event on a wire.
    """
    over = asyncio.Event()
    beating = asyncio.create_task(_beaten(every_s, beat, over))
    try:
        yield
    finally:
        over.set()
        _, late = await asyncio.wait([beating], timeout=LAST_BEAT_S)
        for task in late:
            task.cancel()


async def _beaten(every_s: float, beat: Callable[[], Awaitable[None]], over: asyncio.Event) -> None:
    try:
        while not over.is_set():
            try:
                async with asyncio.timeout(every_s):
                    await over.wait()
            except TimeoutError:
                await beat()
    except Exception:
        logger.exception("a sign of life could not be given")
