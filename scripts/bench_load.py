"""A long load: sessions that stream at once, turn after turn, and what the node's memory does meanwhile."""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import aiohttp
from bench_figure import Bound, Figure, Target, at_percentile
from bench_memory import resident_mb
from bench_model_server import GAP_S, MODEL
from bench_processes import Node, running_node, running_script
from bench_tokens import PROMPT, Heard, read_answer

from node.datadir import read_token

SLOWER_MAX = 1 / 0.9
"""At least 90 % of the bare client's throughput."""
FIRST_TOKEN_RATIO_MAX = 2.5
"""The node adds at most 1.5 times what the bare client waits."""
GROWTH_MAX = 1.1
TURNS_IN_A_ROW = 1_000
WARM_TURNS = 300
"""Until the caches and the ring of recorded calls are full."""
LOAD_TIMEOUT_S = 300
SAMPLE_EVERY_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    sessions: int
    turns: int
    """In each session, one after the other."""
    tokens: int


@dataclass(frozen=True, slots=True)
class Side:
    """All answers that were heard one way: without a node, or through one."""

    heard: list[Heard]

    @property
    def first_ms(self) -> list[float]:
        return [heard.first_ms for heard in self.heard]

    @property
    def token_us(self) -> float:
        """The time that a token took of the whole load."""
        began, ended = min(heard.asked for heard in self.heard), max(heard.ended for heard in self.heard)
        return (ended - began) / 1e3 / sum(len(heard.ages) for heard in self.heard)


Ask: TypeAlias = Callable[[str], Awaitable[Heard]]
"""Plays one turn of the session that is named."""


def measure(*, quick: bool) -> Iterator[Figure]:
    yield from crowd(Load(sessions=3, turns=2, tokens=5) if quick else Load(sessions=50, turns=4, tokens=200))
    if os.name == "nt":
        print("memory under load: not measured on Windows, which has no `ps`")
        return
    warm, turns = (2, 5) if quick else (WARM_TURNS, TURNS_IN_A_ROW)
    yield row(warm, turns)


def crowd(load: Load) -> Iterator[Figure]:
    """Measure sessions that begin one after the other and then all stream at the same time."""
    with serving(load.tokens) as (server, node):
        bare, through_node, sizes = asyncio.run(both(load, server, node))
    name = f"{load.sessions} sessions"
    yield Figure(
        name=f"{name}: time per token",
        value=through_node.token_us,
        unit="us",
        floor=bare.token_us,
        target=Target(Bound.RATIO, SLOWER_MAX),
        note=f"{1e6 / through_node.token_us:.0f} tokens/s through the node",
    )
    for word, percent in (("median", 50), ("p99", 99)):
        yield at_percentile(
            f"{name}: first token, {word}",
            percent,
            values=through_node.first_ms,
            floors=bare.first_ms,
            target=Target(Bound.RATIO, FIRST_TOKEN_RATIO_MAX) if percent == 99 else None,
        )
    if sizes:
        half = len(sizes) // 2
        yield grown(f"{name}: memory, second half of the load", max(sizes[half:]), max(sizes[: half + 1]))


def row(warm: int, turns: int) -> Figure:
    """Measure what a thousand turns leave behind, ten in each session."""

    async def play() -> tuple[float, float]:
        async with asyncio.timeout(LOAD_TIMEOUT_S), asking(node) as ask:
            for number in range(warm):
                await ask(f"warm{number // 10}")
            before = resident_mb(node.pid)
            for number in range(turns):
                await ask(f"s{number // 10}")
            return before, resident_mb(node.pid)

    with serving(tokens=3) as (_, node):
        before, after = asyncio.run(play())
    return grown(f"memory after {turns} turns in a row", after, before)


def grown(name: str, value: float, before: float) -> Figure:
    target, note = Target(Bound.RATIO, GROWTH_MAX), "resident; floor: the same process before"
    return Figure(name=name, value=value, unit="MB", floor=before, target=target, note=note)


async def both(load: Load, server: str, node: Node) -> tuple[Side, Side, list[float]]:
    """Play the same load without and with the node; also return the node's sizes under it."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(asyncio.timeout(LOAD_TIMEOUT_S))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        asks = [await stack.enter_async_context(asking(node)) for _ in range(load.sessions)]
        bare = await played(load, [lambda _: read_answer(http, server)] * load.sessions)
        sizes: list[float] = []
        sampling = asyncio.create_task(sample(node, sizes))
        through_node = await played(load, asks)
        sampling.cancel()
    return bare, through_node, sizes


async def played(load: Load, asks: Sequence[Ask]) -> Side:
    """Play every session's turns; the sessions begin evenly spread over the time of one answer."""

    async def session(number: int, ask: Ask) -> list[Heard]:
        await asyncio.sleep(load.tokens * GAP_S * number / load.sessions)
        return [await ask(f"s{number}") for _ in range(load.turns)]

    async with asyncio.TaskGroup() as group:
        sessions = [group.create_task(session(number, ask)) for number, ask in enumerate(asks)]
    return Side([heard for task in sessions for heard in task.result()])


@asynccontextmanager
async def asking(node: Node) -> AsyncIterator[Ask]:
    """Open a socket of its own for one session's turns."""
    headers = {"Authorization": f"Bearer {read_token(node.data)}"}
    async with aiohttp.ClientSession() as http, http.ws_connect(node.url + "/ws", headers=headers) as socket:
        await asyncio.wait_for(socket.receive(), LOAD_TIMEOUT_S)  # the greeting

        async def ask(session: str) -> Heard:
            heard, turn_id = Heard(), uuid4().hex
            data = {"turnId": turn_id, "sessionId": session, "prompt": PROMPT}
            await socket.send_str(json.dumps({"channel": "agent", "event": "ask", "data": data}))
            while True:
                text, now = await socket.receive_str(), time.monotonic_ns()
                frame = json.loads(text)
                match frame["event"]:
                    case "token":
                        heard.hear(frame["data"]["delta"], now)
                    case "done":
                        heard.ended = now
                        return heard
                    case "error":
                        raise RuntimeError(text)

        yield ask


@contextmanager
def serving(tokens: int) -> Iterator[tuple[str, Node]]:
    with (
        running_script("bench_model_server.py", str(tokens)) as server,
        tempfile.TemporaryDirectory(prefix="palaver-bench-") as folder,
        running_node(Path(folder), "--model", MODEL, ollama_url=server) as node,
    ):
        yield server, node


async def sample(node: Node, sizes: list[float]) -> None:
    while os.name != "nt":
        sizes.append(await asyncio.to_thread(resident_mb, node.pid))
        await asyncio.sleep(SAMPLE_EVERY_S)
