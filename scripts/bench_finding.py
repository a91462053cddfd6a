"""How long nodes on one network take until each has found all others, each in a process of its own."""

import asyncio
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench_figure import Bound, Figure, Target

from peer.announcement import Presence
from peer.discovery import Discovery
from peer.identity import Identity, NodeId

LOOPBACK = "127.0.0.1"
FOUND_TIMEOUT_S = 20
ALL_FOUND_MAX_MS = 1_000


class Counted:
    """A `discovery.Finds` that waits for a number of nodes."""

    def __init__(self, others: int) -> None:
        self.all_found = asyncio.Event()
        self._others = others
        self._found: set[NodeId] = set()

    def found(self, node_id: NodeId, addresses: tuple[str, ...]) -> None:
        self._found.add(node_id)
        if len(self._found) >= self._others:
            self.all_found.set()

    def gone(self, node_id: NodeId) -> None:
        self._found.discard(node_id)

    def none_found(self) -> None:
        self._found.clear()


def measure(*, quick: bool) -> Iterator[Figure]:
    nodes = 3 if quick else 12
    yield Figure(
        name=f"{nodes} nodes: until all have found all",
        value=all_found_ms(nodes),
        unit="ms",
        floor=all_found_ms(2),
        target=Target(Bound.VALUE, ALL_FOUND_MAX_MS),
        note="on loopback, all started at once; floor: two nodes",
    )


def all_found_ms(nodes: int) -> float:
    """Start so many processes that wait for a word, give it, and return how long the slowest took."""
    # A service name of its own: nodes of this network do not count.
    command = (sys.executable, __file__, f"_b{secrets.token_hex(4)}._tcp.local.", str(nodes - 1))
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=Path(__file__).parent.parent,
                )
            )
            for _ in range(nodes)
        ]
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for process in running if process.stdout]
        for process in running:
            process.communicate("done\n", timeout=FOUND_TIMEOUT_S)
    spent_s: float = max(at for _, at in answers) - min(began for began, _ in answers)
    return spent_s * 1000


async def find(service: str, others: int) -> None:
    finds = Counted(others)
    discovery = Discovery(Identity.generate().node_id, finds, service=service)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    began = time.monotonic()
    presence = Presence(interfaces=(LOOPBACK,), addresses=(LOOPBACK,), port=8766)
    # It returns when the last announcement is out, long after the first was heard.
    showing = asyncio.create_task(discovery.show(presence))
    async with asyncio.timeout(FOUND_TIMEOUT_S):
        await finds.all_found.wait()
    print(json.dumps([began, time.monotonic()]), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await showing
    await discovery.close()


if __name__ == "__main__":
    asyncio.run(find(sys.argv[1], int(sys.argv[2])))
