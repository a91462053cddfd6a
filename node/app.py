"""The running node: the story of its start; `node/wiring` has the parts, named in the order of this story."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict
from os import getpid, umask

from node.config import NodeConfig, StartError
from node.datadir import DataDirError, Runtime
from node.listening import PeerDoor
from node.model_choice import ModelChoice
from node.owner_door import OwnerDoor
from node.state import State, open_state
from node.store.errors import StoreError
from node.wiring.channels import open_channels
from node.wiring.fabric import open_fabric
from node.wiring.ground import lay_ground
from node.wiring.models import build_models, start_server
from node.wiring.owner_door import build_owner_door
from node.wiring.peers_door import build_peers_door, open_to_peers
from node.wiring.readers_door import open_chat_links
from node.wiring.tools import all_tools
from node.wiring.turns import open_turns, run_turns
from peer.errors import PeerError


async def run(
    config: NodeConfig,
    on_ready: Callable[[Mapping[str, object]], None],
    on_progress: Callable[[str], None],
) -> None:
    """Run a node until it is told to stop; raises `StartError` when it cannot start."""
    umask(0o077)  # what a node writes is for its owner alone, whatever the folder allows
    stop = stop_signal()
    async with AsyncExitStack() as stack:
        try:
            ready = await start(config, stack, on_progress)
        except (DataDirError, StoreError, PeerError) as error:
            raise StartError(str(error)) from error
        on_ready(ready)
        await stop.wait()


async def start(
    config: NodeConfig, stack: AsyncExitStack, on_progress: Callable[[str], None] = lambda _: None
) -> dict[str, object]:
    """Build the node from the ground up and say what it is; the stack takes it down in the opposite order.

    A callable stands for each part that an earlier one needs before it is built.
    """
    state = await open_state(config, stack)
    ground = lay_ground(config, state, stack, clients=lambda: door.clients)
    models = build_models(ground, peers=lambda: fabric, on_progress=on_progress)
    fabric = await open_fabric(ground, models, queue=lambda: turns.owner.queue)
    turns = await open_turns(ground, models, fabric)
    peers_door = build_peers_door(ground, fabric)
    channels = open_channels(ground, fabric, turns)
    links = await open_chat_links(ground, channels)
    door = build_owner_door(
        ground, models, fabric, turns, peers_door=peers_door, channels=channels, links=links
    )
    await door.open(config.port)
    await open_to_peers(ground, fabric, peers_door)
    turns.permissions.warn(all_tools(ground).values())
    if config.spawn:
        await start_server(models.server)
    await models.for_turns.look()
    await run_turns(ground, turns)
    announce(state, door, peers_door.door)
    return ready_line(door, peers_door.door, models.for_turns)


def announce(state: State, door: OwnerDoor, peer_door: PeerDoor) -> None:
    """Let the clients of this data folder find the node."""
    state.folder.announce(
        Runtime(
            pid=getpid(),
            url=door.url,
            port=door.port,
            peer_address=peer_door.address,
            node_id=state.identity.node_id,
        )
    )


def ready_line(door: OwnerDoor, peer_door: PeerDoor, choice: ModelChoice) -> dict[str, object]:
    model, readiness = choice.facts, choice.readiness()
    assert model is not None
    return {
        "ready": True,
        "url": door.url,
        "nodeId": door.node_id,
        "name": door.name(),
        "peerAddress": peer_door.address,
        "model": model.name,
        "provider": model.provider,
        "modelLabel": model.label,
        "readiness": asdict(readiness),
    }


def stop_signal() -> asyncio.Event:
    """Return an event that is set when the process is asked to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop
