"""Real nodes on machines of their own: they find each other, pair, ask over two hops, and survive cable and crash."""

import asyncio
import json
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from node.client import NodeClient
from node.replies import PeerAnswer
from peer.connection import DEAD_AFTER_S
from peer.pairing import Ticket
from tests.fakes.ollama_server import TINY, FakeOllama, answer
from tests.flows.machines import Machine, bound, obstacle, on_a_tunnel, on_one_cable, own_socket, relay
from tests.flows.test_two_nodes import endless
from tests.mission import requirement
from tests.node.nodes import NOWHERE
from tests.node.program import palaver, started

PATIENCE_S = 40.0
"""For one step of a walk; several nodes start at once on a busy machine."""
PEER_PORT = 8766
OWN_LOOPBACK = "127.0.0.1"
FRIENDLY = {"network.allowRemoteAgent": True, "network.remoteAgentMode": "autonomous"}
DELAY_S = 0.025
"""One way."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def _machines_can_be_made() -> None:
    if reason := obstacle():
        pytest.skip(reason)


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    machine: Machine
    process: Process
    client: NodeClient
    node_id: str

    async def is_reachable(self) -> None:
        """Wait until its door for peers is open to the network."""
        async with asyncio.timeout(PATIENCE_S):
            while not (await self.client.identity())["peerAddress"].startswith(self.machine.address):
                pass

    async def sees(self, other: "Node", state: str, *, connected: bool | None = None) -> None:
        """Wait until the other one is listed like this."""
        async with asyncio.timeout(PATIENCE_S):
            while not any(
                peer["nodeId"] == other.node_id
                and peer["state"] == state
                and connected in {None, peer["connected"]}
                for peer in await self.client.peers()
            ):
                pass


@asynccontextmanager
async def node(
    root: Path, name: str, machine: Machine, *, model: FakeOllama | None = None
) -> AsyncIterator[Node]:
    """Run a node on a machine, with a model there or none. Its owner sits outside."""
    data = root / name
    async with AsyncExitStack() as stack:
        door = bound(own_socket(), OWN_LOOPBACK)
        port = door.getsockname()[1]
        await stack.enter_async_context(relay(door, machine.socket, (OWN_LOOPBACK, port)))
        server, choice = NOWHERE, "rules"
        if model is not None:
            server = model.address
            choice = TINY
        up = (
            "up",
            "--json",
            "--port",
            str(port),
            "--peer-port",
            str(PEER_PORT),
            "--name",
            name,
            "--model",
            choice,
        )
        process = await stack.enter_async_context(
            started(*up, data=data, more={"PALAVER_OLLAMA_URL": server}, before=machine.command)
        )
        assert process.stdout
        async with asyncio.timeout(PATIENCE_S):
            line = await process.stdout.readline()
            assert line, await _last_words(process)
        ready = json.loads(line)
        client = await stack.enter_async_context(NodeClient.at(data))
        for key, value in FRIENDLY.items():
            await client.set_setting(key, value)
        yield Node(name, machine, process, client, ready["nodeId"])


def model_on(machine: Machine) -> FakeOllama:
    return FakeOllama(listening=bound(machine.socket(), OWN_LOOPBACK))


async def pair(inviter: Node, joiner: Node) -> None:
    await joiner.client.join((await inviter.client.invite())["ticket"])
    await inviter.sees(joiner, "trusted", connected=True)
    await joiner.sees(inviter, "trusted", connected=True)


async def compare(asked: Node, asking: Node, *, address: str | None = None) -> None:
    """Pair by code: both owners look, and see the same."""
    await asked.client.let_pair(allowed=True)
    here = await asking.client.compare(peer=asked.node_id, address=address)
    async with asyncio.timeout(PATIENCE_S):
        while (there := (await asked.client.pairing())["comparison"]) is None:
            pass
    assert here["code"] == there["code"]
    for owner in (asked, asking):
        await owner.client.agree(here["code"])
    await asked.sees(asking, "trusted", connected=True)
    await asking.sees(asked, "trusted", connected=True)


async def under_way(asking: asyncio.Task[PeerAnswer], begun: asyncio.Event) -> None:
    """Wait until the last model on the way has begun to answer."""
    waiting = asyncio.create_task(begun.wait())
    await asyncio.wait((asking, waiting), timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    assert begun.is_set(), asking.result() if asking.done() else "nothing happens"


@pytest.fixture
def three() -> Iterator[list[Machine]]:
    with on_one_cable(3) as machines:
        yield machines


@requirement("F2", "U2", "U3")
async def test_three_machines_find_each_other_pair_by_code_and_ask_over_two_hops(
    tmp_path: Path, three: list[Machine], record_property: Callable[[str, object], None]
) -> None:
    names = ("alice", "bob", "carol")
    async with AsyncExitStack() as stack:
        alice, bob, carol = [
            await stack.enter_async_context(node(tmp_path, name, machine))
            for name, machine in zip(names, three, strict=True)
        ]
        for one in (alice, bob, carol):
            await one.client.set_setting("network.enableLanDiscovery", True)
        began = time.monotonic()
        async with asyncio.timeout(PATIENCE_S):
            for one in (alice, bob, carol):
                for other in (alice, bob, carol):
                    if one is not other:
                        await one.sees(other, "seen", connected=False)
        found_ms = (time.monotonic() - began) * 1000
        record_property("found_ms", found_ms)
        sys.stderr.write(f"all three found each other within {found_ms:.0f} ms\n")
        await compare(bob, alice)
        await compare(carol, bob)
        told = await alice.client.ask_peer("bob", "ask carol what time it is")
        assert told["ok"], told
        assert "It is" in told["answer"]
        assert not any(
            peer["nodeId"] == carol.node_id and peer["connected"] for peer in await alice.client.peers()
        )


@requirement("F26")
async def test_a_cut_cable_ends_the_ask_in_time_and_a_mended_one_brings_the_link_back(
    tmp_path: Path, three: list[Machine]
) -> None:
    async with model_on(three[2]) as ollama, AsyncExitStack() as stack:
        alice = await stack.enter_async_context(node(tmp_path, "alice", three[0]))
        bob = await stack.enter_async_context(node(tmp_path, "bob", three[1]))
        carol = await stack.enter_async_context(node(tmp_path, "carol", three[2], model=ollama))
        await pair(bob, alice)
        await pair(carol, bob)
        begun, never = asyncio.Event(), asyncio.Event()
        ollama.chat(endless(begun, never), answer("Here I am."))
        asking = asyncio.create_task(alice.client.ask_peer("bob", "ask carol to think"))
        await under_way(asking, begun)
        three[2].cut()
        # Silence is all that a cut cable tells; the rest is for slow machines.
        async with asyncio.timeout(DEAD_AFTER_S + 5):
            told = await asking
        assert "lost" in str(told)
        await bob.sees(carol, "trusted", connected=False)
        three[2].mend()
        await bob.sees(carol, "trusted", connected=True)
        assert (await bob.client.ask_peer("carol", "are you there?"))["answer"] == "Here I am."


@requirement("F26")
async def test_a_crash_ends_the_ask_at_once_and_a_restart_brings_the_link_back(
    tmp_path: Path, three: list[Machine]
) -> None:
    async with model_on(three[2]) as ollama, AsyncExitStack() as stack:
        alice = await stack.enter_async_context(node(tmp_path, "alice", three[0]))
        bob = await stack.enter_async_context(node(tmp_path, "bob", three[1]))
        await pair(bob, alice)
        begun, never = asyncio.Event(), asyncio.Event()
        ollama.chat(endless(begun, never), answer("Here I am."))
        async with node(tmp_path, "carol", three[2], model=ollama) as carol:
            await pair(carol, bob)
            asking = asyncio.create_task(alice.client.ask_peer("bob", "ask carol to think"))
            await under_way(asking, begun)
            carol.process.kill()
            async with asyncio.timeout(2):
                told = await asking
            assert "lost" in str(told)
            await bob.sees(carol, "trusted", connected=False)
        async with node(tmp_path, "carol", three[2], model=ollama) as carol:
            await bob.sees(carol, "trusted", connected=True)
            assert (await bob.client.ask_peer("carol", "are you there?"))["answer"] == "Here I am."


@requirement("F3", "F25", "F26", "U2")
async def test_machines_a_long_way_apart_pair_by_code_ask_over_two_hops_and_outlive_a_cut_cable(
    tmp_path: Path, three: list[Machine]
) -> None:
    async with AsyncExitStack() as stack:
        alice, bob, carol = [
            await stack.enter_async_context(node(tmp_path, name, machine))
            for name, machine in zip(("alice", "bob", "carol"), three, strict=True)
        ]
        for asking, asked in ((alice, bob), (bob, carol)):
            await asked.client.set_setting("network.listen", "lan")
            await asked.is_reachable()
            address = await stack.enter_async_context(far_away(asked.machine))
            await asking.client.connect(address)
            await compare(asked, asking, address=address)
        told = await alice.client.ask_peer("bob", "ask carol what time it is")
        assert "It is" in told["answer"], told
        async with asyncio.timeout(PATIENCE_S):
            while (rtt_ms := (await alice.client.peers())[0]["rttMs"]) is None:
                pass
        assert rtt_ms >= DELAY_S * 2 * 1000
        three[0].cut()
        await alice.sees(bob, "trusted", connected=False)
        await bob.sees(alice, "trusted", connected=False)
        three[0].mend()
        await alice.sees(bob, "trusted", connected=True)
        assert "It is" in (await alice.client.ask_peer("bob", "ask carol what time it is"))["answer"]


@asynccontextmanager
async def far_away(machine: Machine) -> AsyncIterator[str]:
    """Give an address at which the node of this machine is reached, each byte late."""
    far = bound(machine.socket(), machine.address)
    async with relay(far, machine.socket, (machine.address, PEER_PORT), delay_s=DELAY_S) as port:
        yield f"{machine.address}:{port}"


@requirement("U17", "F3", "U1")
async def test_over_a_tunnel_without_multicast_an_address_or_a_ticket_is_enough(tmp_path: Path) -> None:
    carried = bytearray()
    async with on_a_tunnel(carried) as (one, other), AsyncExitStack() as stack:
        alice = await stack.enter_async_context(node(tmp_path, "alice", one))
        bob = await stack.enter_async_context(node(tmp_path, "bob", other))
        for each in (alice, bob):
            await each.client.set_setting("network.enableLanDiscovery", True)
            assert (await each.client.discovery())["interfaces"] == []
        await bob.client.set_setting("network.listen", "lan")
        await bob.is_reachable()
        met = await palaver("connect", other.address, data=tmp_path / "alice", before=one.command)
        assert met.code == 0, met.err
        await alice.sees(bob, "seen", connected=False)
        ticket = (await bob.client.invite())["ticket"]
        assert f"{other.address}:{PEER_PORT}" in Ticket.parse(ticket).addresses
        joined = await palaver("join", ticket, data=tmp_path / "alice", before=one.command)
        assert joined.code == 0, joined.err
        assert "It is" in (await alice.client.ask_peer("bob", "what time is it"))["answer"]
        assert "It is" in (await bob.client.ask_peer("alice", "what time is it"))["answer"]
        assert len(carried) > 1_000
        for word in (b"what time is it", b"It is", b"alice", b"GET /peer-ws"):
            assert word not in carried


async def _last_words(process: Process) -> bytes:
    process.kill()
    return (await process.communicate())[1]
