"""A model server that the node starts on request, from the command line in `models.spawn`, and ends."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence

from agent.models.base import ErrorKind, ModelError
from agent.models.find import identify
from node.channels.models import ServerStatus
from node.child import Child, ChildError

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
PORT = "{port}"
"""Stands for the free port in the command line."""
READY_LIMIT_S = 600.0
"""A large model takes minutes from a slow disk."""
LOOK_EVERY_S = 0.25
LAST_WORDS_LINES = 5


class NoCommand(Exception):
    """There is no command line to start a server from."""

    def __str__(self) -> str:
        return (
            "no model server is set up to be started; set models.spawn to its command line, as "
            f'["llama-server", "-m", "/path/to/model.gguf", "--port", "{PORT}"]'
        )


class SpawnedServer:
    """At most one server runs. `status` says how it is, and every change of it goes to `tell`."""

    def __init__(
        self,
        *,
        command: Callable[[], Sequence[str]],
        tell: Callable[[ServerStatus], None],
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        self.status = ServerStatus(state="stopped", text="not started")
        self.address: str | None = None
        """Where it serves, or should: it stays when the server fails, until it is stopped or started anew."""
        self.is_choice = False
        """Whether turns are to use it: from its start until its stop, or until another server is chosen."""
        self._command = command
        self._tell = tell
        self._changed = changed
        """Called when another model may be there to work with."""
        self._child: Child | None = None
        self._running: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()

    @property
    def problem(self) -> ModelError | None:
        """Why it does not serve although it was wanted."""
        if self.status.state != "failed":
            return None
        return ModelError(ErrorKind.UNREACHABLE, f"the model server of this node {self.status.text}")

    async def start(self) -> None:
        """Begin to start it, unless it runs; raises `NoCommand`."""
        if self.status.state == "failed" and self._running is not None:
            await self._running  # it only looks for another model now
        if self.status.state in {"starting", "ready"}:
            return
        command = self._command()
        if not command:
            raise NoCommand
        self._settled.clear()
        self.is_choice = True
        port = free_port()
        self.address = f"http://{HOST}:{port}"
        self._set("starting", "starting")
        whole = [part.replace(PORT, str(port)) for part in command]
        self._running = asyncio.create_task(self._run(whole, self.address), name="model server")

    async def settled(self) -> ServerStatus:
        """Wait until it serves or has failed."""
        await self._settled.wait()
        return self.status

    async def stop(self) -> None:
        """End it, also while it starts, and look for another."""
        await self.close()
        if self.status.state != "stopped":
            self._set("stopped", "stopped")
            await self._changed()

    async def close(self) -> None:
        """End it; it is of no more use to anybody."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None
        self._settled.set()
        self.address, self.is_choice = None, False

    async def _run(self, command: Sequence[str], address: str) -> None:
        """Live through one run, from its start to its end by itself."""
        try:
            child = await Child.start(command)
        except ChildError as error:
            end = f"cannot be started: {error}"
        else:
            try:
                end = await self._lived(child, address)
            finally:
                await child.stop()
        self._set("failed", end)
        await self._changed()

    async def _lived(self, child: Child, address: str) -> str:
        """Wait for its end, and say what it was."""
        try:
            async with asyncio.timeout(READY_LIMIT_S):
                serves = await self._serves(child, address)
        except TimeoutError:
            return f"did not serve within {READY_LIMIT_S:.0f} s; it said: {child.said() or 'nothing'}"
        if serves:
            self._set("ready", f"serves at {address}")
            await self._changed()
        code = await child.ended()
        return f"ended with exit code {code}: {child.said(LAST_WORDS_LINES) or 'it said nothing'}"

    async def _serves(self, child: Child, address: str) -> bool:
        """Wait until it answers as a model server; False when it ended before."""
        while child.is_running:
            try:
                await identify(address)  # unrecorded: its refusals would fill the record of calls
            except ModelError:
                if (said := child.said()) and said != self.status.text:
                    self._set("starting", said)
                await ended_within(child, LOOK_EVERY_S)
            else:
                return True
        return False

    def _set(self, state: str, text: str) -> None:
        self.status = ServerStatus.model_validate(
            {"state": state, "text": text, "address": self.address or ""}
        )
        if state == "failed":
            logger.warning("the model server %s", text)
        if state != "starting":
            self._settled.set()
        self._tell(self.status)


async def ended_within(child: Child, limit_s: float) -> None:
    try:
        async with asyncio.timeout(limit_s):
            await child.ended()
    except TimeoutError:
        pass


def free_port() -> int:
    """Return a port that was free just now; the server opens it itself, a moment later."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
