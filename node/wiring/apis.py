"""What the owner's door serves under `/api`."""

from collections.abc import Callable
from functools import partial

from node.api.agents import AgentsApi
from node.api.approvals import ApprovalsApi
from node.api.ask_peers import AskPeersApi
from node.api.asks import AsksApi
from node.api.chat_links import ChatLinksApi
from node.api.cockpit import CockpitApi
from node.api.commands import CommandsApi
from node.api.completion import CompletionApi
from node.api.discovery import DiscoveryApi
from node.api.files import FilesApi
from node.api.follow import FollowApi
from node.api.history import HistoryApi
from node.api.key_changes import KeyChangesApi
from node.api.layout import LayoutApi
from node.api.lent import LentApi
from node.api.network import NetworkApi
from node.api.pairing import PairingApi
from node.api.permissions import PermissionsApi
from node.api.providers import ProvidersApi
from node.api.pull import PullApi
from node.api.queue import QueueApi
from node.api.server import ServerApi
from node.api.sessions import SessionsApi
from node.api.settings import SettingsApi
from node.api.shares import SharesApi
from node.api.telemetry import TelemetryApi
from node.api.tools import ToolsApi
from node.api.traces import TracesApi
from node.channels.layout import LayoutChannel
from node.chat_links.links import ChatLinks
from node.client import NodeClient
from node.completion import Completion
from node.conversations import Conversations
from node.documents import Documents
from node.owner_door import Api
from node.state import State
from node.store.layouts import LayoutStore
from node.store.recent import RecentTurns
from node.synthesis import Synthesis
from node.wiring.channels import Channels
from node.wiring.fabric import Fabric
from node.wiring.ground import Ground
from node.wiring.models import Models
from node.wiring.peers_door import PeersDoor
from node.wiring.tools import all_tools
from node.wiring.turns import Turns


def session_apis(
    ground: Ground, models: Models, fabric: Fabric, turns: Turns, *, channels: Channels, links: ChatLinks
) -> tuple[Api, ...]:
    """Return what starts turns, and what reads and changes sessions."""
    sessions = turns.sessions
    conversations = Conversations(
        sessions=sessions,
        line=turns.line,
        streams=turns.streams,
        log=ground.state.log,
        settings=ground.settings,
        emptied=links.settle,
    )
    return (
        AgentsApi(
            turns=turns.owner,
            models=models.choices,
            hub=fabric.hub,
            permissions=turns.permissions,
            name=ground.name,
        ),
        SessionsApi(
            sessions=sessions,
            conversations=conversations,
            db=ground.state.db,
            changed=channels.session_changed,
        ),
        ChatLinksApi(links=links, sessions=sessions),
        HistoryApi(sessions=sessions, conversations=conversations, name=ground.name),
        CompletionApi(
            completion=Completion(models=models.choices.for_all_else, settings=ground.settings),
            compaction=turns.compaction,
            sessions=sessions,
        ),
        QueueApi(turns=turns.store, line=turns.line),
        TracesApi(turns=turns.store, recent=RecentTurns(ground.state.db), log=ground.state.log),
        CockpitApi(channels.cockpit),
        FollowApi(turns=turns.owner, streams=turns.streams, sessions=sessions, log=ground.state.log),
    )


def model_apis(ground: Ground, models: Models, fabric: Fabric) -> tuple[Api, ...]:
    """Return what chooses models, fetches them, starts their server, and shows what was lent."""
    settings, telemetry = ground.settings, ground.telemetry
    return (
        ProvidersApi(
            models=models.choices,
            settings=settings,
            server=models.server,
            recorder=telemetry,
            borrowed=fabric.borrowed,
        ),
        LentApi(models.lender.lent, fabric.hub),
        PullApi(models=models.choices, settings=settings, recorder=telemetry, tell=models.channel.tell),
        ServerApi(models.server),
    )


def peer_apis(
    ground: Ground, models: Models, fabric: Fabric, turns: Turns, *, peers_door: PeersDoor
) -> tuple[Api, ...]:
    """Return what finds peers, pairs with them, asks them, and decides what they get."""
    hub, settings = fabric.hub, ground.settings
    return (
        NetworkApi(
            hub=hub,
            door=peers_door.door,
            identity=ground.state.identity,
            permissions=turns.permissions,
        ),
        DiscoveryApi(peers_door.discovery),
        PairingApi(hub=hub, door=peers_door.door),
        KeyChangesApi(hub),
        AskPeersApi(hub=hub, synthesis=Synthesis(models=models.for_turns, settings=settings)),
        SharesApi(
            shares=ground.state.shares,
            hub=hub,
            policy=fabric.peer_turns.policy,
            asks_allowed=lambda: settings.flag("network.allowRemoteAgent"),
        ),
        AsksApi(hub=hub, records=fabric.records, settings=settings),
    )


def own_apis(ground: Ground, models: Models, turns: Turns, *, url: Callable[[], str]) -> tuple[Api, ...]:
    """Return the rest: the owner's settings, yeses, tools, documents, layouts and records."""
    permissions, tools = turns.permissions, partial(all_tools, ground)
    return (
        SettingsApi(
            ground.settings,
            warnings=lambda: permissions.warnings(tools().values()),
            look_for_model=models.choices.look,
        ),
        PermissionsApi(permissions, tools),
        ApprovalsApi(turns.owner.approvals),
        CommandsApi(lambda: NodeClient(url(), ground.state.folder.token)),
        ToolsApi(turns.catalogue, turns.learning, ground.clients),
        TelemetryApi(ground.telemetry),
        LayoutApi(
            layouts=LayoutStore(ground.state.db),
            settings=ground.settings,
            tell=LayoutChannel(ground.clients).tell,
        ),
        FilesApi(documents=documents_of(ground.state)),
    )


def documents_of(state: State) -> Documents:
    """Return what the owner may edit; a workspace that is set later counts at once."""
    return Documents(
        workspace=lambda: state.settings.text("agent.workspace"),
        notes=state.folder.notes,
        data=state.folder.path,
    )
