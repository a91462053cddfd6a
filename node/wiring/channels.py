"""The channels of the owner's socket, and the router that leads frames to them."""

from collections.abc import Callable
from dataclasses import dataclass

from node.channels.agent import AgentChannel
from node.channels.cockpit import CockpitChannel
from node.channels.line import LineChannel
from node.channels.network import NetworkChannel
from node.channels.sessions import SessionsChannel
from node.channels.telemetry import TelemetryChannel
from node.recorded import RecordedRouter
from node.replay import Replay
from node.router import Router
from node.wiring.fabric import Fabric
from node.wiring.ground import Ground
from node.wiring.turns import Turns
from node.ws import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    router: Router[Client]
    session_changed: Callable[[str], None]
    """Hears of changes of a session that no event of a turn tells."""
    cockpit: CockpitChannel


def open_channels(ground: Ground, fabric: Fabric, turns: Turns) -> Channels:
    """Lead frames to all channels, and have these hear of what goes on."""
    router = RecordedRouter(ground.telemetry)
    TelemetryChannel(ground.telemetry).add_to(router)
    follow_asks(ground, fabric, router)
    AgentChannel(
        turns=turns.owner,
        streams=turns.streams,
        replay=Replay(ground.state.log, turns.streams, turns.store, turns.sessions),
        registry=ground.registry,
        catalogue=turns.catalogue,
        compaction=turns.compaction,
    ).add_to(router)
    LineChannel(line=turns.line, streams=turns.streams).add_to(router)
    sessions = follow_sessions(ground, turns, router)
    cockpit = CockpitChannel(ground.clients)
    cockpit.add_to(router)
    return Channels(router=router, session_changed=sessions.changed, cockpit=cockpit)


def follow_asks(ground: Ground, fabric: Fabric, router: Router[Client]) -> None:
    """Show the owner's clients what changes in the network, and have new choices about asks count at once."""
    channel = NetworkChannel(fabric.hub)
    channel.add_to(router)
    fabric.hub.on_change = channel.changed
    fabric.records.on_row = channel.tell
    ground.settings.watch("network.allowRemoteAgent", "network.defaultGrants", changed=fabric.hub.reconsider)


def follow_sessions(ground: Ground, turns: Turns, router: Router[Client]) -> SessionsChannel:
    """Tell the owner's clients where something goes on."""
    channel = SessionsChannel(turns.sessions, turns.store, turns.owner.approvals)
    channel.add_to(router)
    turns.streams.on_event = channel.heard
    ground.stack.push_async_callback(channel.close)
    return channel
