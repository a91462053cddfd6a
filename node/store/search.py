"""The search over titles and messages, archived ones too."""

import re
from collections.abc import Sequence

from node.store.db import Database
from node.store.excerpt import excerpt
from node.store.session import COLUMNS, SESSIONS, Hit, session_of

WORDS_MAX = 16
MENTIONS_MAX = 1_000
"""Of a common word, the latest so many messages are looked at: ranking all of them takes seconds."""
PREFIX_MIN_CHARS = 2
"""A single letter is found as a word of its own: half of all words begin with it."""


async def search(db: Database, text: str, *, limit: int) -> Sequence[Hit]:
    """Find sessions by words' beginnings in one message, or parts of a title; those titled so come first."""
    words = re.findall(r"\w+", text)[:WORDS_MAX]
    if not words:
        return []
    hits = await _in_messages(db, words, limit)
    found = {hit.session.id for hit in hits}
    titled = [hit for hit in await _in_titles(db, words, limit) if hit.session.id not in found]
    return [*titled, *hits][:limit]


async def _in_messages(db: Database, words: Sequence[str], limit: int) -> Sequence[Hit]:
    """Return each session once, with its latest message that has all words; the latest session first."""
    query = " ".join(f'"{word}"{"*" if len(word) >= PREFIX_MIN_CHARS else ""}' for word in words)
    rows = await db.rows(_FOUND, (query, MENTIONS_MAX, limit))
    return [Hit(session=session_of(row), excerpt=excerpt(row["content"], words)) for row in rows]


async def _in_titles(db: Database, words: Sequence[str], limit: int) -> Sequence[Hit]:
    parts = "%".join(word.replace("_", "\\_") for word in words)
    rows = await db.rows(
        SESSIONS + "WHERE s.title LIKE ? ESCAPE '\\' ORDER BY last_message_at DESC LIMIT ?",
        (f"%{parts}%", limit),
    )
    return [Hit(session=session_of(row), excerpt="") for row in rows]


# CROSS JOIN keeps SQLite from turning the joins round: the index is asked first, newest rows first.
_FOUND = (
    "WITH hits AS MATERIALIZED (SELECT m.session_id, max(m.id) AS message_id FROM"  # noqa: S608 - constants only
    " (SELECT rowid FROM message_words WHERE message_words MATCH ? ORDER BY rowid DESC LIMIT ?) AS latest"
    " CROSS JOIN messages m ON m.id = latest.rowid GROUP BY m.session_id ORDER BY 2 DESC LIMIT ?) "
    + COLUMNS
    + ", found.content FROM hits CROSS JOIN messages found ON found.id = hits.message_id"
    " CROSS JOIN sessions s ON s.id = hits.session_id ORDER BY hits.message_id DESC"
)
