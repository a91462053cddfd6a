"""What links cost and carry: set-up, asks, streams, and a thousand of them on one node."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench_figure import Bound, Figure, Target, at_percentile
from bench_hub import friend, started
from bench_memory import resident_mb
from bench_processes import running, running_script
from websockets.asyncio.client import connect

from peer.hub import PeerHub
from peer.identity import NodeId
from peer.server import MAX_PENDING_PER_HOST
from peer.tls import client_context

HELD = 5_000
"""Number of the hub that others dial; these count from 0."""
FRIENDS = 5
"""The hubs of a chain all trust the first few numbers: 0 asks, 1 is at the end."""
ASK_MAX_MS = 1.5
ASKS_PER_S = 1_500
LINK_MAX_KB = 150
AT_ONCE = 64
"""Asks under way."""
ECHOES = 1_000
"""In a round of the floor: few, because a link that rests meanwhile may be read faster afterwards."""
FRAME = "x" * 300
STEP_TIMEOUT_S = 120
SETTLED_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    set_ups: int
    single_asks: int
    rounds: int
    asks_each: int
    """Of each of `AT_ONCE` workers in a round."""
    pieces: int
    """Of an answer."""
    some_links: int
    all_links: int


QUICK = Size(
    set_ups=3, single_asks=5, rounds=1, asks_each=10, pieces=500, some_links=2, all_links=5,
)  # fmt: skip
FULL = Size(
    set_ups=100, single_asks=1_000, rounds=5, asks_each=100, pieces=6_000, some_links=20, all_links=1_000,
)  # fmt: skip
"""A round has more frames than a link is read in its first second, so that the pace set for links counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    pid: int
    address: str
    id: NodeId


def measure(*, quick: bool) -> Iterator[Figure]:
    size = QUICK if quick else FULL
    with running_script("bench_echo_server.py") as echo:
        yield from asyncio.run(set_up(echo, size.set_ups))
        yield from asyncio.run(one_by_one(echo, size.single_asks))
        yield asyncio.run(asks("1 link: asks", echo, 1, size))
        yield asyncio.run(asks(f"{size.some_links} links: asks", echo, size.some_links, size))
        yield asyncio.run(stream("1 hop: stream", echo, 1, size))
        yield asyncio.run(stream("3 hops: stream", echo, 3, size))
        yield from asyncio.run(many(size.all_links))


@contextmanager
def running_hub(which: int, friends: int, *onward: str) -> Iterator[Hub]:
    script = str(Path(__file__).with_name("bench_hub.py"))
    with running((sys.executable, script, str(which), str(friends), *onward)) as ready:
        said = json.loads(ready.first_line)
        yield Hub(pid=said["pid"], address=said["address"], id=NodeId(said["id"]))


@asynccontextmanager
async def linked(which: int, to: Hub) -> AsyncIterator[PeerHub]:
    """Run a hub here that is linked to one elsewhere."""
    hub = await started(which, [friend(to.id, to.address)])
    try:
        await hub.connect(to.id)
        yield hub
    finally:
        await hub.close()


async def set_up(echo: str, links: int) -> list[Figure]:
    """Time new links, and connections to the echo server, in turns."""
    times, floors = [], []
    with running_hub(HELD, links) as held:
        for which in range(links):
            began = time.perf_counter()
            async with connect(echo, ssl=client_context(), compression=None):
                connected = time.perf_counter()
            dialled = time.perf_counter()
            async with linked(which, held):
                times.append((time.perf_counter() - dialled) * 1000)
            floors.append((connected - began) * 1000)
    note = "TCP, TLS, both proofs, first profile; floor: a websocket over the same TLS"
    return [
        at_percentile("link set-up, median", 50, values=times, floors=floors, note=note),
        at_percentile("link set-up, p99", 99, values=times, floors=floors),
    ]


async def one_by_one(echo: str, asks: int) -> list[Figure]:
    """Time asks and echoes in turns, one at a time."""
    times, floors = [], []
    with running_hub(HELD, 1) as held:
        async with linked(0, held) as hub, connect(echo, ssl=client_context(), compression=None) as socket:
            for _ in range(asks):
                began = time.perf_counter()
                await socket.send(FRAME)
                await socket.recv()
                echoed = time.perf_counter()
                await hub.ask(held.id, "?")
                times.append((time.perf_counter() - echoed) * 1000)
                floors.append((echoed - began) * 1000)
    target, note = Target(Bound.VALUE, ASK_MAX_MS), f"{asks:,} asks that are answered at once; floor: an echo"
    return [
        at_percentile("1 link: one ask, median", 50, values=times, floors=floors, target=target, note=note),
        at_percentile("1 link: one ask, p99", 99, values=times, floors=floors),
    ]


