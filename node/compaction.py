"""Older turns become one summary: before a turn that would not fit its window, or when the owner asks."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from agent.compact import (
    FIXED_TOKENS,
    Exchange,
    exchanges,
    extract,
    is_due,
    seam,
    summary_request,
)
from agent.context import CHARS_PER_TOKEN, estimated_tokens
from agent.errors import TurnError
from agent.events import Compacted, FocusedContext, Status
from agent.history import UserMessage
from agent.limits import Limits
from agent.models.base import TRANSIENT, ErrorKind, Model, ModelError
from agent.prompt import context_message
from agent.single import single_reply
from node.choices import limits_of, options_of, within
from node.model_choice import ModelChoice
from node.past import placed
from node.settings import Settings
from node.store.messages import Role, StoredMessage
from node.store.summaries import SummaryStore
from node.store.turn import ClaimedTurn
from node.streams import Streams

logger = logging.getLogger(__name__)

SUMMARY_TIMEOUT_S = 120.0
SUMMARY_MAX_CHARS = 8_000
AWAY = TRANSIENT | {ErrorKind.UNREACHABLE, ErrorKind.NO_MODEL}
BY_HAND_KEEPS = 1
"""Turns that stay word for word when the owner asks for a summary."""


class NothingToCompact(Exception):
    def __init__(self, session_id: str) -> None:
        super().__init__(f"session {session_id!r} has nothing to summarise: its last turn stays as it is")


class AlreadyCompacting(Exception):
    def __init__(self, session_id: str) -> None:
        super().__init__(f"session {session_id!r} is being summarised already")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is summarised, and where the rest begins."""

    session_id: str
    model: Model
    window: int | None
    older: Sequence[Exchange]
    seam_at: int
    last: StoredMessage
    """The last message that the summary covers."""
    by_hand: bool
    """The owner asked for it."""


