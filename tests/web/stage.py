"""An event loop in a thread of its own: fakes live there while a test drives the browser without one."""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

LIMIT_S = 30.0

T = TypeVar("T")


class Stage:
    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stage")
        self._stack = AsyncExitStack()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.run(self._stack.aclose())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(LIMIT_S)
            self._loop.close()

    def enter(self, fake: AbstractAsyncContextManager[T]) -> T:
        """Start a fake; it ends with the stage."""
        return self.run(self._stack.enter_async_context(fake))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT_S)

    def let(self, gate: asyncio.Event) -> None:
        """Set an event that a fake's script waits for."""
        self._loop.call_soon_threadsafe(gate.set)
