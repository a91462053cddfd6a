"""What an owner who looks elsewhere wants to be called back for. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from agent.events import ApprovalRequest, Done, Event
from node.console.conversation import Conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    what: str
    """What the agent did, in fixed words: a terminal's title shows it."""
    took_s: float
    """How long it took; a question always took long enough."""


_ENDS: Mapping[str, str] = {"answered": "has answered", "failed": "has failed"}
"""A turn that its owner stopped is no news, and one that was cut short goes on by itself."""


class NewsWatch:
    def __init__(self) -> None:
        self._asked = ""
        """The question that was told of last."""
        self._running: str | None = None
        self._began = 0.0

    def of(self, event: Event, conversation: Conversation, *, now: float) -> News | None:
        """Return what is news in an event that the conversation has taken; what is replayed is none."""
        ended, took_s = self._running, now - self._began
        if conversation.running != ended:
            self._running, self._began = conversation.running, now
        match event:
            case ApprovalRequest(approval_id=asked) if asked != self._asked and conversation.asks(asked):
                self._asked = asked
                return News(what="asks you", took_s=math.inf)
            case Done(turn_id=turn_id, reason=reason) if turn_id == ended and reason in _ENDS:
                return News(what=_ENDS[reason], took_s=took_s)
        return None
