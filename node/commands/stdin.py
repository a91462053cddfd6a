"""What comes in on stdin when it is no terminal: one question, or a line at a time."""

import asyncio
import sys
from collections.abc import AsyncIterator
from threading import Semaphore, Thread

from node.replies import NodeError


def read_question(text: str) -> str:
    """Return the question of a command line; `-` reads it from stdin."""
    asked = sys.stdin.read() if text == "-" else text
    if not asked.strip():
        raise NodeError("there is nothing to ask: the text is empty", "empty")
    return asked


async def lines() -> AsyncIterator[str]:
    """Yield the lines of stdin without their ends, each handed over only when it is asked for."""
    queue: asyncio.Queue[str | None] = asyncio.Queue(1)
    loop = asyncio.get_running_loop()
    wanted = Semaphore(0)

    def hand_over(line: str | None) -> None:
        wanted.acquire()
        loop.call_soon_threadsafe(queue.put_nowait, line)

    def read() -> None:
        try:
            for line in sys.stdin:
                hand_over(line.rstrip("\r\n"))
            hand_over(None)
        except RuntimeError:
            pass  # the loop has ended, and with it the interest in more lines

    # A daemon, because a read that blocks cannot be cancelled and must not keep the program alive.
    Thread(target=read, name="stdin", daemon=True).start()
    wanted.release()
    while (line := await queue.get()) is not None:
        yield line
        wanted.release()
