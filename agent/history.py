"""The conversation as the model sees it: four kinds of message, and what keeps a list of them valid."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from agent.events import HistoryItem
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


def sanitised(items: Iterable[HistoryItem]) -> list[Message]:
    """Keep what a client may tell of the past: what the user and the assistant said, as text."""
    said: list[Message] = []
    for item in items:
        match item.role:
            case "user" if item.content:
                said.append(UserMessage(text=item.content))
            case "assistant" if item.content:
                said.append(AssistantMessage(text=item.content))
    return said


def with_calls_closed(messages: Iterable[Message], *, error: str) -> list[Message]:
    """Give every call one result, in the place where servers want it; drop results that nobody asked for."""
    closed: list[Message] = []
    open_calls: dict[str, Call] = {}

    def close() -> None:
        closed.extend(
            ToolMessage(call=call, text=f"error: {error}", ok=False) for call in open_calls.values()
        )
        open_calls.clear()

    for message in messages:
        if isinstance(message, ToolMessage):
            if open_calls.pop(message.call.id, None):
                closed.append(message)
            continue
        close()
        closed.append(message)
        if isinstance(message, AssistantMessage):
            open_calls = {call.id: call for call in message.calls}
    close()
    return closed


def without_reasoning(messages: Iterable[Message]) -> list[Message]:
    """Drop the reasoning of older turns, which is never replayed."""
    return [
        replace(message, reasoning="") if isinstance(message, AssistantMessage) else message
        for message in messages
    ]


def flattened(messages: Sequence[Message]) -> list[Message]:
    """Join all system messages into one that leads: many chat templates know no other place for them."""
    system = [message.text for message in messages if isinstance(message, SystemMessage)]
    rest: list[Message] = [message for message in messages if not isinstance(message, SystemMessage)]
    return [SystemMessage(text="\n\n".join(system)), *rest] if system else rest
