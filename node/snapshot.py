"""How a session's open turns stand, folded from the events that the log holds of them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.events import (
    ApprovalRequest,
    ApprovalResolved,
    CitedPlace,
    Done,
    OpenTurn,
    Reasoning,
    Status,
    StoredText,
    Token,
    ToolCallEvent,
    ToolDone,
)
from node.store.events import LoggedEvent
from node.store.messages import StoredMessage
from node.store.turn import Turn, TurnState

TEXT_SHOWN_CHARS = 4_000
"""Of a stored message or a prompt. What a running turn streams is shown whole."""


def open_turns(turns: Iterable[Turn], events: Iterable[LoggedEvent]) -> list[OpenTurn]:
    """Return turns that have not ended with what the log tells of their latest run."""
    runs = _latest_runs(events)
    return [_open_turn(turn, runs.get(turn.turn_id, _Run())) for turn in turns]


def stored_texts(messages: Sequence[StoredMessage]) -> list[StoredText]:
    return [
        StoredText(
            role=message.role,
            content=message.content[:TEXT_SHOWN_CHARS],
            turn_id=message.turn_id,
            state=message.state,
            citations=[CitedPlace.model_validate(place) for place in message.citations],
        )
        for message in messages
    ]


@dataclass(slots=True)
class _Run:
    """What one run of a turn has come to so far."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: dict[str, ToolCallEvent] = field(default_factory=dict)
    approvals: dict[str, ApprovalRequest] = field(default_factory=dict)

    def receive(self, logged: LoggedEvent) -> None:
        match logged.event:
            case Token.event:
                self.text.append(json.loads(logged.data)["delta"])
            case Reasoning.event:
                self.reasoning.append(json.loads(logged.data)["delta"])
            case ToolCallEvent.event:
                call = ToolCallEvent.model_validate_json(logged.data)
                self.calls[call.call_id] = call
            case ToolDone.event:
                self.calls.pop(json.loads(logged.data)["callId"], None)
            case ApprovalRequest.event:
                request = ApprovalRequest.model_validate_json(logged.data)
                self.approvals[request.approval_id] = request
            case ApprovalResolved.event:
                self.approvals.pop(json.loads(logged.data)["approvalId"], None)


def _latest_runs(events: Iterable[LoggedEvent]) -> dict[str, _Run]:
    runs: dict[str, _Run] = {}
    for logged in events:
        if _ends_run(logged):
            runs.pop(logged.turn_id, None)
        else:
            runs.setdefault(logged.turn_id, _Run()).receive(logged)
    return runs


def _ends_run(logged: LoggedEvent) -> bool:
    """Whether a run of the turn ends here: with the turn, or to start over."""
    if logged.event == Status.event:
        return bool(json.loads(logged.data).get("startsOver"))
    return logged.event == Done.event


def _open_turn(turn: Turn, run: _Run) -> OpenTurn:
    return OpenTurn(
        turn_id=turn.turn_id,
        prompt=turn.prompt[:TEXT_SHOWN_CHARS],
        running=turn.state is TurnState.DISPATCHING,
        text="".join(run.text),
        reasoning="".join(run.reasoning),
        calls=list(run.calls.values()),
        approvals=list(run.approvals.values()),
    )
