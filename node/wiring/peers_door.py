"""The peers' door, and the search for peers on the owner's own network."""

from dataclasses import dataclass

from node.discovery import LanDiscovery
from node.listening import PeerDoor
from node.wiring.fabric import Fabric
from node.wiring.ground import Ground
from peer.trust import TrustState, TrustStore


@dataclass(frozen=True, slots=True, kw_only=True)
class PeersDoor:
    door: PeerDoor
    discovery: LanDiscovery


def build_peers_door(ground: Ground, fabric: Fabric) -> PeersDoor:
    """Let the node find others and be found, and let peers hear of a new name; it is shut as yet."""
    door = PeerDoor(fabric.hub, ground.settings, port=ground.config.peer_port, name=ground.name)
    discovery = LanDiscovery(hub=fabric.hub, door=door, settings=ground.settings)
    ground.stack.push_async_callback(discovery.close)
    ground.settings.watch("network.nodeName", changed=fabric.hub.announce)
    return PeersDoor(door=door, discovery=discovery)


async def open_to_peers(ground: Ground, fabric: Fabric, peers_door: PeersDoor) -> None:
    """Let peers in, and look for them; raises `StartError` when the port is taken."""
    await peers_door.door.open(has_peers=await has_peers(ground.state.trust))
    await fabric.hub.start()
    await peers_door.discovery.open()


async def has_peers(trust: TrustStore) -> bool:
    return any(record.state is TrustState.TRUSTED for record in await trust.all())
