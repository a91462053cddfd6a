"""Stored conversations: their list, their messages, and what an owner changes about them."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.events import ID_MAX_CHARS
from node.store.db import Database, storable
from node.store.errors import BadSessionId, NoSuchSession, SessionBusy, WrongTitle
from node.store.messages import Draft, StoredMessage, add_drafts, stored_message
from node.store.plain import plain
from node.store.search import search
from node.store.session import SESSIONS, Hit, Session, Totals, session_of

TITLE_MAX_CHARS = 60
LIST_MAX = 500
NO_IDS = frozenset({"active", ".", ".."})
"""What an address means something else by, so that a session of this id could not be had over HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some messages of a transcript that stand next to each other."""

    messages: Sequence[StoredMessage]
    has_earlier: bool


END = 1 << 62
"""Behind every position."""


class SessionStore:
    """A session comes into being with its first message, so an empty chat leaves no row."""

    def __init__(self, db: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._db = db
        self._clock = clock

    async def list(
        self, *, archived: bool = False, limit: int = LIST_MAX, after: str | None = None
    ) -> Sequence[Session]:
        """Return sessions, pinned first, then by their last message: the first ones, or those after one.

        Raise `NoSuchSession` when that one is gone.
        """
        rows = await self._db.rows(
            _LISTED.format("" if after is None else _BEHIND),
            {"archived": archived, "limit": limit, "after": after},
        )
        if not rows and after is not None:
            await self.get(after)
        return [session_of(row) for row in rows]

    async def some(self, ids: Sequence[str]) -> Sequence[Session]:
        """Return those of these sessions that are there, in no order."""
        places = ", ".join("?" * len(ids))
        rows = await self._db.rows(f"{SESSIONS}WHERE s.id IN ({places})", ids)
        return [session_of(row) for row in rows]

    async def get(self, session_id: str) -> Session:
        """Return one session or raise `NoSuchSession`."""
        rows = await self._db.rows(SESSIONS + "WHERE s.id = ?", (session_id,))
        if not rows:
            raise NoSuchSession(session_id)
        return session_of(rows[0])

    async def latest_spoken(self) -> str | None:
        """Return the session of the last message."""
        rows = await self._db.rows("SELECT session_id FROM messages ORDER BY id DESC LIMIT 1")
        return str(rows[0][0]) if rows else None

    async def messages(self, session_id: str) -> Sequence[StoredMessage]:
        """Return the transcript in order; empty when there is no such session."""
        rows = await self._db.rows(
            "SELECT * FROM messages WHERE session_id = ?"
            # A summary stands at its seam, before the turn that begins there.
            " ORDER BY coalesce(seam_at, position), seam_at IS NULL, position",
            (session_id,),
        )
        return [stored_message(row) for row in rows]

    async def part(self, session_id: str, limit: int, *, before: int | None = None) -> Part:
        """Return the last messages that stand before a position, and the summaries that stand among them."""
        rows = await self._db.rows(
            "SELECT * FROM messages WHERE session_id = ? AND seam_at IS NULL AND position < ?"
            " ORDER BY position DESC LIMIT ?",
            (session_id, END if before is None else before, limit + 1),
        )
        shown = [stored_message(row) for row in reversed(rows[:limit])]
        first = shown[0].position if len(rows) > limit else 0
        summaries = await self._db.rows(
            "SELECT * FROM messages WHERE session_id = ? AND seam_at >= ? AND seam_at < ? ORDER BY position",
            (session_id, first, END if before is None else before),
        )
        shown += [stored_message(row) for row in summaries]
        shown.sort(key=_place)
        return Part(messages=shown, has_earlier=len(rows) > limit)

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
            if title:
                set_title(write, session_id, title_from(title))
            write.execute(
                "UPDATE sessions SET pinned = coalesce(?, pinned), archived = coalesce(?, archived)"
                " WHERE id = ?",
                (pinned, archived, session_id),
            )

        await self._db.transact(change)
        return await self.get(session_id)

    async def reset(self, session_id: str) -> None:
        """Empty a session, keeping name and place: turns, events and chat links go with the messages.

        Raise `NoSuchSession`, or `SessionBusy` when a turn of it waits or runs.
        """

        def reset(write: sqlite3.Connection) -> None:
            if write.execute("SELECT 1 FROM sessions WHERE id = ?", (session_id,)).fetchone() is None:
                raise NoSuchSession(session_id)
            self._replace(write, session_id, ())
            # Numbers go on from here, so that a client that was away notices.
            write.execute(
                "UPDATE sessions SET pruned_seq = max(pruned_seq, coalesce("
                "(SELECT max(seq) FROM events WHERE session_id = ?1), 0)) WHERE id = ?1",
                (session_id,),
            )
            write.execute("DELETE FROM events WHERE session_id = ?", (session_id,))

        await self._db.transact(reset)

    async def check_title(self, session_id: str, title: str | None) -> None:
        """Raise `NoSuchSession`, or `WrongTitle` when a title is given and is not the session's."""
        session = await self.get(session_id)
        if title not in {None, session.title}:
            raise WrongTitle(session.title)

    async def delete(self, session_id: str) -> bool:
        """Delete a session with its messages, turns and events; False when there was none."""
        return bool(await self._db.write("DELETE FROM sessions WHERE id = ? RETURNING id", (session_id,)))

    async def totals(self, session_id: str) -> Totals:
        """Return the session's sums; all zero when there is no such session."""
        rows = await self._db.rows(
            "SELECT count(*) AS messages, count(*) FILTER (WHERE role = 'agent') AS answers,"
            " sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out FROM messages WHERE session_id = ?",
            (session_id,),
        )
        messages, answers, tokens_in, tokens_out = rows[0]
        unknown = None if answers else 0
        last = await self._db.rows(
            "SELECT context_used, context_max FROM messages"
            " WHERE session_id = ? AND context_used IS NOT NULL ORDER BY position DESC LIMIT 1",
            (session_id,),
        )
        used, most = last[0] if last else (unknown, None)
        return Totals(
            messages=messages,
            tokens_in=unknown if tokens_in is None else tokens_in,
            tokens_out=unknown if tokens_out is None else tokens_out,
            context_used=used,
            context_max=most,
        )

    async def search(self, text: str, *, limit: int = 50) -> Sequence[Hit]:
        """Find sessions, archived ones too, as `node.store.search` says."""
        return await search(self._db, text, limit=limit)

    def _replace(self, write: sqlite3.Connection, session_id: str, messages: Sequence[Draft]) -> None:
        busy = write.execute(
            "SELECT 1 FROM turns WHERE session_id = ? AND state IN ('pending', 'dispatching')", (session_id,)
        )
        if busy.fetchone():
            raise SessionBusy(session_id)
        write.execute("DELETE FROM messages WHERE session_id = ?", (session_id,))
        # Nobody was shown what is to stand here now.
        write.execute("DELETE FROM chat_links WHERE session_id = ?", (session_id,))
        # A conversation that starts afresh carries no tools over.
        write.execute("UPDATE sessions SET tool_groups = '[]' WHERE id = ?", (session_id,))
        add_drafts(write, session_id, messages, self._clock())


