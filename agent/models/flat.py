"""A history as it leaves at the wire: one leading system message, reasoning of the current turn only."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from agent.history import AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage


def flattened(messages: Sequence[Message]) -> list[Message]:
    """Join every system message into one that leads, and drop the reasoning of earlier turns."""
    system = "\n\n".join(message.text for message in messages if isinstance(message, SystemMessage))
    rest = [message for message in messages if not isinstance(message, SystemMessage)]
    turn = max((at for at, message in enumerate(rest) if isinstance(message, UserMessage)), default=0)
    kept = [_without_reasoning(message) for message in rest[:turn]] + rest[turn:]
    return [SystemMessage(text=system), *kept] if system else kept


def tools_named(messages: Iterable[Message]) -> set[str]:
    """Return the names of all tools that were called in this history."""
    names: set[str] = set()
    for message in messages:
        if isinstance(message, AssistantMessage):
            names.update(call.name for call in message.calls)
        elif isinstance(message, ToolMessage):
            names.add(message.call.name)
    return names


def _without_reasoning(message: Message) -> Message:
    return replace(message, reasoning="") if isinstance(message, AssistantMessage) else message
