"""How a turn looks in a terminal: text from strangers made harmless, and events as lines. Pure."""

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from agent.events import ApprovalRequest, Compacted, ToolCallEvent, ToolDone

LINE_MAX_CHARS = 160
"""A tool's arguments or result take one line; the whole text is in the session."""

# Everything that moves a cursor, rings, recolours or reorders: C0 but tab and newline, C1, bidirectional
# controls, line separators, lone surrogates (which cannot even be printed), tag characters.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class Style(StrEnum):
    """Who or what a piece of text comes from; the colour follows."""

    ANSWER = "answer"
    REASONING = "reasoning"
    TOOL = "tool"
    QUESTION = "question"
    NOTE = "note"
    ERROR = "error"
    YOU = "you"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Text to append. It is safe to print, and a change of style comes at the start of a line only."""

    style: Style
    text: str


def escape(text: str) -> str:
    """Return text that cannot steer a terminal: what would is shown as its code, carriage returns go."""
    return _UNSAFE.sub(_as_code, text.replace("\r", ""))


def one_line(text: str, limit: int = LINE_MAX_CHARS) -> str:
    """Return text on one line, safe to print, cut at the limit."""
    line = escape(" ".join(text.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def context_text(used: int | None, window: int | None) -> str:
    """Return how full the window is, as `context 2.5K / 8.2K (31%)`; what is not known is `?`."""
    if used is None and window is None:
        return "context ?"
    share = "" if used is None or not window else f" ({min(100, round(100 * used / window))}%)"
    return f"context {_thousands(used)} / {_thousands(window)}{share}"


def _thousands(count: int | None) -> str:
    if count is None:
        return "?"
    return str(count) if count < 1_000 else f"{count / 1_000:.1f}K"


def compacted_line(event: Compacted) -> str:
    """Return the seam that shows where a summary takes over."""
    how = "" if event.by_model else "; no model wrote it"
    turns = "turn is" if event.turns == 1 else "turns are"
    return f"── {event.turns} earlier {turns} read as a summary from here on{how} ──"


def tool_line(event: ToolCallEvent | ToolDone) -> str:
    return tool_call_line(event) if isinstance(event, ToolCallEvent) else tool_done_line(event)


def tool_call_line(event: ToolCallEvent) -> str:
    return f"→ {one_line(event.name)} {one_line(as_json(event.args))}"


def tool_done_line(event: ToolDone) -> str:
    mark = "✓" if event.ok else "✗"
    return f"{mark} {one_line(event.name)} ({event.duration_ms} ms) {one_line(event.result)}"


def approval_question(request: ApprovalRequest) -> str:
    """Return the question with everything the owner decides about: the tool, why it asks, every argument."""
    head = f"{one_line(request.tool)} asks to run ({one_line(request.reason)})"
    arguments = [f"  {one_line(name)}: {_indented(as_text(value))}" for name, value in request.args.items()]
    change = [f"  what it changes:\n    {_indented(request.change)}"] if request.change else []
    return "\n".join([head, *arguments, *change])


def _indented(text: str) -> str:
    """Return a value whose further lines stand further in: none can pass for another argument."""
    return escape(text).replace("\n", "\n    ")


def approval_line(request: ApprovalRequest, decision: str) -> str:
    said = {
        "allow_once": "allowed once",
        "allow_session": "allowed for this session",
        "allow_always": "allowed always",
        "deny": "denied",
    }
    return f"  {said.get(decision, 'denied: nobody answered in time')}: {one_line(request.tool)}"


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def as_text(value: object) -> str:
    return value if isinstance(value, str) else as_json(value)


def rest_of_answer(streamed: str, answer: str) -> str:
    """Return what is still to be shown when the answer, which has the last word, is not what was streamed."""
    if streamed.rstrip().endswith(answer.strip()):
        return ""
    if answer.startswith(streamed):
        return answer[len(streamed) :]
    return answer if not streamed or streamed.endswith("\n") else "\n" + answer


def _as_code(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