class Compaction:
    def __init__(
        self, *, summaries: SummaryStore, streams: Streams, settings: Settings, models: ModelChoice
    ) -> None:
        self._summaries = summaries
        self._streams = streams
        self._settings = settings
        self._models = models
        self._compacting: set[str] = set()
        self._tasks: set[asyncio.Task[Compacted | None]] = set()

    async def make_room(self, turn: ClaimedTurn, past: Sequence[StoredMessage], model: Model) -> bool:
        """Summarise older turns when this one would fill the window up to the owner's share.

        `past` is what the turn reads; True says that it reads something else now.
        """
        window, share = self._window(model), self._settings.number("agent.compactAt")
        if window is None or not share or not past or not is_due(tokens_of(past, turn), window, share):
            return False
        if (plan := await self._plan(turn.session_id, model, past)) is None:
            return False
        await self._say(turn, f"summarising {len(plan.older)} earlier turns to make room")
        if turn.session_id not in self._compacting:
            self._compacting.add(turn.session_id)
            with suppress(ModelError):  # the turn meets the same, and says so
                return await self._carry_out(plan, turn.turn_id) is not None
        return False

    async def plan(self, session_id: str) -> Plan:
        """Return what to summarise on request; raises `NothingToCompact`."""
        past = await self._summaries.readable(session_id)
        plan = await self._plan(session_id, await self._models.current(), past, at_most=BY_HAND_KEEPS)
        if plan is None:
            raise NothingToCompact(session_id)
        return plan

    def start(self, plan: Plan) -> asyncio.Task[Compacted | None]:
        """Summarise beside everything else, and tell who follows; raises `AlreadyCompacting`.

        Returns None when the session changed meanwhile.
        """
        if plan.session_id in self._compacting:
            raise AlreadyCompacting(plan.session_id)
        self._compacting.add(plan.session_id)
        task = asyncio.create_task(self._carry_out(plan, uuid4().hex), name="compaction")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Compacted | None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("a session could not be summarised", exc_info=error)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _plan(
        self, session_id: str, model: Model, past: Sequence[StoredMessage], *, at_most: int | None = None
    ) -> Plan | None:
        window = self._window(model)
        unsettled = await self._summaries.settled_until(session_id)
        settled = [each for each in past if unsettled is None or each.position < unsettled or each.seam_at]
        whole = exchanges(placed(settled))
        older = seam(whole, window, at_most=at_most)
        if not older or (older == 1 and settled[0].seam_at is not None):
            return None
        seam_at = whole[older].place if older < len(whole) else settled[-1].position + 1
        covered = [each for each in settled if each.seam_at is not None or each.position < seam_at]
        return Plan(
            session_id=session_id,
            model=model,
            window=window,
            older=whole[:older],
            seam_at=seam_at,
            last=covered[-1],
            by_hand=at_most is not None,
        )

    async def _carry_out(self, plan: Plan, turn_id: str) -> Compacted | None:
        """Write the summary, store it, tell it."""
        try:
            text, by_model = await self._summary(plan)
            model = plan.model.facts.name if by_model else ""
            if not await self._summaries.add(
                plan.session_id, text, seam_at=plan.seam_at, last=plan.last, model=model
            ):
                return None
        finally:
            self._compacting.discard(plan.session_id)
        told = Compacted(
            turn_id=turn_id,
            session_id=plan.session_id,
            summary=text,
            turns=len(plan.older),
            by_model=by_model,
        )
        await self._streams.publish(plan.session_id, told)
        return told

    async def _summary(self, plan: Plan) -> tuple[str, bool]:
        """Return the summary, and whether the model wrote it; else it is the first words of each message.

        Raises `ModelError` before a turn that will meet the same: a poor summary would be there for good.
        """
        if plan.model.facts.provider != "rules":
            request = summary_request(plan.older, plan.window, options_of(self._settings))
            try:
                text = await single_reply(
                    plan.model, request, limits=self._limits(), max_chars=SUMMARY_MAX_CHARS
                )
            except (ModelError, TurnError) as error:
                if not plan.by_hand and is_away(error):
                    raise
                logger.warning("%s could not summarise: %s", plan.model.facts.label, error)
            else:
                if text.strip():
                    return text.strip(), True
        return extract(plan.older, plan.window), False

    def _limits(self) -> Limits:
        return within(limits_of(self._settings), SUMMARY_TIMEOUT_S)

    def _window(self, model: Model) -> int | None:
        """Return the window as it is loaded; before that, what the owner has Ollama load."""
        if model.facts.context_window is None and model.facts.provider == "ollama":
            return self._settings.whole_or_none("agent.orchestrator.contextSize")
        return model.facts.context_window

    async def _say(self, turn: ClaimedTurn, text: str) -> None:
        status = Status(turn_id=turn.turn_id, session_id=turn.session_id, text=text)
        await self._streams.publish(turn.session_id, status)


def is_away(error: ModelError | TurnError) -> bool:
    """Whether the model does not answer at all for now."""
    return isinstance(error, ModelError) and error.kind in AWAY


def tokens_of(past: Sequence[StoredMessage], turn: ClaimedTurn) -> int:
    """Return what a turn's prompt will take, by the server's last count where that still tells."""
    focused = context_message(FocusedContext.model_validate(turn.context)) if turn.context else None
    new = estimated_tokens([UserMessage(text=turn.prompt), *([focused] if focused else [])])
    last = past[-1] if past else None
    if last is None or last.context_used is None or not _still_tells(last, past[0]):
        return FIXED_TOKENS + estimated_tokens(message for _, message in placed(past)) + new
    return last.context_used + len(last.content) // CHARS_PER_TOKEN + new


def _still_tells(last: StoredMessage, first: StoredMessage) -> bool:
    """Whether an answer's count holds for the next prompt, which replays no calls and may hold a summary."""
    is_before_summary = first.seam_at is not None and last.id < first.id
    return last.role is Role.AGENT and not last.tool_calls and not is_before_summary
