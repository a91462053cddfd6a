"""How a turn ends: its outcome is kept, then told, whatever the desk and the canceller do meanwhile."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace

from agent.calls import Caller, tool_done
from agent.citations import citations
from agent.context import tokens_of
from agent.desk import Desk, TurnOutcome
from agent.errors import Failure, failure_of
from agent.events import Answer, CitedPlace, Done, ErrorEvent, TurnEvent
from agent.models.base import ModelFacts
from agent.toolbox import Toolbox
from agent.transcript import Transcript

logger = logging.getLogger(__name__)

ENDING_TIMEOUT_S = 5.0
"""How long a desk may take to keep the outcome, and again to show the end."""

NOT_KEPT = Failure(code="internal_error", message="internal error: the answer could not be stored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    text: str
    failure: Failure | None = None
    cancelled: bool = False


async def finish(
    desk: Desk,
    caller: Caller,
    transcript: Transcript,
    ending: Ending,
    *,
    model: ModelFacts,
    toolbox: Toolbox,
) -> TurnOutcome:
    """Keep the outcome, then tell it; neither a broken store nor a broken watcher can hold the turn."""
    why = "the turn was cancelled" if ending.cancelled else "the turn ended before a result came"
    abandoned = transcript.close_open_calls(why)
    outcome = _outcome(caller, transcript, ending, model=model, toolbox=toolbox)
    if (unkept := await _kept(desk, outcome)) is not None:
        ending = replace(ending, failure=ending.failure or unkept)
        outcome = _outcome(caller, transcript, ending, model=model, toolbox=toolbox)
    closing = [tool_done(caller, record) for record in abandoned]
    await _show_all(desk, [*closing, *_last_events(caller, ending, outcome)])
    return outcome


async def to_the_end(work: Coroutine[None, None, TurnOutcome]) -> TurnOutcome:
    """Finish work that has its own time limit, and be cancelled only then."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _last_events(caller: Caller, ending: Ending, outcome: TurnOutcome) -> list[TurnEvent]:
    ids = {"turn_id": caller.turn_id, "session_id": caller.session_id}
    if ending.cancelled:
        return [Done(**ids, reason="cancelled")]
    if ending.failure is not None:
        failure = ending.failure
        return [
            ErrorEvent(**ids, message=failure.message, code=failure.code),
            Done(**ids, reason="failed"),
        ]
    sources = [CitedPlace.model_validate(each, from_attributes=True) for each in outcome.citations]
    return [Answer(**ids, text=ending.text, citations=sources), Done(**ids, reason="answered")]


def _outcome(
    caller: Caller, transcript: Transcript, ending: Ending, *, model: ModelFacts, toolbox: Toolbox
) -> TurnOutcome:
    failure = ending.failure
    return TurnOutcome(
        turn_id=caller.turn_id,
        text=ending.text,
        reasoning=transcript.reasoning,
        error=failure.message if failure else None,
        code=failure.code if failure else "",
        transient=failure.transient if failure else False,
        cancelled=ending.cancelled,
        calls=tuple(transcript.calls),
        rounds=tuple(transcript.rounds),
        citations=citations(ending.text, transcript.calls),
        usage=transcript.usage,
        context_window=model.context_window,
        model=model.name,
        duration_ms=transcript.duration_ms,
        notices=tuple(transcript.notices),
        groups=tuple(toolbox.active),
        shown={tool.name: tokens_of(tool) for tool in toolbox.shown},
    )


async def _kept(desk: Desk, outcome: TurnOutcome) -> Failure | None:
    """Have the desk keep the outcome; return why it could not."""
    try:
        async with asyncio.timeout(ENDING_TIMEOUT_S):
            await desk.conclude(outcome)
    except Exception as error:
        logger.exception("the outcome of turn %s could not be kept", outcome.turn_id)
        return failure_of(error) or NOT_KEPT
    return None


async def _show_all(desk: Desk, events: Sequence[TurnEvent]) -> None:
    """Show the last events; one that cannot be shown does not keep the next from being shown."""
    try:
        async with asyncio.timeout(ENDING_TIMEOUT_S):
            for event in events:
                await _show(desk, event)
    except TimeoutError:
        logger.warning("the end of turn %s could not be shown in time", events[-1].turn_id)


async def _show(desk: Desk, event: TurnEvent) -> None:
    try:
        await desk.emit(event)
    except Exception:
        logger.exception("the event %s of turn %s could not be shown", event.event, event.turn_id)
