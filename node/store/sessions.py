"""Stored conversations: their list, their messages, and the search over both."""

import re
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from node.store.db import Database, storable
from node.store.errors import NoSuchSession, SessionBusy
from node.store.messages import Draft, StoredMessage, add_drafts, stored_message

TITLE_MAX_CHARS = 60
LIST_MAX = 500
SEARCH_MAX_WORDS = 16


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
class Totals:
    """Sums over what was reported; the context is that of the last answer."""

    messages: int
    tokens_in: int
    tokens_out: int
    context_used: int
    context_max: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    session: Session
    excerpt: str
    """The text around the words that were found; "" when the title alone has them."""


class SessionStore:
    """A session comes into being with its first message, so an empty chat leaves no row."""

    def __init__(self, db: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._db = db
        self._clock = clock

    async def list(self, *, archived: bool = False, limit: int = LIST_MAX) -> Sequence[Session]:
        """Return sessions, pinned first, then by their last message."""
        rows = await self._db.rows(
            _SESSIONS + "WHERE archived = ? ORDER BY pinned DESC, last_message_at DESC, s.rowid DESC LIMIT ?",
            (archived, limit),
        )
        return [_session(row) for row in rows]

    async def get(self, session_id: str) -> Session:
        """Return one session or raise `NoSuchSession`."""
        rows = await self._db.rows(_SESSIONS + "WHERE s.id = ?", (session_id,))
        if not rows:
            raise NoSuchSession(session_id)
        return _session(rows[0])

    async def messages(self, session_id: str) -> Sequence[StoredMessage]:
        """Return the transcript in order; empty when there is no such session."""
        rows = await self._db.rows(
            "SELECT * FROM messages WHERE session_id = ?"
            # A summary stands at its seam, before the turn that begins there.
            " ORDER BY coalesce(seam_at, position), seam_at IS NULL, position",
            (session_id,),
        )
        return [stored_message(row) for row in rows]

    async def latest(self, session_id: str, limit: int) -> tuple[int, Sequence[StoredMessage]]:
        """Return how long the transcript is, and its last messages in order."""
        counted = await self._db.rows("SELECT count(*) FROM messages WHERE session_id = ?", (session_id,))
        rows = await self._db.rows(
            "SELECT * FROM messages WHERE session_id = ? ORDER BY position DESC LIMIT ?", (session_id, limit)
        )
        return counted[0][0], [stored_message(row) for row in reversed(rows)]

    async def update(
        self,
        session_id: str,
        *,
        title: str | None = None,
        pinned: bool | None = None,
        archived: bool | None = None,
        messages: Sequence[Draft] | None = None,
    ) -> Session:
        """Change what is given; `messages` replaces the transcript, and opens a session that is not there.

        Raise `NoSuchSession`, or `SessionBusy` when the transcript is in use.
        """

        def change(write: sqlite3.Connection) -> None:
            if messages:
                open_session(write, session_id, messages[0].content, self._clock())
            if messages is not None:
                self._replace(write, session_id, messages)
            write.execute(
                "UPDATE sessions SET title = coalesce(?, title), pinned = coalesce(?, pinned),"
                " archived = coalesce(?, archived) WHERE id = ?",
                (title and title_from(title), pinned, archived, session_id),
            )

        await self._db.transact(change)
        return await self.get(session_id)

    async def delete(self, session_id: str) -> bool:
        """Delete a session with its messages, turns and events; False when there was none."""
        return bool(await self._db.write("DELETE FROM sessions WHERE id = ? RETURNING id", (session_id,)))

    async def totals(self, session_id: str) -> Totals:
        """Return the session's sums; all zero when there is no such session."""
        rows = await self._db.rows(
            "SELECT count(*) AS messages, coalesce(sum(tokens_in), 0) AS tokens_in,"
            " coalesce(sum(tokens_out), 0) AS tokens_out FROM messages WHERE session_id = ?",
            (session_id,),
        )
        last = await self._db.rows(
            "SELECT context_used, context_max FROM messages"
            " WHERE session_id = ? AND context_used IS NOT NULL ORDER BY position DESC LIMIT 1",
            (session_id,),
        )
        used, most = last[0] if last else (0, None)
        return Totals(**dict(rows[0]), context_used=used, context_max=most)

    async def search(self, text: str, *, limit: int = 50) -> Sequence[Hit]:
        """Find sessions, archived ones too, by words' beginnings in a message or parts of a title."""
        words = re.findall(r"\w+", text)[:SEARCH_MAX_WORDS]
        if not words:
            return []
        hits = await self._search_messages(words, limit)
        found = {hit.session.id for hit in hits}
        titled = [hit for hit in await self._search_titles(words, limit) if hit.session.id not in found]
        return [*titled, *hits][:limit]

    async def _search_messages(self, words: Sequence[str], limit: int) -> Sequence[Hit]:
        rows = await self._db.rows(
            _SESSIONS_FOUND,
            (" ".join(f'"{word}"*' for word in words), limit),
        )
        return [Hit(session=_session(row), excerpt=row["excerpt"]) for row in rows]

    async def _search_titles(self, words: Sequence[str], limit: int) -> Sequence[Hit]:
        rows = await self._db.rows(
            _SESSIONS + "WHERE s.title LIKE ? ESCAPE '\\' ORDER BY last_message_at DESC LIMIT ?",
            ("%" + "%".join(word.replace("_", "\\_") for word in words) + "%", limit),
        )
        return [Hit(session=_session(row), excerpt="") for row in rows]

    def _replace(self, write: sqlite3.Connection, session_id: str, messages: Sequence[Draft]) -> None:
        busy = write.execute(
            "SELECT 1 FROM turns WHERE session_id = ? AND state IN ('pending', 'dispatching')", (session_id,)
        )
        if busy.fetchone():
            raise SessionBusy(session_id)
        write.execute("DELETE FROM messages WHERE session_id = ?", (session_id,))
        # A conversation that starts afresh carries no tools over.
        write.execute("UPDATE sessions SET tool_groups = '[]' WHERE id = ?", (session_id,))
        add_drafts(write, session_id, messages, self._clock())


def title_from(text: str) -> str:
    """Return a text's start as one line of at most `TITLE_MAX_CHARS`."""
    line = " ".join(storable(text[: 10 * TITLE_MAX_CHARS]).split())
    return line if len(line) <= TITLE_MAX_CHARS else line[: TITLE_MAX_CHARS - 1].rstrip() + "…"


def open_session(write: sqlite3.Connection, session_id: str, text: str, now: float) -> bool:
    """Insert a session titled from its first text; False when it is there already."""
    added = write.execute(
        "INSERT INTO sessions (id, title, created_at, last_message_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO NOTHING RETURNING id",
        (session_id, title_from(text), now, now),
    )
    return added.fetchone() is not None


_COLUMNS = (
    "SELECT s.id, s.title, s.created_at, s.last_message_at, s.pinned, s.archived,"
    " (SELECT count(*) FROM messages m WHERE m.session_id = s.id) AS message_count"
)
_SESSIONS = _COLUMNS + " FROM sessions s "
# SQLite takes the other columns of a group from the row that has its minimum: the session's best message.
# Materialized, because `snippet` works only where the match itself is made.
_SESSIONS_FOUND = (
    "WITH hits AS MATERIALIZED (SELECT rowid AS message_id, rank AS place,"  # noqa: S608 - constants only
    " snippet(message_words, 0, '', '', '…', 16) AS excerpt FROM message_words WHERE message_words MATCH ?) "
    + _COLUMNS
    + ", excerpt, min(place) FROM hits JOIN messages found ON found.id = message_id"
    " JOIN sessions s ON s.id = found.session_id GROUP BY s.id ORDER BY min(place) LIMIT ?"
)


def _session(row: sqlite3.Row) -> Session:
    return Session(
        id=row["id"],
        title=row["title"],
        created_at=row["created_at"],
        last_message_at=row["last_message_at"],
        pinned=bool(row["pinned"]),
        archived=bool(row["archived"]),
        message_count=row["message_count"],
    )