async def asks(name: str, echo: str, links: int, size: Size) -> Figure:
    """Ask without pause over so many links, `AT_ONCE` questions under way; rounds of echoes in between."""
    rates, floors, used_s, number = [], [], 0.0, AT_ONCE * size.asks_each
    with running_hub(HELD, links) as held:
        async with AsyncExitStack() as stack:
            hubs = [await stack.enter_async_context(linked(which, held)) for which in range(links)]

            async def ask(worker: int) -> None:
                for _ in range(size.asks_each):
                    await hubs[worker % links].ask(held.id, "?")

            await together(ask, links)
            for _ in range(size.rounds):
                before_s = time.process_time()
                rates.append(number / await together(ask, AT_ONCE))
                used_s += time.process_time() - before_s
                floors.append(await echoes(echo))
    each_us = used_s / (size.rounds * number) * 1_000_000
    note = (
        f"median of {size.rounds} rounds of {number:,}, {AT_ONCE} under way; "
        f"{each_us:.0f} us of processor time each for the asker"
    )
    target = Target(Bound.LEAST, ASKS_PER_S) if links == 1 else None
    return Figure(name=name, value=median(rates), unit="/s", floor=median(floors), target=target, note=note)


async def together(work: Callable[[int], Coroutine[Any, Any, None]], workers: int) -> float:
    """Return how many seconds these take side by side."""
    began = time.perf_counter()
    async with asyncio.timeout(STEP_TIMEOUT_S), asyncio.TaskGroup() as tasks:
        for worker in range(workers):
            tasks.create_task(work(worker))
    return time.perf_counter() - began


async def echoes(echo: str) -> float:
    """Return how many echoes a second one websocket carries, `AT_ONCE` under way."""
    async with connect(echo, ssl=client_context(), compression=None) as socket:
        began = time.perf_counter()
        for _ in range(AT_ONCE):
            await socket.send(FRAME)
        for _ in range(ECHOES - AT_ONCE):
            await socket.recv()
            await socket.send(FRAME)
        # All of them: with its queue of messages full, websockets reads no further. It would not see the
        # answer to its close frame behind them, and wait ten seconds for it.
        for _ in range(AT_ONCE):
            await socket.recv()
        return ECHOES / (time.perf_counter() - began)


async def stream(name: str, echo: str, hops: int, size: Size) -> Figure:
    """Count the pieces a second of answers that come over so many links; rounds of echoes in between."""
    rates, floors = [], []
    with ExitStack() as stack:
        nearest = stack.enter_context(running_hub(1, FRIENDS))
        for which in range(2, hops + 1):
            nearest = stack.enter_context(running_hub(which, FRIENDS, str(which - 1), nearest.address))
        async with linked(0, nearest) as hub:
            for _ in range(size.rounds):
                rates.append(await streamed(hub, nearest.id, size.pieces))
                floors.append(await echoes(echo))
    note = f"median of {size.rounds} rounds of {size.pieces:,} pieces of 20 characters"
    return Figure(name=name, value=median(rates), unit="/s", floor=median(floors), note=note)


async def streamed(hub: PeerHub, peer: NodeId, pieces: int) -> float:
    heard = 0

    async def on_event(_: str, __: str) -> None:
        nonlocal heard
        heard += 1

    began = time.perf_counter()
    await hub.ask(peer, str(pieces), on_event=on_event)
    took_s = time.perf_counter() - began
    assert heard == pieces, "every piece arrives"
    return pieces / took_s


async def many(links: int) -> list[Figure]:
    """Hold so many links on one hub, and see how long they take and what they cost it."""
    loop, may_dial = asyncio.get_running_loop(), asyncio.Semaphore(MAX_PENDING_PER_HOST)
    with running_hub(HELD, links) as held:
        await asyncio.sleep(SETTLED_S)
        before_mb, began = resident_mb(held.pid), loop.time()
        async with AsyncExitStack() as stack:

            async def dial(which: int) -> None:
                # No more at once than one host may have unproved.
                async with may_dial:
                    await stack.enter_async_context(linked(which, held))

            await together(dial, links)
            took_s = loop.time() - began
            await asyncio.sleep(SETTLED_S)
            each_kb = (resident_mb(held.pid) - before_mb) * 1024 / links
    floor_s, floor_kb = await bare(links)
    return [
        Figure(
            name=f"{links:,} links: set-up of all",
            value=took_s,
            unit="s",
            floor=floor_s,
            note="both sides share the machine; floor: as many websockets to the echo server",
        ),
        Figure(
            name=f"{links:,} links: memory per link",
            value=each_kb,
            unit="KB",
            floor=floor_kb,
            target=Target(Bound.VALUE, LINK_MAX_KB),
            note="resident growth of the node that holds them",
        ),
    ]


async def bare(sockets: int) -> tuple[float, float]:
    """Return how many seconds as many bare websockets take, and how many KB each costs the echo server."""
    script = str(Path(__file__).with_name("bench_echo_server.py"))
    may_dial = asyncio.Semaphore(MAX_PENDING_PER_HOST)
    with running((sys.executable, script)) as echo:
        await asyncio.sleep(SETTLED_S)
        before_mb = resident_mb(echo.pid)
        async with AsyncExitStack() as stack:

            async def dial(_: int) -> None:
                async with may_dial:
                    made = connect(echo.first_line.strip(), ssl=client_context(), compression=None)
                    await stack.enter_async_context(made)

            took_s = await together(dial, sockets)
            await asyncio.sleep(SETTLED_S)
            return took_s, (resident_mb(echo.pid) - before_mb) * 1024 / sockets
