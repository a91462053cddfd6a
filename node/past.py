"""A stored conversation as the model reads it: what was said, not how it was found out."""

from collections.abc import Iterable, Sequence

from agent.compact import as_told
from agent.history import AssistantMessage, Message, UserMessage
from node.store.messages import Role, StoredMessage


def told_before(stored: Iterable[StoredMessage]) -> list[Message]:
    return [message for _, message in placed(stored)]


def placed(stored: Iterable[StoredMessage]) -> list[tuple[int, Message]]:
    """Return what was said, each with its place in the transcript."""
    return [(each.position, message) for each in stored for message in _said(each)]


def _said(stored: StoredMessage) -> Sequence[Message]:
    if stored.seam_at is not None:
        return as_told(stored.content)
    match stored.role:
        case Role.USER:
            return (UserMessage(text=stored.content),)
        case Role.AGENT if stored.content:
            return (AssistantMessage(text=stored.content),)
        case _:
            return ()
