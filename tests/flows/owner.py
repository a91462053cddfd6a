"""An owner at `/ws` who outlives the node: follows turns over many sockets, answers, and runs a client's tool."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from node.datadir import read_runtime, read_token
from tests.node.nodes import RawSocket

FLAG = {
    "name": "flag.wave",
    "description": "Wave a flag.",
    "params": {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]},
}
HESITATION_S = 0.02
LEAP = 4_000
"""No client misses as many events of such short turns."""


@dataclass(slots=True)
class Asked:
    """A turn as its owner saw it; its session has the same name."""

    id: str
    prompt: str
    is_stored: bool = False
    """The node said so."""
    seq: int = 0
    leaps: int = 0
    """How often the numbers may still leap: each node counts on from well beyond those of the one before, and
    a client may have seen nothing of the last one."""
    ends: list[str] = field(default_factory=list)

    @property
    def has_ended(self) -> bool:
        return any(reason != "interrupted" for reason in self.ends)


class Owner:
    """Complains in `faults` about every event that is missing or comes twice."""

    def __init__(self, data: Path, chance: random.Random, seen: Callable[[str], None]) -> None:
        self.turns: dict[str, Asked] = {}
        self.waves: Counter[str] = Counter()
        """The effects of the client's tool."""
        self.reused = self.unknown = 0
        self.faults: list[str] = []
        self._data = data
        self._chance = chance
        self._seen = seen
        self._ended = asyncio.Event()
        self._socket: RawSocket | None = None
        self._answering: set[asyncio.Task[None]] = set()

    @property
    def open_turns(self) -> list[Asked]:
        return [turn for turn in self.turns.values() if not turn.has_ended]

    async def ask(self, name: str) -> None:
        self.turns[name] = Asked(name, f"Do your work for {name}.")
        await self._send_ask(self.turns[name])

    async def all_ended(self) -> None:
        while self.open_turns:
            self._ended.clear()
            await self._ended.wait()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Open a socket, go on where the last one broke off, and follow until the block ends."""
        url, token = read_runtime(self._data).url, read_token(self._data)
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession() as http, http.ws_connect(url + "/ws", headers=headers) as raw:
            self._socket = RawSocket(raw)
            await self._socket.next()
            await self._return()
            following = asyncio.create_task(self._follow(self._socket))
            try:
                yield
            finally:
                self._socket = None
                for task in (following, *self._answering):
                    task.cancel()
                await asyncio.gather(following, *self._answering, return_exceptions=True)

    async def _return(self) -> None:
        await self._send("manifest", {"tools": [FLAG]})
        for turn in self.open_turns:
            turn.leaps += 1
            if turn.is_stored:
                await self._send("resume", {"sessionId": turn.id, "lastSeq": turn.seq})
            if not turn.is_stored or self._chance.random() < 0.2:
                await self._send_ask(turn)

    async def _follow(self, socket: RawSocket) -> None:
        while True:
            try:
                frame = await socket.next()
            except TimeoutError:
                continue
            except TypeError:
                return  # the node is gone
            self._receive(frame)

    def _receive(self, frame: dict[str, Any]) -> None:
        data, event = frame["data"], frame["event"]
        if event == "error" and "turnId" not in data:
            self.faults.append(f"the node complained: {data}")
        turn = self.turns.get(data.get("turnId", ""))
        if turn is None or not self._is_new(turn, frame):
            return
        self._seen(event)
        match event:
            case "queued":
                turn.is_stored = True
            case "approval_request":
                self._later("approval_response", {"approvalId": data["approvalId"], "decision": "allow_once"})
            case "tool_call" if data["relay"]:
                self.waves[data["args"]["to"]] += 1
                result = {"turnId": turn.id, "callId": data["callId"], "ok": True, "result": "waved"}
                self._later("tool_result", result)
            case "tool_done":
                self.reused += data["reused"]
                self.unknown += "unknown whether" in data["result"]
            case "done":
                turn.ends.append(data["reason"])
                self._ended.set()

    def _is_new(self, turn: Asked, frame: dict[str, Any]) -> bool:
        """Count an event, unless a repeated ask brought it again; nothing may be left out."""
        seq: int = frame["seq"]
        if seq > turn.seq + 1:
            if not turn.leaps or seq < turn.seq + LEAP:
                self.faults.append(f"{turn.id} misses the events {turn.seq + 1} to {seq - 1}")
            turn.leaps = max(0, turn.leaps - 1)
        is_new = seq > turn.seq
        turn.seq = max(turn.seq, seq)
        return is_new

    async def _send_ask(self, turn: Asked) -> None:
        await self._send("ask", {"turnId": turn.id, "sessionId": turn.id, "prompt": turn.prompt})

    def _later(self, event: str, data: dict[str, Any]) -> None:
        async def answer() -> None:
            await asyncio.sleep(self._chance.uniform(0, HESITATION_S))
            await self._send(event, data)

        task = asyncio.create_task(answer())
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _send(self, event: str, data: dict[str, Any]) -> None:
        if self._socket is not None:
            try:
                await self._socket.send(event, data)
            except (ConnectionError, aiohttp.ClientError):
                pass  # the node is gone; what was lost is sent again to the next one
