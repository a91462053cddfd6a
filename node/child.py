"""A program that runs as the node's child: its output is read, its end is seen, and it ends with the node.

The child leads a process group of its own, so that a stop reaches its workers, too. Where the node is killed
and can stop nothing, Linux ends the child (`node/child_start.py`); elsewhere it is left to notice by itself.
"""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self, cast

STOP_GRACE_S = 5.0
"""How long a child may take to end by itself after it is told to."""
LAST_WORDS_S = 0.5
"""How long the output of an ended child is waited for; a stray worker may hold the pipe open."""
SAID_MAX_BYTES = 8 << 10
_START = Path(__file__).with_name("child_start.py")


class ChildError(Exception):
    """A program could not be started. The text says which and why."""


class Child(asyncio.SubprocessProtocol):
    """One running program. `ended` is how its end is noticed; nothing restarts it."""

    def __init__(self) -> None:
        self.pid = 0
        self._said = b""
        self._transport: asyncio.SubprocessTransport | None = None
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @classmethod
    async def start(
        cls, command: Sequence[str], *, folder: Path | None = None, more: Mapping[str, str] | None = None
    ) -> Self:
        """Start a program; `more` adds to its environment. Raises `ChildError`."""
        program = await asyncio.to_thread(shutil.which, command[0])
        if program is None:
            raise ChildError(f"there is no program {command[0]!r}; give its whole path, or install it")
        try:
            _, child = await asyncio.get_running_loop().subprocess_exec(
                cls,
                *ending_with_this_process([program, *command[1:]]),
                stdin=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, **(more or {})},
                start_new_session=True,  # Ctrl-C in the node's terminal is for the node, which then stops it
            )
        except (OSError, ValueError) as error:
            raise ChildError(f"{command[0]!r} could not be started: {error}") from error
        return child

    @property
    def is_running(self) -> bool:
        return not self._ended.done()

    def said(self, lines: int = 1) -> str:
        """Return the last lines of its output, whichever stream they came on."""
        text = self._said.decode(errors="replace").strip()
        return "\n".join(text.splitlines()[-lines:])

    async def ended(self) -> int:
        """Wait for its end and return the exit code; below 0 is the signal that ended it."""
        return await asyncio.shield(self._ended)

    async def stop(self) -> None:
        """End it and its workers; returns when they are gone."""
        if self.is_running:
            self._signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_GRACE_S):
                    await self.ended()
            except TimeoutError:
                self._kill()
                await self.ended()

    # --- what the loop calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        self._said = (self._said + cast("bytes", data))[-SAID_MAX_BYTES:]

    def process_exited(self) -> None:
        self._kill()  # the workers that it left behind
        asyncio.get_running_loop().call_later(LAST_WORDS_S, self._finish)

    def connection_lost(self, exc: Exception | None) -> None:
        """The program has ended and its output is read to the end."""
        self._finish()

    def _finish(self) -> None:
        assert self._transport is not None
        if not self._ended.done():
            self._ended.set_result(cast("int", self._transport.get_returncode()))
            self._transport.close()

    def _kill(self) -> None:
        self._signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)

    def _signal(self, number: int) -> None:
        """Signal the whole group; Windows, which has no such groups, ends the program alone."""
        assert self._transport is not None
        try:
            if sys.platform == "win32":
                self._transport.terminate()
            else:
                os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            pass  # already gone; macOS says "not permitted" of a group of zombies


def ending_with_this_process(command: Sequence[str]) -> list[str]:
    """Return a command line whose program ends when this process is killed, where the system can do that."""
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", str(_START), str(os.getpid()), *command]
