"""The running node: the one place that names the concrete classes of all rooms and wires them."""

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import date
from functools import partial
from itertools import chain
from os import getpid, umask

from agent.finder import ToolFinder
from agent.learned import Learned
from agent.models.base import ModelFacts
from agent.models.rules import RulesModel
from agent.toolbox import OwnerToolbox
from node.api.agents import AgentsApi
from node.api.approvals import ApprovalsApi
from node.api.ask_peers import AskPeersApi
from node.api.asks import AsksApi
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
from node.api.telemetry import TelemetryApi, recorded
from node.api.tools import ToolsApi
from node.api.traces import TracesApi
from node.approvals import Approvals
from node.borrowed import BorrowedModel, BorrowedModels
from node.catalogue import Catalogue
from node.channels.agent import AgentChannel
from node.channels.layout import LayoutChannel
from node.channels.line import LineChannel
from node.channels.models import ModelsChannel, ServerStatus
from node.channels.network import NetworkChannel
from node.channels.sessions import SessionsChannel
from node.channels.telemetry import TelemetryChannel
from node.client import NodeClient
from node.compaction import Compaction
from node.completion import Completion
from node.config import NodeConfig, StartError, machine_name
from node.conversations import Conversations
from node.datadir import DataDirError, Runtime
from node.directory import FabricDirectory
from node.discovery import LanDiscovery
from node.documents import Documents
from node.engine import Engines
from node.hyperparameters import hyperparameter_tools
from node.learning import Learning
from node.lending import ModelLender
from node.line import Line
from node.listening import PeerDoor
from node.model_choice import FOR_ALL_ELSE, ModelChoice, ModelChoices
from node.owner_door import OwnerDoor
from node.owner_turns import OwnerTurns
from node.peer_turns import PeerTurns
from node.permissions import OwnerPermissions
from node.recorded import RecordedHub, RecordedRouter
from node.records import AskRecords
from node.relays import Relays
from node.replay import Replay
from node.router import Router
from node.session_reader import StoredSessions
from node.settings import Settings
from node.shared.reader import FolderReader
from node.spawned import NoCommand, SpawnedServer
from node.state import State, open_state
from node.store.asks import AskStore
from node.store.errors import StoreError
from node.store.layouts import LayoutStore
from node.store.learned import LearnedStore
from node.store.lent import LentStore
from node.store.recent import RecentTurns
from node.store.sessions import SessionStore
from node.store.summaries import SummaryStore
from node.store.turns import TurnStore
from node.store.waiting import WaitingTurns
from node.streams import Streams
from node.synthesis import Synthesis
from node.telemetry import Telemetry
from node.ws import Client
from peer.errors import PeerError
from peer.hub import PeerHub, Profile
from peer.trust import TrustState, TrustStore
from peer.websocket import WsTransport
from tools.clock import clock_tools
from tools.notes import notes_tools
from tools.peers import PeerDirectory, peers_tools
from tools.peers_many import many_peers_tools
from tools.registry import Registry
from tools.sessions import sessions_tools
from tools.shared import shared_tools
from tools.spec import ToolSpec


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
    """Build the node from the ground up and say what it is; the stack takes it down in the opposite order."""
    state = await open_state(config, stack)
    settings, identity = state.settings, state.identity

    def borrow(peer: str) -> BorrowedModel:
        return borrowed.open(peer)

    def name() -> str:
        return config.name or settings.text("network.nodeName") or machine_name()

    registry = Registry()
    telemetry = Telemetry(lambda: settings.whole("telemetry.keep"))
    engines = Engines(telemetry)
    stack.push_async_callback(engines.close)
    models_channel = ModelsChannel(lambda: door.clients)
    server = SpawnedServer(
        command=lambda: settings.texts("models.spawn"),
        tell=partial(tell_of_server, models_channel, on_progress),
        changed=lambda: choices.look_afresh(),  # noqa: PLW0108  the choices come after their server
    )
    choices = open_choices(
        partial(
            ModelChoice,
            settings=settings,
            ollama_url=config.ollama_url,
            wanted=config.model,
            rules=lambda: RulesModel(lambda: tuple(registry), lambda: peer_names(directory)),
            engines=engines,
            server=server,
            recorder=telemetry,
            borrow=borrow,
        ),
        stack,
    )
    models, helping_model = choices.for_turns, choices.for_all_else
    stack.push_async_callback(server.close)
    peer_turns = PeerTurns(
        settings=settings,
        models=models,
        registry=registry,
        queue=lambda: owner_turns.queue,
        directory=lambda: directory,
        name=name,
        shares=state.shares,
    )
    lender = ModelLender(settings=settings, models=models, lent=LentStore(state.db), today=date.today)
    hub, records = await open_hub(
        state, stack, telemetry=telemetry, turns=peer_turns, lender=lender, name=name
    )
    borrowed = borrowed_models(hub, settings, models, lender)
    directory = FabricDirectory(hub)
    sessions, turns, streams = SessionStore(state.db), TurnStore(state.db), Streams(state.log)
    add_tools(
        registry,
        peers_tools(directory),
        many_peers_tools(directory),
        sessions_tools(StoredSessions(sessions)),
        shared_tools(FolderReader(state.shares)),
        notes_tools(state.folder.notes),
        clock_tools(),
        hyperparameter_tools(settings),
    )
    compaction = Compaction(
        summaries=SummaryStore(state.db), streams=streams, settings=settings, models=models
    )
    stack.push_async_callback(compaction.close)
    learned_store = LearnedStore(state.db)
    learned = Learned(await learned_store.all())
    catalogue = Catalogue(
        registry, finder=ToolFinder(learned), is_connected=lambda: bool(directory.connected())
    )
    learning = Learning(learned_store, learned, settings)
    permissions = OwnerPermissions(settings)
    owner_turns = OwnerTurns(
        turns=turns,
        streams=streams,
        approvals=Approvals(permissions.keep),
        permissions=permissions,
        relays=Relays(),
        settings=settings,
        models=models,
        catalogue=catalogue,
        learning=learning,
        name=name,
        telemetry=telemetry,
        compaction=compaction,
        own_rounds=lender.own_rounds,
        lineage=lambda within_s: hub.new_lineage(within_s=within_s),
    )
    router = RecordedRouter(telemetry)
    TelemetryChannel(telemetry).add_to(router)
    follow_asks(NetworkChannel(hub), router, hub, records, settings)
    AgentChannel(
        turns=owner_turns,
        streams=streams,
        replay=Replay(state.log, streams, turns, sessions),
        registry=registry,
        catalogue=catalogue,
        compaction=compaction,
    ).add_to(router)
    conversations = add_conversations(router, state, owner_turns, sessions, streams)

    def all_tools() -> Mapping[str, ToolSpec]:
        """Return the tools of the node and of the clients that are here now."""
        pushed = [tool for client in door.clients for tool in client.tools.values()]
        return OwnerToolbox(tuple(registry), client_tools=lambda: pushed).catalogue()

    peer_door = PeerDoor(hub, settings, port=config.peer_port, name=name)
    discovery = add_discovery(hub, peer_door, settings, stack)
    apis = (
        AgentsApi(turns=owner_turns, models=models, hub=hub, name=name),
        SessionsApi(
            sessions=sessions,
            conversations=conversations,
            db=state.db,
            changed=follow_sessions(
                SessionsChannel(sessions, turns, owner_turns.approvals), router, streams, stack
            ),
        ),
        HistoryApi(sessions=sessions, conversations=conversations, name=name),
        CompletionApi(
            completion=Completion(models=helping_model, settings=settings),
            compaction=compaction,
            sessions=sessions,
        ),
        ProvidersApi(models=choices, settings=settings, server=server, recorder=telemetry, borrowed=borrowed),
        LentApi(lender.lent, hub),
        PullApi(models=choices, settings=settings, recorder=telemetry, tell=models_channel.tell),
        ServerApi(server),
        NetworkApi(hub=hub, door=peer_door, identity=identity),
        DiscoveryApi(discovery),
        PairingApi(hub=hub, door=peer_door),
        KeyChangesApi(hub),
        AskPeersApi(hub=hub, synthesis=Synthesis(models=models, settings=settings)),
        SharesApi(
            shares=state.shares,
            hub=hub,
            policy=peer_turns.policy,
            asks_allowed=lambda: settings.flag("network.allowRemoteAgent"),
        ),
        AsksApi(hub=hub, records=records, settings=settings),
        SettingsApi(
            settings,
            warnings=lambda: permissions.warnings(all_tools().values()),
            look_for_model=choices.look,
        ),
        PermissionsApi(permissions, all_tools),
        ApprovalsApi(owner_turns.approvals),
        CommandsApi(lambda: NodeClient(door.url, state.folder.token)),
        ToolsApi(catalogue, learning, lambda: door.clients),
        QueueApi(turns=turns, line=conversations.line),
        TracesApi(turns=turns, recent=RecentTurns(state.db), log=state.log),
        FollowApi(turns=owner_turns, streams=streams, sessions=sessions, log=state.log),
        TelemetryApi(telemetry),
        LayoutApi(
            layouts=LayoutStore(state.db),
            settings=settings,
            tell=LayoutChannel(lambda: door.clients).tell,
        ),
        FilesApi(documents=documents_of(state)),
    )
    door = OwnerDoor(
        token=state.folder.token,
        node_id=identity.node_id,
        name=name,
        router=router,
        streams=streams,
        apis=apis,
        recorded=recorded(telemetry),
    )
    stack.push_async_callback(door.close)
    await door.open(config.port)
    await open_to_peers(hub, peer_door, discovery, state.trust)
    permissions.warn(all_tools().values())
    if config.spawn:
        await start_server(server)
    await models.look()
    await run_turns(owner_turns, conversations.line, stack)
    announce(state, door, peer_door)
    return ready_line(door, peer_door, models.facts)


