"""The search over titles and messages, archived ones too."""

import re
from collections.abc import Sequence

from node.store.db import Database
from node.store.excerpt import excerpt
from node.store.plain import plain
from node.store.session import COLUMNS, SESSIONS, Hit, session_of

WORDS_MAX = 16
MENTIONS_MAX = 1_000
"""Of a common word, the latest so many messages are looked at: ranking all of them takes seconds."""
PREFIX_MIN_CHARS = 3
"""One or two letters are found as a word of their own: too many words begin with them."""


async def search(db: Database, text: str, *, limit: int) -> Sequence[Hit]:
    """Find sessions by the words of one message, the last one perhaps just begun, or by parts of a title.

    Those titled so come first, then those whose latest such message is the latest.
    """
    words = re.findall(r"\w+", text)[:WORDS_MAX]
    if not words:
        return []
    hits = await _in_messages(db, words, limit)
    found = {hit.session.id for hit in hits}
    titled = [hit for hit in await _in_titles(db, text, limit) if hit.session.id not in found]
    return [*titled, *hits][:limit]


async def _in_messages(db: Database, words: Sequence[str], limit: int) -> Sequence[Hit]:
    mentions = await _mentions(db, " ".join(f'"{word}"' for word in words))
    # A beginning of words is looked up in all of them; that can wait when the word itself is common.
    if len(mentions) < MENTIONS_MAX and len(words[-1]) >= PREFIX_MIN_CHARS:
        begun = await _mentions(db, " ".join(f'"{word}"' for word in words) + "*")
        mentions = sorted({*mentions, *begun}, reverse=True)
    latest: dict[str, int] = {}
    for message_id, session_id in mentions:
        latest.setdefault(session_id, message_id)
    ids = list(latest.values())[:limit]
    rows = await db.rows(_FOUND.format(", ".join("?" * len(ids))), ids)
    return [Hit(session=session_of(row), excerpt=excerpt(row["content"], words)) for row in rows]


async def _mentions(db: Database, query: str) -> Sequence[tuple[int, str]]:
    """Return the latest messages that match, each with its session."""
    return [(row["id"], row["session_id"]) for row in await db.rows(_MENTIONS, (query, MENTIONS_MAX))]


async def _in_titles(db: Database, text: str, limit: int) -> Sequence[Hit]:
    words = re.findall(r"\w+", plain(text))[:WORDS_MAX]
    parts = "%".join(word.replace("_", "\\_") for word in words)
    rows = await db.rows(_TITLED, (f"%{parts}%", limit))
    return [Hit(session=session_of(row), excerpt="") for row in rows]


# CROSS JOIN keeps SQLite from turning the joins round: the index is asked first, newest rows first.
_MENTIONS = """
SELECT m.id, m.session_id FROM (
    SELECT rowid FROM message_words WHERE message_words MATCH ? ORDER BY rowid DESC LIMIT ?
) AS latest CROSS JOIN messages m ON m.id = latest.rowid
"""
_FOUND = (
    COLUMNS + ", found.content FROM messages found CROSS JOIN sessions s ON s.id = found.session_id"
    " WHERE found.id IN ({}) ORDER BY found.id DESC"
)
# The titles alone first: counting the messages of every session that matches takes long.
_TITLED = (
    SESSIONS  # noqa: S608 - constants only
    + "WHERE s.rowid IN (SELECT rowid FROM sessions WHERE plain_title LIKE ? ESCAPE '\\'"
    " ORDER BY last_message_at DESC LIMIT ?) ORDER BY s.last_message_at DESC"
)
