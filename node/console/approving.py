"""How an approval is answered in a terminal: the keys, and the call's arguments as text to edit. Pure."""

import json
import re
from collections.abc import Mapping, Sequence

from agent.events import ApprovalRequest, Decision
from node.console.render import escape

APPROVAL_KEYS: Mapping[str, Decision] = {
    "y": "allow_once",
    "s": "allow_session",
    "a": "allow_always",
    "n": "deny",
}
EDIT_KEY = "e"

_NAMES: Mapping[Decision, str] = {
    "allow_once": "once",
    "allow_session": "session",
    "allow_always": "always",
    "deny": "no",
}


def choices(request: ApprovalRequest, *, can_edit: bool) -> str:
    """Return the keys that count for this question, as `[y] once  [n] no`."""
    named = [(key, _NAMES[each]) for key, each in APPROVAL_KEYS.items() if each in request.decisions]
    if can_edit and request.editable:
        named.insert(-1, (EDIT_KEY, "edit"))
    return "  ".join(f"[{key}] {name}" for key, name in named)


def decision_of(key: str, offered: Sequence[Decision]) -> Decision | None:
    """Return what a key says; None for a key that does not count here."""
    decision = APPROVAL_KEYS.get(key)
    return decision if decision in offered else None


def as_editable(arguments: Mapping[str, object]) -> str:
    """Write arguments as JSON that can be edited and steers no terminal."""
    text = json.dumps(arguments, ensure_ascii=False, indent=2)
    return "".join(character if escape(character) == character else _code(character) for character in text)


def read_edited(text: str) -> dict[str, object]:
    """Read what was edited; raises `ValueError` with a sentence."""
    try:
        edited = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        where = re.sub(r" \(char \d+\)", "", str(error))
        raise ValueError(f"this is no JSON: {where}") from None
    if not isinstance(edited, dict):
        raise ValueError("arguments are one JSON object: { … }")  # noqa: TRY004  a wrong value was typed
    return edited


def _code(character: str) -> str:
    return json.dumps(character)[1:-1] if not character.isascii() else f"\\u{ord(character):04x}"


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