def tell_of_server(channel: ModelsChannel, on_progress: Callable[[str], None], status: ServerStatus) -> None:
    """Tell every client, and the terminal that the node was started in, how the model server is."""
    channel.tell(status)
    on_progress(f"the model server: {status.text}")


async def open_hub(
    state: State,
    stack: AsyncExitStack,
    *,
    telemetry: Telemetry,
    turns: PeerTurns,
    lender: ModelLender,
    name: Callable[[], str],
) -> tuple[RecordedHub, AskRecords]:
    """Make the hub and the record of its asks; the stack closes both."""
    settings = state.settings
    records = AskRecords(AskStore(state.db), settings)
    await records.open()
    stack.push_async_callback(records.close)
    # Here the circle agent -> ask_peer -> hub -> agent is closed, and nowhere else.
    hub = RecordedHub(
        telemetry=telemetry,
        identity=state.identity,
        transport=WsTransport(state.identity),
        trust=state.trust,
        profile=lambda: Profile(name=name(), capabilities=("ask",)),
        policy=turns.policy,
        answer=turns.answer,
        loan_policy=lender.policy,
        lend=lender.lend,
        recorder=records,
        signs_asks=lambda: settings.flag("network.signAsks"),
        former=state.former,
    )
    stack.push_async_callback(hub.close)
    return hub, records


