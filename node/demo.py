"""`palaver demo`: two nodes on this machine pair, ask each other, and refuse what a peer must not do."""

import argparse
import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from node.client import NodeClient
from node.commands.output import say, say_json
from node.console.render import one_line
from node.replies import NodeError, PeerAnswer

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
LINK_TIMEOUT_S = 5.0
LOOK_AGAIN_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoNode:
    """One of the two owners: a real process with its own data folder, and a client of it."""

    name: str
    node_id: str
    client: NodeClient


class Telling:
    """The transcript, as text while it happens or as JSON at the end."""

    def __init__(self, *, quiet: bool) -> None:
        self.steps: list[dict[str, object]] = []
        self._quiet = quiet

    def line(self, text: str) -> None:
        if not self._quiet:
            say(text)


async def demo(arguments: argparse.Namespace) -> int:
    """Run the demo; a step that does not do what it should is a `NodeError` with a plain sentence."""
    began = time.monotonic()
    tell = Telling(quiet=arguments.json)
    with TemporaryDirectory(prefix="palaver-demo-", ignore_cleanup_errors=True) as folder:
        homes = Path(folder, "alice"), Path(folder, "bob")
        async with (
            spawned(homes[0], "alice") as first,
            spawned(homes[1], "bob") as second,
            at(homes[0], "alice", first) as alice,
            at(homes[1], "bob", second) as bob,
        ):
            await perform(tell, alice, bob)
    tell.line(f"\nDone in {time.monotonic() - began:.1f} s; both nodes and their folders are gone.")
    if arguments.json:
        say_json({"ok": True, "steps": tell.steps})
    return 0


async def perform(tell: Telling, alice: DemoNode, bob: DemoNode) -> None:
    """The walk, in the order that two owners would take it."""
    tell.line("Two nodes run on this machine, each with its own key and no model:")
    tell.line(f"  alice  {alice.node_id}\n  bob    {bob.node_id}")
    await pair(tell, alice, bob)

    tell.line("\nEach owner lets paired peers ask. The asked agent may only read.")
    for node in (alice, bob):
        await node.client.set_setting("network.allowRemoteAgent", value=True)
    await asks(tell, alice, bob, "what time is it")
    await asks(tell, bob, alice, "what time is it")

    tell.line("\nA peer cannot change anything:")
    await is_refused(tell, alice, bob, "note that the door is open", because="For a peer I only read")

    tell.line(
        "\nBob lets peers' turns ask onwards (network.remoteAgentMode = autonomous). A circle still ends:"
    )
    await bob.client.set_setting("network.remoteAgentMode", "autonomous")
    await is_refused(
        tell, alice, bob, "ask alice what time it is", because="already part of this conversation"
    )


async def pair(tell: Telling, alice: DemoNode, bob: DemoNode) -> None:
    tell.line("\nAlice makes a ticket that works once; Bob joins with it:")
    invite = await alice.client.invite()
    tell.line(f"  ticket {invite['ticket'][:24]}…")
    joined = await bob.client.join(invite["ticket"])
    expect(joined["nodeId"] == alice.node_id, "bob paired with another node than alice")
    await linked(alice, bob)
    await linked(bob, alice)
    tell.line("  alice and bob trust each other now, over an encrypted link")


async def linked(node: DemoNode, peer: DemoNode) -> None:
    """Wait until a node has its link to a peer."""
    try:
        async with asyncio.timeout(LINK_TIMEOUT_S):
            while not await has_link(node, peer):  # noqa: ASYNC110  another process cannot set an event of ours
                await asyncio.sleep(LOOK_AGAIN_S)
    except TimeoutError:
        raise NodeError(f"{node.name} has no link to {peer.name} after {LINK_TIMEOUT_S:.0f} s") from None


async def has_link(node: DemoNode, peer: DemoNode) -> bool:
    return any(known["nodeId"] == peer.node_id and known["connected"] for known in await node.client.peers())


async def asks(tell: Telling, asker: DemoNode, answerer: DemoNode, prompt: str) -> None:
    """Have one owner ask the other's agent; the answer must carry the name of the node that gave it."""
    answer = await put(tell, asker, answerer, prompt)
    expect(answer["ok"], f"{answerer.name} did not answer: {answer.get('error')}")
    expect(answer["nodeId"] == answerer.node_id, f"the answer is not {answerer.name}'s")
    tell.line(f"  {one_line(answer['name'])}'s agent: {one_line(answer['answer'])}")


async def is_refused(tell: Telling, asker: DemoNode, answerer: DemoNode, prompt: str, because: str) -> None:
    """Have one owner ask for what a peer may not have; the reason must be told."""
    answer = await put(tell, asker, answerer, prompt)
    reason = answer["answer"] if answer["ok"] else answer["error"]
    expect(because in reason, f"{answerer.name} should have refused ({because}) but said: {reason}")
    tell.line(f"  {answerer.name}'s agent: {one_line(reason)}")


async def put(tell: Telling, asker: DemoNode, answerer: DemoNode, prompt: str) -> PeerAnswer:
    tell.line(f"  {asker.name} asks {answerer.name}: {prompt}")
    answer = await asker.client.ask_peer(answerer.node_id, prompt)
    tell.steps.append({"from": asker.name, "to": answerer.name, "prompt": prompt, **answer})
    return answer


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise NodeError(f"the demo failed: {otherwise}", "demo_failed")


@asynccontextmanager
async def spawned(data: Path, name: str) -> AsyncIterator[Process]:
    """Start a node's process without waiting for it, and stop it however this ends."""
    command = [sys.executable, "-m", "node.cli", "up", "--json", "--data", str(data), "--name", name]
    command += ["--port", "0", "--peer-port", "0", "--model", "rules"]
    # The owner's own node must not be what is shown, so nothing of its environment goes in.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PALAVER_")}
    log = data.with_suffix(".log")
    with log.open("w") as stderr:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=PIPE, stderr=stderr, env=environment
        )
    try:
        yield process
    finally:
        await stop(process)


@asynccontextmanager
async def at(data: Path, name: str, process: Process) -> AsyncIterator[DemoNode]:
    """Wait until a node is ready, and be its owner."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            line = await process.stdout.readline()
    except TimeoutError:
        raise NodeError(f"{name} was not ready after {START_TIMEOUT_S:.0f} s", "demo_failed") from None
    if not line:
        *_, reason = ("it said nothing", *data.with_suffix(".log").read_text(errors="replace").splitlines())
        raise NodeError(f"{name} did not start: {reason}", "demo_failed")
    async with NodeClient.at(data) as client:
        await client.set_setting("network.listen", "loopback")
        yield DemoNode(name=name, node_id=json.loads(line)["nodeId"], client=client)


async def stop(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
