"""How long a question to a peer takes: over an open link, to a node whose answer needs no model."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench_figure import Bound, Figure, Target, at_percentile
from bench_processes import running_node, running_script
from websockets.asyncio.client import connect

from node.client import NodeClient
from peer.answering import InboundAsk
from peer.hub import PeerHub, Policy, Profile
from peer.identity import Identity
from peer.tls import client_context
from peer.trust import MemoryTrust
from peer.websocket import WsTransport

ASK_MAX_MS = 1.5
PROMPT = "hello"
FRAME = "x" * 300
"""As long as the frame of such a question."""
ASKS_EACH = 30
"""A node takes this many questions of one peer in a minute: after them, another peer goes on."""
STEP_TIMEOUT_S = 30


def measure(*, quick: bool) -> Iterator[Figure]:
    peers, asks = (1, 3) if quick else (10, ASKS_EACH)
    with (
        running_script("bench_echo_server.py") as echo,
        tempfile.TemporaryDirectory(prefix="palaver-bench-") as folder,
        running_node(Path(folder), "--model", "rules") as node,
    ):
        floors, times = asyncio.run(alternate(echo, node.data, peers, asks))
    note = f"{len(times)} asks; floor: a websocket echo over the same TLS"
    target = Target(Bound.VALUE, ASK_MAX_MS)
    yield at_percentile("peer ask, median", 50, values=times, floors=floors, target=target, note=note)
    yield at_percentile("peer ask, p99", 99, values=times, floors=floors)


async def alternate(echo: str, data: Path, peers: int, asks: int) -> tuple[list[float], list[float]]:
    """Time echoes and asks in turns, the asks from several peers one after the other."""
    floors: list[float] = []
    times: list[float] = []
    async with NodeClient.at(data) as owner, connect(echo, ssl=client_context(), compression=None) as socket:
        await owner.set_setting("network.listen", "loopback")
        await owner.set_setting("network.allowRemoteAgent", True)
        for _ in range(peers):
            async with asyncio.timeout(STEP_TIMEOUT_S), linked_hub((await owner.invite())["ticket"]) as hub:
                (peer,) = hub.peers()
                for _ in range(asks):
                    began = time.perf_counter()
                    await socket.send(FRAME)
                    await socket.recv()
                    echoed = time.perf_counter()
                    await hub.ask(peer.record.node_id, PROMPT)
                    floors.append((echoed - began) * 1000)
                    times.append((time.perf_counter() - echoed) * 1000)
    return floors, times


@asynccontextmanager
async def linked_hub(ticket: str) -> AsyncIterator[PeerHub]:
    """Run the asking side of a node, paired with the one that made the ticket."""
    identity = Identity.generate()
    hub = PeerHub(
        identity=identity,
        transport=WsTransport(identity),
        trust=MemoryTrust(),
        profile=lambda: Profile(name="bench"),
        policy=lambda _: Policy(allowed=False),
        answer=no_answer,
    )
    try:
        await hub.start()
        await hub.join(ticket)
        yield hub
    finally:
        await hub.close()


async def no_answer(_: InboundAsk) -> str:
    raise AssertionError("a node asked what it was never allowed to ask")
