"""Tasks that nobody waits for: kept until they end, a failure logged, all of them cancelled at the end."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)


class Tasks:
    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finished)
        return task

    async def close(self) -> None:
        await cancelled(*self._running)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a link failed", exc_info=error)


async def cancelled(*tasks: "asyncio.Task[Any] | None") -> None:
    """Cancel these and wait for their end."""
    real = [task for task in tasks if task is not None]
    for task in real:
        task.cancel()
    await asyncio.gather(*real, return_exceptions=True)
