"""The fabric: the links to peers, what their asks and loans meet here, and the record of all asks."""

from collections.abc import Callable
from dataclasses import dataclass

from node.borrowed import BorrowedModel, BorrowedModels
from node.directory import FabricDirectory
from node.lending import ModelLender
from node.model_choice import ModelChoice
from node.peer_turns import PeerTurns
from node.queue import TurnQueue
from node.recorded import RecordedHub
from node.records import AskRecords
from node.settings import Settings
from node.store.asks import AskStore
from node.wiring.ground import Ground
from node.wiring.models import Models
from peer.hub import PeerHub, Profile
from peer.websocket import WsTransport


@dataclass(frozen=True, slots=True, kw_only=True)
class Fabric:
    hub: RecordedHub
    records: AskRecords
    peer_turns: PeerTurns
    directory: FabricDirectory
    borrowed: BorrowedModels

    def names(self) -> tuple[str, ...]:
        """Return the names of the peers that are connected now."""
        return tuple(card.name for card in self.directory.connected())

    def borrow(self, name: str) -> BorrowedModel:
        """Return the model of `peer:NAME`; raises `ModelError` when that means no trusted peer."""
        return self.borrowed.open(name)


async def open_fabric(ground: Ground, models: Models, *, queue: Callable[[], TurnQueue]) -> Fabric:
    """Open it, with no link yet; `queue` is late, because the owner's turns ask on through the fabric."""
    peer_turns = PeerTurns(
        settings=ground.settings,
        models=models.for_turns,
        registry=ground.registry,
        queue=queue,
        directory=lambda: directory,
        name=ground.name,
        shares=ground.state.shares,
    )
    records = await open_records(ground)
    hub = build_hub(ground, peer_turns, models.lender, records)
    borrowed = borrowed_models(hub, ground.settings, models.for_turns, models.lender)
    directory = FabricDirectory(hub)
    return Fabric(hub=hub, records=records, peer_turns=peer_turns, directory=directory, borrowed=borrowed)


async def open_records(ground: Ground) -> AskRecords:
    records = AskRecords(AskStore(ground.state.db), ground.settings)
    await records.open()
    ground.stack.push_async_callback(records.close)
    return records


def build_hub(ground: Ground, turns: PeerTurns, lender: ModelLender, records: AskRecords) -> RecordedHub:
    state, settings = ground.state, ground.settings
    # Here the circle agent -> ask_peer -> hub -> agent is closed, and nowhere else.
    hub = RecordedHub(
        telemetry=ground.telemetry,
        identity=state.identity,
        transport=WsTransport(state.identity),
        trust=state.trust,
        profile=lambda: Profile(name=ground.name(), capabilities=("ask",)),
        policy=turns.policy,
        answer=turns.answer,
        loan_policy=lender.policy,
        lend=lender.lend,
        recorder=records,
        signs_asks=lambda: settings.flag("network.signAsks"),
        former=state.former,
    )
    ground.stack.push_async_callback(hub.close)
    return hub


def borrowed_models(
    hub: PeerHub, settings: Settings, models: ModelChoice, lender: ModelLender
) -> BorrowedModels:
    """Let the node borrow, and have its borrowers hear at once what they may use and what no more."""
    settings.watch("network.lendModel", "network.defaultGrants", changed=hub.reconsider_loans)
    models.on_change = lender.on_change = hub.announce
    return BorrowedModels(hub)