def follow_asks(
    channel: NetworkChannel, router: Router[Client], hub: PeerHub, records: AskRecords, settings: Settings
) -> None:
    """Show the owner's clients what changes in the network, and have new choices about asks count at once."""
    channel.add_to(router)
    hub.on_change = channel.changed
    records.on_row = channel.tell
    settings.watch("network.allowRemoteAgent", "network.defaultGrants", changed=hub.reconsider)


def add_conversations(
    router: Router[Client], state: State, turns: OwnerTurns, sessions: SessionStore, streams: Streams
) -> Conversations:
    """Let the owner change whole sessions, and the line of messages in each."""
    line = Line(turns=turns, waiting=WaitingTurns(state.db), settings=state.settings)
    LineChannel(line=line, streams=streams).add_to(router)
    return Conversations(
        sessions=sessions, line=line, streams=streams, log=state.log, settings=state.settings
    )


def follow_sessions(
    channel: SessionsChannel, router: Router[Client], streams: Streams, stack: AsyncExitStack
) -> Callable[[str], None]:
    """Tell the owner's clients where something goes on; returns what hears of other changes of a session."""
    channel.add_to(router)
    streams.on_event = channel.heard
    stack.push_async_callback(channel.close)
    return channel.changed


async def run_turns(turns: OwnerTurns, line: Line, stack: AsyncExitStack) -> None:
    """Start running what waits; the stack stops it first of all."""
    stack.push_async_callback(turns.queue.close)
    await turns.open()
    stack.push_async_callback(line.close)
    await line.open()


async def start_server(server: SpawnedServer) -> None:
    """Start the model server and wait until it serves; raises `StartError`."""
    try:
        await server.start()
    except NoCommand as error:
        raise StartError(str(error)) from None
    status = await server.settled()
    if status.state == "failed":
        raise StartError(f"the model server {status.text}")


def documents_of(state: State) -> Documents:
    """Return what the owner may edit; a workspace that is set later counts at once."""
    return Documents(
        workspace=lambda: state.settings.text("agent.workspace"),
        notes=state.folder.notes,
        data=state.folder.path,
    )


def add_tools(registry: Registry, *families: Sequence[ToolSpec]) -> None:
    """Register every tool that the node owns, in this order."""
    for tool in chain(*families):
        registry.add(tool)


def open_choices(choice: Callable[..., ModelChoice], stack: AsyncExitStack) -> ModelChoices:
    """Return the choice of the turns' model and that of all else."""
    choices = ModelChoices(choice(), choice(keys=FOR_ALL_ELSE))
    stack.push_async_callback(choices.close)
    return choices


def borrowed_models(
    hub: PeerHub, settings: Settings, models: ModelChoice, lender: ModelLender
) -> BorrowedModels:
    """Let the node borrow, and have its borrowers hear at once what they may use and what no more."""
    settings.watch("network.lendModel", "network.defaultGrants", changed=hub.reconsider_loans)
    models.on_change = lender.on_change = hub.announce
    return BorrowedModels(hub)


def peer_names(directory: PeerDirectory) -> tuple[str, ...]:
    return tuple(card.name for card in directory.connected())


def add_discovery(hub: PeerHub, door: PeerDoor, settings: Settings, stack: AsyncExitStack) -> LanDiscovery:
    """Let the node find others and be found, and let peers hear of a new name."""
    discovery = LanDiscovery(hub=hub, door=door, settings=settings)
    stack.push_async_callback(discovery.close)
    settings.watch("network.nodeName", changed=hub.announce)
    return discovery


async def open_to_peers(hub: PeerHub, door: PeerDoor, discovery: LanDiscovery, trust: TrustStore) -> None:
    """Let peers in, and look for them; raises `StartError` when the port is taken."""
    await door.open(has_peers=await has_peers(trust))
    await hub.start()
    await discovery.open()


async def has_peers(trust: TrustStore) -> bool:
    return any(record.state is TrustState.TRUSTED for record in await trust.all())


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


def ready_line(door: OwnerDoor, peer_door: PeerDoor, model: ModelFacts | None) -> dict[str, object]:
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
