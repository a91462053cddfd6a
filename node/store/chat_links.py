"""The chat links, stored: the secret addresses at which others may read a session, and how much of it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from node.store.db import Database
from node.store.errors import NoSuchChatLink, NoSuchSession, TooManyChatLinks
from node.store.messages import Role, StoredMessage, stored_message

LINKS_MAX = 100
END = 1 << 62
"""Behind every position."""


class Reach(StrEnum):
    """From where a chat link can be opened."""

    LOOPBACK = "loopback"
    """From this machine alone."""
    LAN = "lan"
    """From the machine's own networks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    id: str
    secret_hash: bytes
    session_id: str
    reach: Reach
    port: int
    follows: bool
    """Whether it shows what is said after it was made, too."""
    with_details: bool
    """Whether it shows reasoning, and calls with their arguments and results."""
    created_at: float
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLink:
    """A link as its owner sees it. Its secret is nowhere."""

    id: str
    session_id: str
    title: str
    reach: Reach
    port: int
    before_position: int | None
    """What it shows stands before this; None: all there is when it is read."""
    with_details: bool
    created_at: float
    expires_at: float
    reads: int = 0
    last_read_at: float | None = None

    @property
    def follows(self) -> bool:
        return self.before_position is None


class ChatLinkStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, new: NewLink) -> ChatLink:
        """Store a link to what the session holds now; raise `NoSuchSession` or `TooManyChatLinks`."""
        await self._db.transact(lambda write: _add(write, new))
        (row,) = await self._db.rows(_LINKS + "WHERE l.id = ?", (new.id,))
        return _link(row)

    async def all(self) -> Sequence[ChatLink]:
        """Return all links, the latest first."""
        return [_link(row) for row in await self._db.rows(_LINKS + "ORDER BY l.created_at DESC, l.id")]

    async def find(self, secret_hash: bytes, reach: Reach, now: float) -> ChatLink | None:
        """Return the link that is good now, here, for a secret."""
        rows = await self._db.rows(
            _LINKS + "WHERE l.secret_hash = ? AND l.reach = ? AND l.expires_at > ?", (secret_hash, reach, now)
        )
        return _link(rows[0]) if rows else None

    async def count_read(self, link_id: str, now: float) -> None:
        await self._db.write(
            "UPDATE chat_links SET reads = reads + 1, last_read_at = ? WHERE id = ?", (now, link_id)
        )

    async def remove(self, link_id: str) -> str:
        """Remove a link and return its session; raise `NoSuchChatLink`."""
        rows = await self._db.write("DELETE FROM chat_links WHERE id = ? RETURNING session_id", (link_id,))
        if not rows:
            raise NoSuchChatLink(link_id)
        return str(rows[0][0])

    async def remove_expired(self, now: float) -> Sequence[str]:
        """Remove the links that have ended, and return their sessions. Writes only where there are some."""
        if not await self._db.rows("SELECT 1 FROM chat_links WHERE expires_at <= ? LIMIT 1", (now,)):
            return ()
        rows = await self._db.write(
            "DELETE FROM chat_links WHERE expires_at <= ? RETURNING session_id", (now,)
        )
        return [str(row[0]) for row in rows]

    async def messages(self, link: ChatLink, start: int, limit: int) -> Sequence[StoredMessage]:
        """Return what a link shows of who asked and who answered, from a position on."""
        end = END if link.before_position is None else link.before_position
        rows = await self._db.rows(
            "SELECT * FROM messages WHERE session_id = ? AND position >= ? AND position < ?"
            " AND seam_at IS NULL AND role IN (?, ?) ORDER BY position LIMIT ?",
            (link.session_id, start, end, Role.USER, Role.AGENT, limit),
        )
        return [stored_message(row) for row in rows]


_LINKS = "SELECT l.*, s.title FROM chat_links l JOIN sessions s ON s.id = l.session_id "


def _add(write: sqlite3.Connection, new: NewLink) -> None:
    session = write.execute("SELECT next_position FROM sessions WHERE id = ?", (new.session_id,)).fetchone()
    if session is None:
        raise NoSuchSession(new.session_id)
    if write.execute("SELECT count(*) FROM chat_links").fetchone()[0] >= LINKS_MAX:
        raise TooManyChatLinks(LINKS_MAX)
    write.execute(
        "INSERT INTO chat_links (id, secret_hash, session_id, reach, port, before_position, with_details,"
        " created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            new.id,
            new.secret_hash,
            new.session_id,
            new.reach,
            new.port,
            None if new.follows else session["next_position"],
            new.with_details,
            new.created_at,
            new.expires_at,
        ),
    )


def _link(row: sqlite3.Row) -> ChatLink:
    return ChatLink(
        id=row["id"],
        session_id=row["session_id"],
        title=row["title"],
        reach=Reach(row["reach"]),
        port=row["port"],
        before_position=row["before_position"],
        with_details=bool(row["with_details"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        reads=row["reads"],
        last_read_at=row["last_read_at"],
    )
