"""How one turn went, round by round: from its stored answer, or from the events of its run so far. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agent.events import (
    ApprovalRequest,
    ApprovalResolved,
    Reasoning,
    Status,
    Token,
    ToolCallEvent,
    ToolDone,
    UsageEvent,
)
from node.store.events import LoggedEvent
from node.store.messages import StoredMessage
from tools.spec import JsonObject


@dataclass(slots=True, kw_only=True)
class Trace:
    """What is known of a turn's latest run; figures are None where nobody reported them."""

    text: str = ""
    reasoning: str = ""
    error: str | None = None
    notices: list[str] = field(default_factory=list)
    doing: str = ""
    """What it says that it does, while it runs."""
    rounds: list[JsonObject] = field(default_factory=list)
    """`agent.events.Round`s."""
    calls: list[JsonObject] = field(default_factory=list)
    """As in the action log, with `state`: `running`, `asking`, `ok` or `failed`."""
    shown_tools: Mapping[str, int] = field(default_factory=dict)
    """The tools that the model saw last, and the tokens of each definition; empty while it runs."""
    citations: list[JsonObject] = field(default_factory=list)
    model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    context_max: int | None = None
    duration_ms: int | None = None


def stored_trace(answer: StoredMessage) -> Trace:
    """Return how a turn went that has ended."""
    return Trace(
        text=answer.content,
        reasoning=answer.reasoning,
        error=answer.error,
        notices=list(answer.notices),
        rounds=list(answer.rounds),
        calls=[{**call, "state": ended_as(call)} for call in answer.tool_calls],
        shown_tools=answer.shown_tools,
        citations=list(answer.citations),
        model=answer.model,
        tokens_in=answer.tokens_in,
        tokens_out=answer.tokens_out,
        context_max=answer.context_max,
        duration_ms=answer.execution_time_ms,
    )


def ended_as(call: Mapping[str, object]) -> str:
    """Return the state of a call of an action log; what was denied did not fail."""
    return "ok" if call.get("ok") else "denied" if call.get("denied") else "failed"


def running_trace(events: Iterable[LoggedEvent]) -> Trace:
    """Return how a turn goes that has not ended, from what the log holds of it."""
    run = _Run()
    for logged in events:
        if logged.event == Status.event and json.loads(logged.data).get("startsOver"):
            run = _Run()
        run.receive(logged)
    return run.trace()


@dataclass(slots=True)
class _Run:
    known: Trace = field(default_factory=Trace)
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: dict[str, dict[str, object]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    """Which call each open question is about."""

    def receive(self, logged: LoggedEvent) -> None:
        match logged.event:
            case Token.event:
                self.texts.append(json.loads(logged.data)["delta"])
            case Reasoning.event:
                self.thoughts.append(json.loads(logged.data)["delta"])
            case Status.event:
                self.known.doing = json.loads(logged.data)["text"]
            case UsageEvent.event:
                self._counted(UsageEvent.model_validate_json(logged.data))
            case ToolCallEvent.event:
                self._called(ToolCallEvent.model_validate_json(logged.data))
            case ToolDone.event:
                self._done(ToolDone.model_validate_json(logged.data))
            case ApprovalRequest.event:
                self._asked(ApprovalRequest.model_validate_json(logged.data))
            case ApprovalResolved.event:
                self._resolved(ApprovalResolved.model_validate_json(logged.data))

    def trace(self) -> Trace:
        self.known.text, self.known.reasoning = "".join(self.texts), "".join(self.thoughts)
        self.known.calls = list(self.calls.values())
        return self.known

    def _counted(self, usage: UsageEvent) -> None:
        self.known.model, self.known.context_max = usage.model, usage.context_window
        self.known.tokens_in, self.known.tokens_out = usage.prompt_tokens, usage.completion_tokens
        if usage.round is not None:
            self.known.rounds.append(usage.round.model_dump(mode="json"))

    def _called(self, call: ToolCallEvent) -> None:
        before = self.calls.get(call.call_id, {})
        self.calls[call.call_id] = {
            **_open_call(call.call_id, call.name, call.args, "running"),
            "startedMs": call.started_ms,
            "permission": before.get("permission", ""),
        }

    def _done(self, done: ToolDone) -> None:
        call = self.calls.setdefault(done.call_id, _open_call(done.call_id, done.name, {}, "running"))
        call |= {
            "state": ended_as({"ok": done.ok, "denied": done.denied}),
            "ok": done.ok,
            "result": done.result,
            "durationMs": done.duration_ms,
            "startedMs": done.started_ms,
            "permission": done.permission,
            "reused": done.reused,
        }

    def _asked(self, request: ApprovalRequest) -> None:
        self.asked[request.approval_id] = request.call_id
        call = _open_call(request.call_id, request.tool, request.args, "asking")
        self.calls[request.call_id] = {**call, "permission": request.reason}

    def _resolved(self, resolved: ApprovalResolved) -> None:
        call = self.calls.get(self.asked.pop(resolved.approval_id, ""))
        if call is not None:
            call |= {
                "state": "running",
                "permission": f"{resolved.decision}; asked because {call['permission']}",
            }


def _open_call(call_id: str, name: str, arguments: Mapping[str, object], state: str) -> dict[str, object]:
    return {
        "callId": call_id,
        "name": name,
        "arguments": dict(arguments),
        "state": state,
        "ok": None,
        "result": "",
        "durationMs": None,
        "startedMs": None,
        "permission": "",
        "reused": False,
    }
