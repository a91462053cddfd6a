"""A node made of a script, behind the real contract of the owner's door; for what a real node cannot be made to do."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from agent.events import Answer, Ask, Done, Event, Queued, Token
from node import envelope
from node.api.commands import CommandsApi
from node.client import NodeClient
from node.datadir import DataDir, Runtime
from node.envelope import Envelope, FrameError, Hello

Play = Callable[["FakeTurn"], Awaitable[None]]

PEER = {
    "nodeId": "b" * 52, "name": "bob", "label": "", "state": "trusted", "connected": True,
    "capabilities": ["ask"], "lastSeen": None, "rttMs": 3.2, "addresses": ["127.0.0.1:9"], "grants": None, "granted": ["ask"],
}  # fmt: skip


class FakeTurn:
    """One ask that the fake got: send its events, wait for what the client answers."""

    def __init__(self, node: "FakeNode", socket: web.WebSocketResponse, ask: Ask) -> None:
        self.ask = ask
        self.session_id = ask.session_id or "session-1"
        self._node = node
        self._socket = socket

    async def emit(self, model: type[Event], /, **fields: object) -> None:
        event = model.model_validate({"turn_id": self.ask.turn_id, "session_id": self.session_id, **fields})
        self._node.seq += 1
        await self._socket.send_str(
            envelope.frame("agent", event.event, event.model_dump_json(), self._node.seq)
        )

    async def answer(self, text: str) -> None:
        await self.emit(Answer, text=text)
        await self.emit(Done, reason="answered")

    async def received(self, event: str) -> dict[str, Any]:
        """Wait for the client's next frame of this event."""
        return await self._node.received(event)


async def echo(turn: FakeTurn) -> None:
    """Answer with the prompt, word by word."""
    for word in turn.ask.prompt.split():
        await turn.emit(Token, delta=word + " ")
    await turn.answer(turn.ask.prompt)


