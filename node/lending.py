"""Lending the node's model: which peers may run rounds on it, how much a day, and what of it is counted."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePath

from agent.context import CHARS_PER_TOKEN
from agent.models.base import (
    CallDelta,
    Delta,
    ModelError,
    ModelFacts,
    ModelRequest,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from node.choices import options_of
from node.engine_file import PREFIX as FILE
from node.loan_wire import UnreadableLoan, delta_text, request_of
from node.model_choice import NO_OWN, ModelChoice
from node.model_trouble import told_to_peer
from node.own_rounds import OwnRounds
from node.settings import Settings
from node.store.lent import LentStore
from node.telemetry import without_content
from peer.errors import AnswerFailed, NotAllowed
from peer.grants import granted
from peer.lending import Loan
from peer.loans import LoanPolicy
from peer.messages import MODEL_NAME_MAX_CHARS, ModelCard
from peer.trust import Grant, PeerRecord

NOT_LENT = (
    "the owner of this node does not lend its model; on that node: palaver config set network.lendModel true"
)
NOT_GRANTED = (
    "the owner of this node does not lend its model to yours; on that node: palaver grant {peer} ask model"
)
NO_MODEL = "that node has no model of its own that it could lend"


class ModelLender:
    def __init__(
        self,
        *,
        settings: Settings,
        models: ModelChoice,
        lent: LentStore,
        today: Callable[[], date],
    ) -> None:
        self._settings = settings
        self._models = models
        self.lent = lent
        self._counting: set[asyncio.Task[None]] = set()
        self.own_rounds = OwnRounds()
        self.on_change: Callable[[], None] = lambda: None
        """Called when a round has taught more about the model than its borrowers were told."""
        self._today = today

    def policy(self, peer: PeerRecord) -> LoanPolicy:
        """Say what a peer may borrow, as the owner's choices stand now."""
        if not self._settings.flag("network.lendModel"):
            return LoanPolicy(allowed=False, reason=NOT_LENT)
        default = frozenset(map(Grant, self._settings.texts("network.defaultGrants")))
        if Grant.MODEL not in granted(peer, default=default, allowed=True):
            return LoanPolicy(allowed=False, reason=NOT_GRANTED.format(peer=peer.node_id[:8]))
        facts = self._models.facts
        if facts is None or facts.provider in NO_OWN:
            return LoanPolicy(allowed=False, reason=NO_MODEL)
        return LoanPolicy(allowed=True, card=card_of(facts))

    async def lend(self, loan: Loan) -> None:
        """Run a round for a peer once no round of the owner's runs; raises a `PeerError` for the borrower."""
        try:
            request = await asyncio.to_thread(request_of, loan.body)
        except UnreadableLoan as error:
            raise AnswerFailed(f"that node could not read the request: {error}") from None
        await self._check_day(loan.peer)
        await self.own_rounds.over()
        meter, known = Meter(chars_in=len(loan.body)), self._models.facts
        try:
            await self._run(self._ours(request), loan, meter)
        except ModelError as error:
            raise told_to_peer(error.kind) from error
        finally:
            if self._models.facts != known:
                self.on_change()
            await self._count(loan.peer, meter)

    async def _count(self, peer: PeerRecord, meter: "Meter") -> None:
        """Keep what a round took, also when its borrower hangs up at this very moment."""
        adding = asyncio.create_task(
            self.lent.add(
                self._today(), peer.node_id, prompt_tokens=meter.prompt, completion_tokens=meter.completion
            )
        )
        self._counting.add(adding)
        adding.add_done_callback(self._counting.discard)
        await asyncio.shield(adding)

    async def _run(self, request: ModelRequest, loan: Loan, meter: "Meter") -> None:
        model = await self._models.current()
        if model.facts.provider in NO_OWN:
            raise NotAllowed(NO_MODEL)
        # What peers say to each other's models is theirs: this node's record keeps its size alone.
        with without_content():
            async with aclosing(model.stream(request)) as deltas:
                async for delta in deltas:
                    meter.count(delta)
                    await loan.emit(delta_text(delta))

    def _ours(self, request: ModelRequest) -> ModelRequest:
        """Return the request within this node's choices: another window would load its model anew."""
        ours, theirs = options_of(self._settings), request.options
        limits = [limit for limit in (ours.max_tokens, theirs.max_tokens) if limit is not None]
        options = replace(theirs, context_size=ours.context_size, max_tokens=min(limits, default=None))
        return replace(request, options=options)

    async def _check_day(self, peer: PeerRecord) -> None:
        """Raise `NotAllowed` when a peer has used its tokens of today; a round that has begun may end."""
        most = self._settings.whole("network.lendTokensPerDay")
        if await self.lent.tokens(self._today(), peer.node_id) >= most:
            raise NotAllowed(f"that node lends {most} tokens a day to a peer, and today's are used up")


@dataclass(slots=True, kw_only=True)
class Meter:
    """The tokens of one round: as the server counts them, else estimated from the characters."""

    chars_in: int
    chars_out: int = 0
    usage: Usage = field(default_factory=Usage)

    def count(self, delta: Delta) -> None:
        match delta:
            case TextDelta(text) | ReasoningDelta(text):
                self.chars_out += len(text)
            case CallDelta(call):
                self.chars_out += len(call.name) + len(str(call.arguments or call.raw))
            case Usage():
                self.usage = delta

    @property
    def prompt(self) -> int:
        known = self.usage.prompt
        return self.chars_in // CHARS_PER_TOKEN if known is None else known

    @property
    def completion(self) -> int:
        known = self.usage.completion
        return -(-self.chars_out // CHARS_PER_TOKEN) if known is None else known


def card_of(facts: ModelFacts) -> ModelCard:
    # Where a model file lies is nobody else's affair.
    name = PurePath(facts.name).name if facts.name.startswith(FILE) else facts.name
    return ModelCard(
        name=name[:MODEL_NAME_MAX_CHARS],
        window=facts.context_window,
        tools=facts.calls_tools,
        thinks=facts.thinks,
    )
