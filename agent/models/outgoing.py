"""A history as it leaves at the wire: one leading system message, reasoning of the current turn only."""

from collections.abc import Iterable, Sequence

from agent.history import AssistantMessage, Message, ToolMessage, UserMessage, flattened, without_reasoning


def outgoing(messages: Sequence[Message]) -> list[Message]:
    """Join every system message into one that leads, and drop the reasoning of earlier turns."""
    sent = flattened(messages)
    turn = max((at for at, message in enumerate(sent) if isinstance(message, UserMessage)), default=0)
    return without_reasoning(sent[:turn]) + sent[turn:]


def tools_named(messages: Iterable[Message]) -> set[str]:
    """Return the names of all tools that were called in this history."""
    names: set[str] = set()
    for message in messages:
        if isinstance(message, AssistantMessage):
            names.update(call.name for call in message.calls)
        elif isinstance(message, ToolMessage):
            names.add(message.call.name)
    return names
