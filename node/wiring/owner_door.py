"""The owner's door, with all that it serves."""

from itertools import chain

from node.api.telemetry import recorded
from node.chat_links.links import ChatLinks
from node.owner_door import OwnerDoor
from node.wiring.apis import model_apis, own_apis, peer_apis, session_apis
from node.wiring.channels import Channels
from node.wiring.fabric import Fabric
from node.wiring.ground import Ground
from node.wiring.models import Models
from node.wiring.peers_door import PeersDoor
from node.wiring.turns import Turns


def build_owner_door(
    ground: Ground,
    models: Models,
    fabric: Fabric,
    turns: Turns,
    *,
    peers_door: PeersDoor,
    channels: Channels,
    links: ChatLinks,
) -> OwnerDoor:
    """Build it, shut as yet; the stack closes it."""
    door = OwnerDoor(
        token=ground.state.folder.token,
        node_id=ground.state.identity.node_id,
        name=ground.name,
        router=channels.router,
        streams=turns.streams,
        apis=tuple(
            chain(
                session_apis(ground, models, fabric, turns, channels=channels, links=links),
                model_apis(ground, models, fabric),
                peer_apis(ground, models, fabric, turns, peers_door=peers_door),
                own_apis(ground, models, turns, url=lambda: door.url),
            )
        ),
        recorded=recorded(ground.telemetry),
    )
    ground.stack.push_async_callback(door.close)
    return door
