"""What comes in on stdin when it is no terminal: one question, or a line at a time."""

import asyncio
import sys
from collections.abc import AsyncIterator
from threading import Thread

from node.client import NodeError


def read_question(text: str) -> str:
    """Return the question of a command line; `-` reads it from stdin."""
    asked = sys.stdin.read() if text == "-" else text
    if not asked.strip():
        raise NodeError("there is nothing to ask: the text is empty", "empty")
    return asked


async def lines() -> AsyncIterator[str]:
    """Yield the lines of stdin without their ends, each read only when the one before was worked off."""
    queue: asyncio.Queue[str | None] = asyncio.Queue(1)
    loop = asyncio.get_running_loop()

    def hand_over(line: str | None) -> None:
        asyncio.run_coroutine_threadsafe(queue.put(line), loop).result()

    def read() -> None:
        try:
            for line in sys.stdin:
                hand_over(line.rstrip("\r\n"))
            hand_over(None)
        except RuntimeError:
            pass  # the loop has ended, and with it the interest in more lines

    # A daemon, because a read that blocks cannot be cancelled and must not keep the program alive.
    Thread(target=read, name="stdin", daemon=True).start()
    while (line := await queue.get()) is not None:
        yield line
