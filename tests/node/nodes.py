"""Real nodes for tests: the whole process's wiring on loopback, each with its own folder and free ports."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp

from node import app
from node.client import NodeClient
from node.config import NodeConfig
from tests.fakes.ollama_server import FakeOllama

PATIENCE_S = 20.0
"""Longer than anything here takes; a wait beyond it is a failure."""
NOWHERE = "http://127.0.0.1:9"
"""No model server answers at the discard port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningNode:
    client: NodeClient
    data: Path
    node_id: str
    name: str
    token: str
    url: str
    peer_address: str

    @asynccontextmanager
    async def socket(self) -> AsyncIterator["RawSocket"]:
        """Open `/ws` as a raw client does, and take the greeting."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(self.url + "/ws", headers=headers, max_msg_size=64 << 20) as raw,
        ):
            socket = RawSocket(raw)
            socket.hello = await socket.next()
            yield socket


@dataclass(slots=True)
class RawSocket:
    """A websocket client that knows frames and nothing else."""

    raw: aiohttp.ClientWebSocketResponse
    hello: dict[str, Any] = field(default_factory=dict)
    frames: list[dict[str, Any]] = field(default_factory=list)
    """Everything received so far."""

    async def send(self, event: str, data: Mapping[str, object], channel: str = "agent") -> None:
        await self.raw.send_str(json.dumps({"channel": channel, "event": event, "data": data}))

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            frame: dict[str, Any] = json.loads(await self.raw.receive_str())
        self.frames.append(frame)
        return frame

    async def until(self, event: str, **fields: object) -> dict[str, Any]:
        """Return the next frame of this event whose data has these fields."""
        while True:
            frame = await self.next()
            if frame["event"] == event and fields.items() <= frame["data"].items():
                return frame

    async def ask(self, prompt: str, turn_id: str = "t1", **more: object) -> None:
        await self.send("ask", {"turnId": turn_id, "prompt": prompt, **more})

    async def whole_turn(self, prompt: str, turn_id: str = "t1", **more: object) -> list[dict[str, Any]]:
        """Ask, and return the turn's frames up to `done`."""
        await self.ask(prompt, turn_id, **more)
        start = len(self.frames)
        await self.until("done", turnId=turn_id)
        return [frame for frame in self.frames[start:] if frame["data"].get("turnId") == turn_id]


@asynccontextmanager
async def running_node(
    data: Path,
    *,
    name: str = "alice",
    model: str | None = "rules",
    ollama_url: str = NOWHERE,
    settings: Mapping[str, object] | None = None,
) -> AsyncIterator[RunningNode]:
    """Run a node in this process until the block ends."""
    config = NodeConfig(port=0, peer_port=0, name=name, data=data, model=model, ollama_url=ollama_url)
    async with AsyncExitStack() as stack:
        ready = await app.start(config, stack)
        client = await stack.enter_async_context(NodeClient.at(data))
        for key, value in {"network.listen": "loopback", **(settings or {})}.items():
            await client.set_setting(key, value)
        yield RunningNode(
            client=client,
            data=data,
            node_id=str(ready["nodeId"]),
            name=name,
            token=(data / "ui.token").read_text(),
            url=str(ready["url"]),
            peer_address=str(ready["peerAddress"]),
        )


@asynccontextmanager
async def talking(
    data: Path, settings: Mapping[str, object] | None = None
) -> AsyncIterator[tuple[RunningNode, FakeOllama, RawSocket]]:
    """Run a node in front of a scripted Ollama, with one client."""
    async with (
        FakeOllama() as ollama,
        running_node(data, model=None, ollama_url=ollama.address, settings=settings) as node,
        node.socket() as ws,
    ):
        yield node, ollama, ws


def said(frames: list[dict[str, Any]], event: str) -> str:
    """Return the text that a kind of event streamed."""
    return "".join(frame["data"]["delta"] for frame in frames if frame["event"] == event)


def events(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["event"] for frame in frames]


class Together:
    """Several nodes in one block."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *details: object) -> None:
        await self._stack.aclose()

    async def node(self, name: str, **more: Any) -> RunningNode:
        return await self._stack.enter_async_context(running_node(self._root / name, name=name, **more))
