"""A program on a real pty, seen through a terminal emulator."""

import asyncio
import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import pyte

COLUMNS, ROWS = 80, 24


class Screen(pyte.HistoryScreen):
    """Answers the terminal's questions, as a terminal does."""

    answer: Callable[[str], None] = staticmethod(lambda _: None)

    def write_process_input(self, data: str) -> None:
        self.answer(data)


class Terminal:
    def __init__(self, master: int) -> None:
        self.raw = b""
        self._master = master
        self._screen = Screen(COLUMNS, ROWS, history=10_000, ratio=0.1)
        self._screen.answer = self.type
        self._stream = pyte.ByteStream(self._screen)
        self._changed = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    async def until(self, seen: Callable[[], bool], what: str = "") -> None:
        """Wait until the condition holds of the screen."""
        try:
            async with asyncio.timeout(15):
                while not seen():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"never seen: {what}\n" + "\n".join(self.lines())) from None

    async def until_shows(self, text: str) -> None:
        await self.until(lambda: text in "\n".join(self.lines()), text)

    def lines(self) -> list[str]:
        """Return everything that was ever shown and stayed: the scrollback, then the screen."""
        top = ["".join(row[x].data for x in range(COLUMNS)).rstrip() for row in self._screen.history.top]
        return [*top, *(line.rstrip() for line in self._screen.display)]

    def screen(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    def _read(self) -> None:
        try:
            data = os.read(self._master, 65_536)
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._master)
        self.raw += data
        self._stream.feed(data)
        self._changed.set()


@asynccontextmanager
async def on_a_terminal(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> AsyncIterator[tuple[Terminal, "asyncio.Task[int]"]]:
    """Run `palaver ARGUMENTS` on a pty; the task gives its exit code."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "node.cli", *arguments,
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", **environment},
    )  # fmt: skip
    os.close(slave)
    terminal = Terminal(master)
    exited = asyncio.create_task(process.wait())
    try:
        yield terminal, exited
    finally:
        if process.returncode is None:
            process.kill()
        await exited
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)
