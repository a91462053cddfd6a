"""The events of turns as one growing text: what streams, what tools do, how it ends. Pure."""

from agent.events import (
    Answer,
    ApprovalRequest,
    ApprovalResolved,
    Compacted,
    Done,
    ErrorEvent,
    Event,
    Reasoning,
    Token,
    ToolCallEvent,
    ToolDone,
)
from node.console.render import (
    Piece,
    Style,
    approval_line,
    approval_question,
    compacted_line,
    escape,
    rest_of_answer,
    tool_line,
)
from node.console.shares import citations_shown, sources_text


class Transcript:
    """Feed it the events of a session in order; it returns the text that each one adds."""

    def __init__(self, *, show_reasoning: bool = False) -> None:
        self.show_reasoning = show_reasoning
        self._open: Style | None = None
        """The style of the line that has no end yet."""
        self._streamed = ""
        self._asked: dict[str, ApprovalRequest] = {}

    def receive(self, event: Event) -> list[Piece]:
        pieces: list[Piece] = []
        match event:
            case Token(delta=delta):
                self._streamed += delta
                pieces = self.text(Style.ANSWER, delta)
            case Reasoning(delta=delta) if self.show_reasoning:
                pieces = self.text(Style.REASONING, delta)
            case Answer():
                pieces = self._answered(event)
            case ToolCallEvent() | ToolDone():
                pieces = self.line(Style.TOOL, tool_line(event))
            case ApprovalRequest():
                self._asked[event.approval_id] = event
                pieces = self.line(Style.QUESTION, approval_question(event))
            case ApprovalResolved() if request := self._asked.pop(event.approval_id, None):
                pieces = self.line(Style.TOOL, approval_line(request, event.decision))
            case Compacted():
                pieces = self.line(Style.NOTE, compacted_line(event))
            case ErrorEvent(message=message):
                pieces = self.line(Style.ERROR, message)
            case Done(reason=reason):
                pieces = self._finish(reason)
        return pieces

    def _answered(self, answer: Answer) -> list[Piece]:
        pieces = self.text(Style.ANSWER, rest_of_answer(self._streamed, answer.text))
        sources = sources_text(citations_shown(answer.citations))
        return [*pieces, *self.line(Style.NOTE, sources)] if sources else pieces

    def starts_over(self, text: str) -> list[Piece]:
        """Show a running turn's text from its beginning; what it showed before no longer counts."""
        self._streamed = text
        return [*self.end(), *self.text(Style.ANSWER, text)]

    def text(self, style: Style, text: str) -> list[Piece]:
        """Append to the running line, or begin a new one when the style changes."""
        if not text:
            return []
        pieces = [] if self._open is style else self.end()
        self._open = None if text.endswith("\n") else style
        return [*pieces, Piece(style=style, text=escape(text))]

    def line(self, style: Style, text: str) -> list[Piece]:
        """Append a whole line."""
        return [*self.end(), Piece(style=style, text=escape(text) + "\n")]

    def end(self) -> list[Piece]:
        """End the running line, if there is one."""
        if self._open is None:
            return []
        ended, self._open = Piece(style=self._open, text="\n"), None
        return [ended]

    def _finish(self, reason: str) -> list[Piece]:
        self._streamed = ""
        self._asked.clear()
        if reason in {"cancelled", "interrupted"}:
            return self.line(Style.NOTE, f"({reason})")
        return self.end()
