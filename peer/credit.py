"""The credit of a stream: its sender stays at most so many pieces ahead of its reader."""

import asyncio


class Credit:
    """The sending side; the reader gives credit by saying how many pieces it has read in all."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._sent = 0
        self._credit = size
        self._credited = asyncio.Event()

    async def take(self) -> int:
        """Return the number of the next piece; waits while the reader is behind."""
        while self._sent >= self._credit:
            self._credited.clear()
            await self._credited.wait()
        number, self._sent = self._sent, self._sent + 1
        return number

    def give(self, read: int) -> None:
        """Note that so many were read; what was not sent cannot have been."""
        self._credit = max(self._credit, min(read, self._sent) + self._size)
        self._credited.set()
