"""What a turn came to, as the JSON that `palaver ask --json` prints. Pure."""

from agent.events import Answer, CitedPlace, Done, ErrorEvent, ToolDone, TurnEvent, UsageEvent

NOT_USAGE = {"turn_id", "session_id", "round"}
"""Fields of the event that say where it belongs, and those of its last round alone."""


class Report:
    """Feed it the events of one turn."""

    def __init__(self, turn_id: str) -> None:
        self.ok = False
        self._turn_id = turn_id
        self.session_id: str | None = None
        self._answer: str | None = None
        self._citations: list[CitedPlace] = []
        self._error: str | None = None
        self._code: str | None = None
        self._usage: UsageEvent | None = None
        self._calls: list[dict[str, object]] = []

    def receive(self, event: TurnEvent) -> None:
        self.session_id = event.session_id or self.session_id
        match event:
            case Answer(text=text, citations=citations):
                self._answer, self._citations = text, citations
            case ErrorEvent(message=message, code=code):
                self._error, self._code = message, code
            case UsageEvent():
                self._usage = event
            case ToolDone():
                self._calls.append({"name": event.name, "ok": event.ok, "durationMs": event.duration_ms})
            case Done(reason=reason):
                self.ok = reason == "answered"
                if not self.ok:
                    self._error, self._code = self._error or f"the turn was {reason}", self._code or reason

    def as_json(self) -> dict[str, object]:
        """Return the answer or the error, and what it took."""
        return {
            "ok": self.ok,
            "sessionId": self.session_id,
            "turnId": self._turn_id,
            **({"answer": self._answer} if self.ok else {"error": self._error, "code": self._code}),
            "usage": self._usage and self._usage.model_dump(mode="json", exclude=NOT_USAGE),
            "citations": [place.model_dump(mode="json") for place in self._citations],
            "toolCalls": self._calls,
        }