class FakeNode:
    def __init__(self) -> None:
        self.play: Play = echo
        self.seq = 0
        self.url = ""
        self.name = "alice"
        self.asks: list[Ask] = []
        self.frames: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self.settings: dict[str, object] = {
            "network.allowRemoteAgent": False,
            "agent.permissions.mode": "default",
            "console.bellAfterS": 5.0,
        }
        self.peers: list[dict[str, object]] = [PEER]
        self.status: dict[str, object] = STATUS
        self.sockets: set[web.WebSocketResponse] = set()
        self._running = asyncio.Lock()
        self._turns: set[asyncio.Task[None]] = set()

    async def received(self, event: str) -> dict[str, Any]:
        async with asyncio.timeout(10):
            return await self._queue(event).get()

    async def hang_up(self) -> None:
        """Drop every socket, as a node that restarts does."""
        for socket in list(self.sockets):
            await socket.close()

    def _queue(self, event: str) -> asyncio.Queue[dict[str, Any]]:
        return self.frames.setdefault(event, asyncio.Queue())

    async def ws(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.add(socket)
        await socket.send_str(
            envelope.written("system", Hello(version="0", node_id="a" * 52, name=self.name))
        )
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._take(socket, envelope.read(message.data))
        self.sockets.discard(socket)
        return socket

    async def _take(self, socket: web.WebSocketResponse, frame: Envelope) -> None:
        match frame.event:
            case "ask":
                ask = Ask.model_validate(frame.data)
                self.asks.append(ask)
                turn = FakeTurn(self, socket, ask)
                await turn.emit(Queued, position=0, prompt=ask.prompt)
                task = asyncio.create_task(self._one_at_a_time(turn))
                self._turns.add(task)
                task.add_done_callback(self._turns.discard)
            case "resume" | "cancel" | "approval_response":
                self._queue(frame.event).put_nowait(dict(frame.data))
            case other:
                error = FrameError(code="unknown_event", message=f"no event {other}", about=other)
                await socket.send_str(envelope.written(frame.channel, error))

    async def _one_at_a_time(self, turn: FakeTurn) -> None:
        async with self._running:
            await self.play(turn)

    def application(self, token: str) -> web.Application:
        app = web.Application(middlewares=[locked(token)])
        app.router.add_get("/ws", self.ws)
        app.router.add_get("/health", reply(lambda _: {"ok": True}))
        app.router.add_get("/api/network/identity", reply(lambda _: {"nodeId": "a" * 52, "name": "alice"}))
        app.router.add_get("/api/network/peers", reply(lambda _: self.peers))
        app.router.add_get("/api/tools", reply(lambda _: TOOLS))
        app.router.add_delete("/api/tools/learned", reply(lambda _: {"forgotten": 3}))
        app.router.add_get("/api/chat/sessions", reply(lambda _: [{"id": "session-1", "title": "the door"}]))
        app.router.add_get("/api/agent/status", reply(lambda _: self.status))
        app.router.add_post(
            "/api/network/invite", reply(lambda _: {"ticket": "pal1-x", "expiresAt": 1_800_000_000.0})
        )
        app.router.add_post("/api/network/pair", reply(lambda _: {"nodeId": "b" * 52, "name": "bob"}))
        app.router.add_post("/api/network/ask-peer", reply(answer_as_peer))
        app.router.add_get(
            "/api/settings", reply(lambda _: [setting_json(*item) for item in self.settings.items()])
        )
        for method in ("GET", "PUT", "DELETE"):
            app.router.add_route(method, "/api/settings/{key}", self._setting)
        CommandsApi(lambda: NodeClient(self.url, token)).add_to(app)
        return app

    async def _setting(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        if key not in self.settings:
            return web.json_response({"error": f"no setting {key!r}", "code": "unknown_setting"}, status=404)
        if request.method == "PUT":
            self.settings[key] = (await request.json())["value"]
        if request.method == "DELETE":
            self.settings[key] = None
        return web.json_response(setting_json(key, self.settings[key]))


TOOLS = {
    "tools": [
        {
            "name": "clock.now",
            "description": "Tell the time.",
            "source": "clock",
            "effect": "read",
            "tokens": 24,
            "shown": True,
        }
    ],
    "groups": [{"name": "clock", "count": 1, "tokens": 24}],
    "tokens": 24,
    "lastTurn": {"tools": ["clock.now"], "tokens": 20},
    "estimate": "tokens are estimated",
}

STATUS = {
    "readiness": {"state": "ready", "text": "ready", "remedy": ""},
    "model": {"provider": "rules", "name": "rules", "label": "Rules (no model)", "contextWindow": None},
    "node": {},
}


def answer_as_peer(body: dict[str, Any]) -> dict[str, object]:
    if body["peerId"] != "bob":
        return {
            "ok": False,
            "error": f"no peer called {body['peerId']}",
            "code": "no_peer",
            "nodeId": "",
            "name": "",
        }
    return {"ok": True, "answer": f"you asked: {body['prompt']}", "nodeId": "b" * 52, "name": "bob"}


def setting_json(key: str, value: object) -> dict[str, object]:
    return {"key": key, "value": value, "default": None, "description": f"what {key} is for"}


def reply(answer: Callable[[Any], object]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        return web.json_response(answer(body))

    return handle


def locked(token: str) -> Any:
    @web.middleware
    async def check(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path != "/health" and request.headers.get("Authorization") != f"Bearer {token}":
            return web.json_response({"error": "this needs the token", "code": "no_token"}, status=401)
        response: web.StreamResponse = await handler(request)
        return response

    return check


@asynccontextmanager
async def running(data: Path) -> AsyncIterator[FakeNode]:
    """Run a fake node that clients find through the data folder."""
    node = FakeNode()
    folder = DataDir.open(data)
    runner = web.AppRunner(node.application(folder.token), shutdown_timeout=0.1)
    try:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        node.url = f"http://127.0.0.1:{port}"
        folder.announce(
            Runtime(pid=os.getpid(), url=node.url, port=port, peer_address="127.0.0.1:1", node_id="a" * 52)
        )
        yield node
    finally:
        await node.hang_up()
        await runner.cleanup()
        folder.close()
