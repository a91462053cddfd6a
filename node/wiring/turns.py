"""The owner's turns: where they are kept and shown, what they may use, and what runs them."""

from dataclasses import dataclass

from agent.finder import ToolFinder
from agent.learned import Learned
from node.approvals import Approvals
from node.catalogue import Catalogue
from node.compaction import Compaction
from node.learning import Learning
from node.line import Line
from node.owner_turns import OwnerTurns
from node.permissions import OwnerPermissions
from node.relays import Relays
from node.store.learned import LearnedStore
from node.store.sessions import SessionStore
from node.store.summaries import SummaryStore
from node.store.turns import TurnStore
from node.store.waiting import WaitingTurns
from node.streams import Streams
from node.wiring.fabric import Fabric
from node.wiring.ground import Ground
from node.wiring.models import Models
from node.wiring.tools import add_own_tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    sessions: SessionStore
    store: TurnStore
    streams: Streams
    compaction: Compaction
    catalogue: Catalogue
    learning: Learning
    permissions: OwnerPermissions
    owner: OwnerTurns
    line: Line


async def open_turns(ground: Ground, models: Models, fabric: Fabric) -> Turns:
    """Build them from the stores up; nothing runs before `run_turns`."""
    state, settings = ground.state, ground.settings
    sessions, store, streams = SessionStore(state.db), TurnStore(state.db), Streams(state.log)
    add_own_tools(ground, fabric, sessions)
    compaction = Compaction(
        summaries=SummaryStore(state.db), streams=streams, settings=settings, models=models.for_turns
    )
    ground.stack.push_async_callback(compaction.close)
    learning = await open_learning(ground)
    catalogue = Catalogue(
        ground.registry,
        finder=ToolFinder(learning.learned),
        is_connected=lambda: bool(fabric.directory.connected()),
    )
    permissions = OwnerPermissions(settings)
    owner = OwnerTurns(
        turns=store,
        streams=streams,
        approvals=Approvals(permissions.keep),
        permissions=permissions,
        relays=Relays(),
        settings=settings,
        models=models.for_turns,
        catalogue=catalogue,
        learning=learning,
        name=ground.name,
        telemetry=ground.telemetry,
        compaction=compaction,
        own_rounds=models.lender.own_rounds,
        lineage=lambda within_s: fabric.hub.new_lineage(within_s=within_s),
    )
    return Turns(
        sessions=sessions,
        store=store,
        streams=streams,
        compaction=compaction,
        catalogue=catalogue,
        learning=learning,
        permissions=permissions,
        owner=owner,
        line=Line(turns=owner, waiting=WaitingTurns(state.db), settings=settings),
    )


async def open_learning(ground: Ground) -> Learning:
    store = LearnedStore(ground.state.db)
    return Learning(store, Learned(await store.all()), ground.settings)


async def run_turns(ground: Ground, turns: Turns) -> None:
    """Start running what waits; the stack stops it first of all."""
    ground.stack.push_async_callback(turns.owner.queue.close)
    await turns.owner.open()
    ground.stack.push_async_callback(turns.line.close)
    await turns.line.open()