def title_from(text: str) -> str:
    """Return a text's start as one line of at most `TITLE_MAX_CHARS`."""
    line = " ".join(storable(text[: 10 * TITLE_MAX_CHARS]).split())
    if len(line) <= TITLE_MAX_CHARS:
        return line
    cut = line[:TITLE_MAX_CHARS]
    words = cut[: max(cut.rfind(" "), 0)]
    # A word without an end, as in text without spaces, is cut where it has to be.
    return (words if len(words) > TITLE_MAX_CHARS // 2 else cut[:-1]).rstrip() + "…"


def open_session(write: sqlite3.Connection, session_id: str, text: str, now: float) -> bool:
    """Insert a session titled from its first text; False when it is there already. Raise `BadSessionId`."""
    title = title_from(text)
    added = write.execute(
        "INSERT INTO sessions (id, title, plain_title, created_at, last_message_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO NOTHING RETURNING id",
        (session_id, title, plain(title), now, now),
    )
    is_new = added.fetchone() is not None
    if is_new:
        check_id(session_id)
    return is_new


def check_id(session_id: str) -> None:
    """Raise `BadSessionId` for what is too long or means something else."""
    if not 0 < len(session_id) <= ID_MAX_CHARS:
        raise BadSessionId(session_id, f"an id has 1 to {ID_MAX_CHARS} characters")
    if session_id in NO_IDS:
        raise BadSessionId(session_id, "the word is reserved")


def set_title(write: sqlite3.Connection, session_id: str, title: str) -> None:
    """Give a session a title, and with it what a search compares."""
    write.execute(
        "UPDATE sessions SET title = ?, plain_title = ? WHERE id = ?", (title, plain(title), session_id)
    )


_LISTED = (
    SESSIONS
    + "WHERE archived = :archived {} ORDER BY pinned DESC, last_message_at DESC, s.rowid DESC LIMIT :limit"
)
_BEHIND = (
    "AND (s.pinned, s.last_message_at, s.rowid)"
    " < (SELECT pinned, last_message_at, rowid FROM sessions WHERE id = :after)"
)


def _place(message: StoredMessage) -> tuple[int, bool, int]:
    """Return where a message stands: a summary at its seam, before the turn that begins there."""
    is_summary = message.seam_at is not None
    return message.seam_at or message.position, not is_summary, message.position
