"""What a list shows of a session, and how it is read from the store."""

import sqlite3
from dataclasses import dataclass


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
    links: int = 0
    """Chat links at which others can read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over what was reported; the context is that of the last answer that says so.

    None is "not reported by any answer"; zero, that there was none yet.
    """

    messages: int
    tokens_in: int | None
    tokens_out: int | None
    context_used: int | None
    context_max: int | None
    cost: float = 0.0
    """No server that a node talks to reports a price, so there is nothing to add up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    session: Session
    excerpt: str
    """The text around the words that were found; "" when the title alone has them."""


COLUMNS = (
    "SELECT s.id, s.title, s.created_at, s.last_message_at, s.pinned, s.archived,"
    " (SELECT count(*) FROM messages m WHERE m.session_id = s.id) AS message_count,"
    " (SELECT count(*) FROM chat_links l WHERE l.session_id = s.id) AS links"
)
SESSIONS = COLUMNS + " FROM sessions s "


def session_of(row: sqlite3.Row) -> Session:
    return Session(
        id=row["id"],
        title=row["title"],
        created_at=row["created_at"],
        last_message_at=row["last_message_at"],
        pinned=bool(row["pinned"]),
        archived=bool(row["archived"]),
        message_count=row["message_count"],
        links=row["links"],
    )
