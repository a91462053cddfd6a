"""The conversation as the model sees it: four kinds of message, and the rules that keep a list of them valid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tools.spec import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One tool call that a model asked for."""

    id: str
    """Ours, unique in the turn: servers repeat ids or send none."""
    name: str
    arguments: JsonObject | None
    """None when the model's text could not be read as a JSON object; `raw` then holds what it sent."""
    raw: str = ""
    server_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemMessage:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMessage:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantMessage:
    text: str
    reasoning: str = ""
    """Replayed to the server inside the current turn only."""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolMessage:
    call: Call
    text: str
    ok: bool = True


Message: TypeAlias = SystemMessage | UserMessage | AssistantMessage | ToolMessage
History: TypeAlias = Sequence[Message]
