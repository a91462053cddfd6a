"""The turns that peers cause: read-only, from the model and what the owner shared, before nobody."""

import time
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from uuid import uuid4

from agent.desk import TurnOutcome
from agent.gate import can_run_unattended
from agent.models.base import Model
from agent.models.rules import RulesModel
from agent.turn import Turn, run_turn
from node.choices import limits_of, options_of, places_of, remote_mode_of, rules_of, within
from node.desks import RemoteDesk
from node.model_choice import NO_OWN, ModelChoice
from node.model_trouble import GONE, told_to_peer, trouble_of
from node.queue import TurnQueue
from node.settings import Settings
from node.shared.library import SharedFolders
from peer.answering import Answered, InboundAsk, Policy
from peer.errors import AnswerFailed, Busy
from peer.grants import granted
from peer.messages import Citation
from peer.trust import Grant, PeerRecord
from tools.peers import PeerDirectory
from tools.registry import Registry
from tools.spec import ToolSpec

NOT_ALLOWED = (
    "the owner of this node does not let peers ask its agent; "
    "on that node: palaver config set network.allowRemoteAgent true"
)

NOT_GRANTED = (
    "the owner of this node does not let yours ask its agent; on that node: palaver grant {peer} ask"
)

OWNER_FIRST = "that node works for its owner first"
PATIENCE_S = 30.0
"""How long a peer's turn waits behind the owner's; never more than half of the time that it has."""


class PeerTurns:
    def __init__(
        self,
        *,
        settings: Settings,
        models: ModelChoice,
        registry: Registry,
        queue: Callable[[], TurnQueue],
        directory: Callable[[], PeerDirectory],
        name: Callable[[], str],
        shares: SharedFolders,
    ) -> None:
        self._settings = settings
        self._models = models
        self._registry = registry
        self._directory = directory
        """Late, because the fabric that it looks into answers through this object."""
        self._queue = queue
        """Late, too: the owner's turns ask on through the fabric."""
        self._name = name
        self._shares = shares

    def policy(self, peer: PeerRecord) -> Policy:
        """Say what a peer's asks may do here, as the owner's choices stand now."""
        is_open = self._settings.flag("network.allowRemoteAgent")
        default = map(Grant, self._settings.texts("network.defaultGrants"))
        given = granted(peer, default=frozenset(default), allowed=is_open)
        reason = NOT_GRANTED.format(peer=peer.node_id[:8]) if is_open else NOT_ALLOWED
        return Policy(allowed=Grant.ASK in given, reason=reason, granted=given)

    async def answer(self, ask: InboundAsk) -> Answered:
        """Answer an admitted ask; raises `AnswerFailed` or `Busy` with a sentence for the asker."""
        await self._let_owner_first(ask)
        outcome = await self._run(ask, self._model(await self._models.current(), ask.peer))
        trouble = trouble_of(outcome)
        if trouble in GONE and not outcome.text:
            # A model that is away just now is no reason to send a peer away.
            outcome = await self._run(ask, self._rules(ask.peer))
        elif trouble is not None:
            raise told_to_peer(trouble)
        if outcome.error is not None:
            raise AnswerFailed(f"{self._name()} could not answer: {outcome.error}")
        # Who else was asked is the owner's business, so sources of other peers stay here.
        own = [each for each in outcome.citations if not each.peer]
        sources = [Citation.model_validate(each, from_attributes=True) for each in own]
        return Answered(text=outcome.text, citations=tuple(sources))

    async def _run(self, ask: InboundAsk, model: Model) -> TurnOutcome:
        turn = Turn(
            turn_id=uuid4().hex,
            prompt=ask.prompt,
            mode=remote_mode_of(self._settings),
            rules=partial(rules_of, self._settings),
            places=places_of(self._settings),
            tools=self._tools(ask.peer),
            model=model,
            options=options_of(self._settings),
            limits=within(limits_of(self._settings), ask.lineage.remaining_s(time.monotonic())),
            node_name=self._name(),
            today=date.today(),  # noqa: DTZ011  the owner's own day
            remote=ask.peer.label,
            asker=ask.peer.node_id,
            rights=lambda: ask.policy().granted,
            origin=ask.lineage,
        )
        return await run_turn(RemoteDesk(ask.emit), turn)

    def _tools(self, asker: PeerRecord) -> tuple[ToolSpec, ...]:
        """Leave out the shared folders where none is shared with this peer."""
        has_shares = bool(self._shares.visible(asker.node_id))
        return tuple(tool for tool in self._registry if has_shares or tool.remote != Grant.SHARED)

    async def _let_owner_first(self, ask: InboundAsk) -> None:
        patience_s = min(PATIENCE_S, ask.lineage.remaining_s(time.monotonic()) / 2)
        if not await self._queue().let_owner_first(patience_s):
            raise Busy(f"{OWNER_FIRST}, and is full. Try again in a while.", retry_after=PATIENCE_S)

    def _model(self, model: Model, asker: PeerRecord) -> Model:
        """Return the model for a peer's turn: rules in place of a borrowed one, which is the owner's."""
        return self._rules(asker) if model.facts.provider in NO_OWN else model

    def _rules(self, asker: PeerRecord) -> Model:
        """Return rules, which quote what is shared. They know no name that the asker should not learn."""
        return RulesModel(lambda: tuple(self._registry), lambda: self._names(asker), lookup="shared.search")

    def _names(self, asker: PeerRecord) -> Sequence[str]:
        mode, rules = remote_mode_of(self._settings), rules_of(self._settings)
        ask_peer = self._registry.get("agent.ask_peer")
        if ask_peer is None or not can_run_unattended(ask_peer, mode=mode, rules=rules):
            return (asker.label,)
        return tuple(card.name for card in self._directory().connected())
