"""What a node adds to a model's stream: time to the first token, age of every token, time of a whole turn."""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import aiohttp
from bench_figure import Bound, Figure, Target, at_percentile, percentile
from bench_model_server import MODEL
from bench_processes import running_node, running_script

from node.datadir import read_token

ADDED_MAX_MS = 3
CROWD_RATIO_MAX = 1.5
BATCH_TIMEOUT_S = 60
PROMPT = "Say something."


@dataclass(slots=True)
class Heard:
    """One answer as it arrived; times in nanoseconds of the machine's monotonic clock."""

    asked: int = field(default_factory=time.monotonic_ns)
    first: int = 0
    ages: list[int] = field(default_factory=list)
    ended: int = 0

    def hear(self, text: str, now: int) -> None:
        """Take a piece of the answer: each word is the time at which the server sent it."""
        self.first = self.first or now
        self.ages += [now - int(word) for word in text.split()]

    @property
    def first_ms(self) -> float:
        return (self.first - self.asked) / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    at_once: int
    rounds: int
    tokens: int


@dataclass(slots=True)
class Side:
    """Everything that was heard one way: without a node, or through one."""

    first_ms: list[float] = field(default_factory=list)
    age_ms: list[float] = field(default_factory=list)
    batch_ms: list[float] = field(default_factory=list)
    """From the first ask of a round to the end of its last answer."""

    def add(self, batch: Sequence[Heard]) -> None:
        self.first_ms += [heard.first_ms for heard in batch]
        self.age_ms += [age / 1e6 for heard in batch for age in heard.ages]
        self.batch_ms.append((max(h.ended for h in batch) - min(h.asked for h in batch)) / 1e6)


def measure(*, quick: bool) -> Iterator[Figure]:
    alone = Load(at_once=1, rounds=3 if quick else 40, tokens=5 if quick else 40)
    crowd = Load(at_once=3 if quick else 50, rounds=1 if quick else 6, tokens=5 if quick else 100)
    bare, node = sides(alone)
    yield from first_token("1 turn", bare, node, (Target(Bound.ADDED, ADDED_MAX_MS), None))
    yield from token_age("1 turn", bare, node)
    bare, node = sides(crowd)
    name, ratio = f"{crowd.at_once} turns", Target(Bound.RATIO, CROWD_RATIO_MAX)
    yield from first_token(name, bare, node, (ratio, ratio))
    yield from token_age(name, bare, node)
    yield at_percentile(
        f"{name}: until all are done",
        50,
        values=node.batch_ms,
        floors=bare.batch_ms,
        target=ratio,
        note=throughput(crowd, node),
    )


def first_token(
    name: str, bare: Side, node: Side, targets: tuple[Target | None, Target | None]
) -> Iterator[Figure]:
    for word, percent, target in zip(("median", "p99"), (50, 99), targets, strict=True):
        yield at_percentile(
            f"{name}: first token, {word}",
            percent,
            values=node.first_ms,
            floors=bare.first_ms,
            target=target,
        )


def token_age(name: str, bare: Side, node: Side) -> Iterator[Figure]:
    for word, percent in (("median", 50), ("p99", 99)):
        yield at_percentile(
            f"{name}: age of a token, {word}", percent, values=node.age_ms, floors=bare.age_ms
        )


def throughput(load: Load, node: Side) -> str:
    per_s = load.at_once * load.tokens / percentile(node.batch_ms, 50) * 1000
    return f"{per_s:.0f} tokens/s through the node"


def sides(load: Load) -> tuple[Side, Side]:
    """Read the same load without and with a node, in turns."""
    with (
        running_script("bench_model_server.py", str(load.tokens)) as server,
        tempfile.TemporaryDirectory(prefix="palaver-bench-") as folder,
        running_node(Path(folder), "--model", MODEL, ollama_url=server) as node,
    ):
        return asyncio.run(alternate(load, server, node.url, read_token(Path(folder))))


async def alternate(load: Load, server: str, url: str, token: str) -> tuple[Side, Side]:
    bare, through_node = Side(), Side()
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as http, http.ws_connect(url + "/ws", headers=headers) as socket:
        await asyncio.wait_for(socket.receive(), BATCH_TIMEOUT_S)  # the greeting
        for number in range(load.rounds + 1):
            async with asyncio.timeout(BATCH_TIMEOUT_S):
                batches = await read_bare(http, server, load), await read_node(socket, load)
            if number:  # the first round warms both
                bare.add(batches[0])
                through_node.add(batches[1])
    return bare, through_node


async def read_bare(http: aiohttp.ClientSession, server: str, load: Load) -> list[Heard]:
    async with asyncio.TaskGroup() as group:
        reading = [group.create_task(read_answer(http, server)) for _ in range(load.at_once)]
    return [task.result() for task in reading]


async def read_answer(http: aiohttp.ClientSession, server: str) -> Heard:
    heard = Heard()
    body = {"model": MODEL, "messages": [{"role": "user", "content": PROMPT}], "stream": True}
    async with http.post(server + "/api/chat", json=body) as response:
        async for line, now in lines(response.content):
            heard.hear(json.loads(line)["message"]["content"], now)
    heard.ended = time.monotonic_ns()
    return heard


async def lines(content: aiohttp.StreamReader) -> AsyncIterator[tuple[bytes, int]]:
    held = b""
    async for data in content.iter_any():
        now = time.monotonic_ns()
        *whole, held = (held + data).split(b"\n")
        for line in whole:
            yield line, now


async def read_node(socket: aiohttp.ClientWebSocketResponse, load: Load) -> list[Heard]:
    """Ask once in each of several new sessions, all over one socket, and read until all are done."""
    turns: dict[str, Heard] = {}
    for _ in range(load.at_once):
        turn_id = uuid4().hex
        turns[turn_id] = Heard()
        ask = {"turnId": turn_id, "prompt": PROMPT}
        await socket.send_str(json.dumps({"channel": "agent", "event": "ask", "data": ask}))
    running = set(turns)
    while running:
        text, now = await socket.receive_str(), time.monotonic_ns()
        frame = json.loads(text)
        turn_id = frame["data"].get("turnId", "")
        match frame["event"]:
            case "token":
                turns[turn_id].hear(frame["data"]["delta"], now)
            case "done":
                turns[turn_id].ended = now
                running.remove(turn_id)
            case "error":
                raise RuntimeError(text)
    return list(turns.values())
