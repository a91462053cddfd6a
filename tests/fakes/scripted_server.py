"""A real HTTP server on loopback that plays written answers, breaks where it is told, and records what it was sent."""

import asyncio
import json
import random
import socket
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any, Self, TypeAlias

from aiohttp import web

HOLD_TIMEOUT_S = 30.0


class Break(Enum):
    """How a connection can end before its answer does."""

    ABORT = "reset the connection"


Step: TypeAlias = bytes | asyncio.Event | float | Break
"""Bytes to send, an event to wait for, a pause in seconds (for hand tests), or an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    steps: Sequence[Step] = ()
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Script: TypeAlias = Reply | Callable[[Any], Reply]
"""An answer, or a function that makes it from the request's JSON body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: Any
    """JSON as sent; None without a body."""
    connection: tuple[str, int]
    """The client's end, which differs for every connection."""


def json_reply(value: object, status: int = 200) -> Reply:
    return Reply(steps=[json.dumps(value).encode()], status=status)


def html_reply(status: int = 200) -> Reply:
    page = b"<!DOCTYPE html><html><body>Welcome to my router</body></html>"
    return Reply(steps=[page], status=status, content_type="text/html")


class ScriptedServer:
    """Answer each path from its script: `play` queues answers used once, `answer` sets the one that stays.

    With a seed, bodies are cut into random chunks. After a streamed answer the connection is closed
    although the headers promise to keep it, as llama-server does.
    """

    NOT_FOUND = Reply(steps=[b"404 page not found"], status=404, content_type="text/plain")

    def __init__(
        self, *, seed: int | None = 0, port: int = 0, listening: socket.socket | None = None
    ) -> None:
        """`listening` is a bound socket to listen on, in place of a port of loopback."""
        self._listening = listening
        self.seen: list[Seen] = []
        self.disconnected = asyncio.Event()
        """A client went away before its answer was complete."""
        self._random = None if seed is None else random.Random(seed)
        self._port = port
        self._once: defaultdict[str, deque[Script]] = defaultdict(deque)
        self._standing: dict[str, Script] = {}
        self._runner: web.AppRunner | None = None
        self.address = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await self._site(self._runner).start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def _site(self, runner: web.AppRunner) -> web.BaseSite:
        if self._listening is not None:
            return web.SockSite(runner, self._listening)
        return web.TCPSite(runner, "127.0.0.1", self._port)

    def play(self, path: str, *scripts: Script) -> None:
        self._once[path].extend(scripts)

    def answer(self, path: str, script: Script) -> None:
        self._standing[path] = script

    def bodies(self, path: str) -> list[Any]:
        """Return the JSON bodies of every request to a path, in order."""
        return [seen.body for seen in self.seen if seen.path == path]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw) if raw else None
        assert request.transport is not None
        self.seen.append(
            Seen(
                method=request.method,
                path=request.path,
                headers={name.lower(): value for name, value in request.headers.items()},
                body=body,
                connection=request.transport.get_extra_info("peername")[:2],
            )
        )
        try:
            return await self._send(request, self._reply(request.path, body))
        except (ConnectionResetError, asyncio.CancelledError):
            self.disconnected.set()
            raise

    def _reply(self, path: str, body: object) -> Reply:
        queued = self._once[path]
        script = queued.popleft() if queued else self._standing.get(path, self.NOT_FOUND)
        return script(body) if callable(script) else script

    async def _send(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
        response.content_type = reply.content_type
        response.headers["Keep-Alive"] = "timeout=5"
        await response.prepare(request)
        assert request.transport is not None
        for step in _joined(reply.steps):
            match step:
                case bytes():
                    for chunk in self._cut(step):
                        await response.write(chunk)
                case asyncio.Event():
                    async with asyncio.timeout(HOLD_TIMEOUT_S):
                        await step.wait()
                case float():
                    await asyncio.sleep(step)
                case Break.ABORT:
                    request.transport.abort()
                    return response
        await response.write_eof()
        request.transport.close()
        return response

    def _cut(self, data: bytes) -> Iterator[bytes]:
        while data:
            size = len(data) if self._random is None else self._random.randint(1, min(len(data), 40))
            yield data[:size]
            data = data[size:]


def _joined(steps: Sequence[Step]) -> Iterator[Step]:
    """Join neighbouring bytes, so that chunk borders need not fall where the script's pieces meet."""
    held = b""
    for step in steps:
        if isinstance(step, bytes):
            held += step
            continue
        if held:
            yield held
            held = b""
        yield step
    if held:
        yield held
