"""What a stored turn came to, for whoever asks the same again."""

from agent.desk import CallRecord, Citation, TurnOutcome
from agent.events import CitedPlace
from agent.models.base import Usage
from node.store.messages import StoredMessage
from node.store.turn import Turn, TurnState
from tools.spec import JsonObject

ENDED = frozenset({TurnState.SENT, TurnState.FAILED, TurnState.CANCELLED})


def stored_outcome(turn: Turn, answer: StoredMessage | None) -> TurnOutcome:
    """Return the outcome of a turn that has ended, as far as the store keeps it."""
    if turn.state is TurnState.CANCELLED or answer is None:
        return TurnOutcome(turn_id=turn.turn_id, text="", cancelled=True)
    return TurnOutcome(
        turn_id=turn.turn_id,
        text=answer.content,
        reasoning=answer.reasoning,
        error=answer.error,
        code="" if answer.error is None else "turn_failed",
        calls=tuple(_record(call) for call in answer.tool_calls),
        citations=tuple(_citation(place) for place in answer.citations),
        usage=Usage(prompt=answer.tokens_in, completion=answer.tokens_out),
        context_window=answer.context_max,
        model=answer.model,
        duration_ms=answer.execution_time_ms or 0,
        notices=tuple(answer.notices),
    )


def _citation(place: JsonObject) -> Citation:
    return Citation(**CitedPlace.model_validate(place).model_dump())


def _record(call: JsonObject) -> CallRecord:
    arguments, spent = call.get("arguments"), call.get("durationMs")
    return CallRecord(
        call_id=str(call.get("callId", "")),
        name=str(call.get("name", "")),
        arguments=arguments if isinstance(arguments, dict) else None,
        ok=bool(call.get("ok")),
        result=str(call.get("result", "")),
        duration_ms=spent if isinstance(spent, int) else 0,
    )
