"""A beat beside a long wait, as a sign of life to whoever watches."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

logger = logging.getLogger(__name__)


@asynccontextmanager
async def pulse(every_s: float, beat: Callable[[], Awaitable[None]]) -> AsyncGenerator[None, None]:
    """Await `beat` every so many seconds while the block runs. A beat that fails is the last one."""
    beating = asyncio.create_task(_beaten(every_s, beat))
    try:
        yield
    finally:
        beating.cancel()


async def _beaten(every_s: float, beat: Callable[[], Awaitable[None]]) -> None:
    try:
        while True:
            await asyncio.sleep(every_s)
            await beat()
    except Exception:
        logger.exception("a sign of life could not be given")
