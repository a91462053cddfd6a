"""Stored conversations: their list, their messages, and the search over both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from node.store.db import Database
from tools.spec import JsonObject


class NoSuchSession(LookupError):
    """There is no session of this id."""


class Role(StrEnum):
    USER = "user"
    AGENT = "agent"
    SYSTEM = "system"
    TOOL = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a list shows of a session."""

    id: str
    title: str
    created_at: float
    last_message_at: float
    pinned: bool = False
    archived: bool = False
    message_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    id: int
    session_id: str
    role: Role
    content: str
    created_at: float
    turn_id: str | None = None
    reasoning: str = ""
    state: str = "complete"
    """`complete`, `failed` or `cancelled`."""
    error: str | None = None
    tool_calls: Sequence[JsonObject] = ()
    """The turn's action log, as `agent.desk.CallRecord` has it, in camel case."""
    tokens_in: int | None = None
    tokens_out: int | None = None
    context_used: int | None = None
    context_max: int | None = None
    execution_time_ms: int | None = None
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    messages: int
    tokens_in: int
    tokens_out: int
    context_used: int
    context_max: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    session: Session
    excerpt: str
    """The text around the words that were found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message that is written by hand or imported, not by a turn."""

    role: Role
    content: str


class SessionStore:
    """A session comes into being with its first message (`TurnStore.submit`), so an empty chat leaves no row."""

    def __init__(self, db: Database, *, clock: Callable[[], float]) -> None: ...

    async def list(self, *, archived: bool = False, limit: int = 500) -> Sequence[Session]:
        """Return sessions, pinned first, then by their last message."""
        raise NotImplementedError

    async def get(self, session_id: str) -> Session:
        """Return one session or raise `NoSuchSession`."""
        raise NotImplementedError

    async def messages(self, session_id: str) -> Sequence[StoredMessage]:
        """Return the transcript in order; empty when there is no such session."""
        raise NotImplementedError

    async def update(
        self,
        session_id: str,
        *,
        title: str | None = None,
        pinned: bool | None = None,
        archived: bool | None = None,
        messages: Sequence[Draft] | None = None,
    ) -> Session:
        """Change what is given; `messages` replaces the transcript. Raise `NoSuchSession` or `SessionBusy`."""
        raise NotImplementedError

    async def delete(self, session_id: str) -> bool:
        """Delete a session with all that belongs to it; False when there was none."""
        raise NotImplementedError

    async def totals(self, session_id: str) -> Totals:
        raise NotImplementedError

    async def search(self, text: str, *, limit: int = 50) -> Sequence[Hit]:
        """Find sessions, archived ones too, whose title or messages hold words that begin like these."""
        raise NotImplementedError
