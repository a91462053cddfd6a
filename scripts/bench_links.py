"""What links cost and carry: set-up, asks, streams, and a thousand of them on one node."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
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
ASKS_PER_S = 1_500
LINK_MAX_KB = 150
AT_ONCE = 64
"""Asks under way."""
ASKS_EACH = 10
PIECES = 500
FRAME = "x" * 300
STEP_TIMEOUT_S = 120
SETTLED_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    pid: int
    address: str
    id: NodeId


def measure(*, quick: bool) -> Iterator[Figure]:
    with running_script("bench_echo_server.py") as echo:
        yield from asyncio.run(set_up(echo, 3 if quick else 100))
        rounds, some, all_ = (1, 2, 5) if quick else (7, 20, 1_000)
        yield asyncio.run(asks("1 link: asks", echo, 1, rounds))
        yield asyncio.run(asks(f"{some} links: asks", echo, some, rounds))
        yield asyncio.run(stream("1 hop: stream", echo, 1, rounds))
        yield asyncio.run(stream("3 hops: stream", echo, 3, rounds))
        yield from asyncio.run(many(all_))


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


async def asks(name: str, echo: str, links: int, rounds: int) -> Figure:
    """Ask without pause over so many links, `AT_ONCE` questions under way; rounds of echoes in between."""
    rates, floors, used_s = [], [], 0.0
    with running_hub(HELD, links) as held:
        async with AsyncExitStack() as stack:
            hubs = [await stack.enter_async_context(linked(which, held)) for which in range(links)]

            async def ask(worker: int) -> None:
                for _ in range(ASKS_EACH):
                    await hubs[worker % links].ask(held.id, "?")

            await together(ask, links)
            for _ in range(rounds):
                before_s = time.process_time()
                rates.append(AT_ONCE * ASKS_EACH / await together(ask, AT_ONCE))
                used_s += time.process_time() - before_s
                floors.append(await echoes(echo, AT_ONCE * ASKS_EACH))
    each_us = used_s / (rounds * AT_ONCE * ASKS_EACH) * 1_000_000
    note = (
        f"best of {rounds} rounds, {AT_ONCE} under way; {each_us:.0f} us of processor time each for the asker"
    )
    target = Target(Bound.LEAST, ASKS_PER_S) if links == 1 else None
    return Figure(name=name, value=max(rates), unit="/s", floor=max(floors), target=target, note=note)


async def together(work: Callable[[int], Coroutine[Any, Any, None]], workers: int) -> float:
    """Return how many seconds these take side by side."""
    began = time.perf_counter()
    async with asyncio.timeout(STEP_TIMEOUT_S), asyncio.TaskGroup() as tasks:
        for worker in range(workers):
            tasks.create_task(work(worker))
    return time.perf_counter() - began


async def echoes(echo: str, number: int) -> float:
    """Return how many echoes a second one websocket carries, `AT_ONCE` under way."""
    async with connect(echo, ssl=client_context(), compression=None) as socket:
        began = time.perf_counter()
        for _ in range(AT_ONCE):
            await socket.send(FRAME)
        for _ in range(number - AT_ONCE):
            await socket.recv()
            await socket.send(FRAME)
        # All of them: websockets reads no further than its queue of unread messages, so that the answer to the
        # close frame behind them would not be seen, and closing waits ten seconds for it.
        for _ in range(AT_ONCE):
            await socket.recv()
        return number / (time.perf_counter() - began)


async def stream(name: str, echo: str, hops: int, rounds: int) -> Figure:
    """Count the pieces a second of answers that come over so many links; rounds of echoes in between."""
    rates, floors = [], []
    with ExitStack() as stack:
        nearest = stack.enter_context(running_hub(1, FRIENDS))
        for which in range(2, hops + 1):
            nearest = stack.enter_context(running_hub(which, FRIENDS, str(which - 1), nearest.address))
        async with linked(0, nearest) as hub:
            for _ in range(rounds):
                rates.append(await streamed(hub, nearest.id))
                floors.append(await echoes(echo, PIECES))
    note = f"best of {rounds} rounds of {PIECES} pieces of 20 characters"
    return Figure(name=name, value=max(rates), unit="/s", floor=max(floors), note=note)


async def streamed(hub: PeerHub, peer: NodeId) -> float:
    heard = 0

    async def on_event(_: str, __: str) -> None:
        nonlocal heard
        heard += 1

    began = time.perf_counter()
    await hub.ask(peer, str(PIECES), on_event=on_event)
    took_s = time.perf_counter() - began
    assert heard == PIECES, "every piece arrives"
    return PIECES / took_s


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
