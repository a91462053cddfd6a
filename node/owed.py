"""The events that are true of a turn by what is stored, and that a killed node did not get into the log."""

from collections.abc import Collection
from dataclasses import replace

from agent.events import Answer, Done, ErrorEvent, Queued, TurnEvent
from node.store.messages import StoredMessage
from node.store.turn import Turn, TurnState


def owed_events(turn: Turn, answer: StoredMessage | None, logged: Collection[str]) -> list[TurnEvent]:
    """Return what has to be told of a turn whose log holds only the events named in `logged`."""
    ids = {"turn_id": turn.turn_id, "session_id": turn.session_id}
    begin: list[TurnEvent] = [Queued(**ids, position=0, prompt=turn.prompt)]
    # A `done` in the log may be that of an interrupted run.
    return [
        event
        for event in [*begin, *_end(turn, answer)]
        if event.event not in logged or isinstance(event, Done)
    ]


def without_answer(turn: Turn, why: str, logged: Collection[str]) -> Turn:
    """Return how to tell of a turn whose answer cannot be read: as failed, unless the log has the answer."""
    if turn.state is not TurnState.SENT or Answer.event in logged:
        return turn
    return replace(turn, state=TurnState.FAILED, last_error=why)


def _end(turn: Turn, answer: StoredMessage | None) -> list[TurnEvent]:
    ids = {"turn_id": turn.turn_id, "session_id": turn.session_id}
    match turn.state:
        case TurnState.SENT:
            return [Answer(**ids, text=answer.content if answer else ""), Done(**ids, reason="answered")]
        case TurnState.FAILED:
            return [ErrorEvent(**ids, message=turn.last_error or ""), Done(**ids, reason="failed")]
        case TurnState.CANCELLED:
            return [Done(**ids, reason="cancelled")]
        case _:
            return []
