"""What later turns read of a session: its latest summary, and the turns behind the seam."""

import sqlite3
import time
from collections.abc import Callable, Sequence

from node.store.db import Database
from node.store.messages import StoredMessage, add_summary, stored_message


class SummaryStore:
    def __init__(self, db: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._db = db
        self._clock = clock

    async def readable(self, session_id: str, turn_id: str = "") -> Sequence[StoredMessage]:
        """Return what a turn reads of the past; without a turn, what the next one will read."""
        return await readable(self._db, session_id, turn_id)

    async def settled_until(self, session_id: str) -> int | None:
        """Return the place of the first turn that has not ended: no seam may lie behind it."""
        rows = await self._db.rows(
            "SELECT min(position) FROM turns WHERE session_id = ? AND state IN ('pending', 'dispatching')",
            (session_id,),
        )
        place: int | None = rows[0][0]
        return place

    async def add(self, session_id: str, text: str, *, seam_at: int, last: StoredMessage, model: str) -> bool:
        """Store a summary up to a place; False when `last`, the last message in it, is there no more."""

        def add(write: sqlite3.Connection) -> bool:
            query = "SELECT 1 FROM messages WHERE id = ? AND session_id = ?"
            if write.execute(query, (last.id, session_id)).fetchone() is None:
                return False
            add_summary(write, session_id, text, seam_at=seam_at, model=model, now=self._clock())
            return True

        return await self._db.transact(add)


async def readable(db: Database, session_id: str, turn_id: str) -> Sequence[StoredMessage]:
    """Return the latest summary, then what ended turns and imported messages say behind its seam.

    Left out are the turn's own message, turns that still wait, and turns withdrawn before they ran.
    """
    rows = await db.rows(_READABLE, (session_id, turn_id))
    return [stored_message(row) for row in rows]


_READABLE = """
WITH latest AS (
    SELECT id, seam_at FROM messages WHERE session_id = ?1 AND seam_at IS NOT NULL
    ORDER BY seam_at DESC, id DESC LIMIT 1
)
SELECT m.* FROM messages m LEFT JOIN turns t ON t.session_id = m.session_id AND t.id = m.turn_id
WHERE m.session_id = ?1 AND m.content <> '' AND (
    m.id = (SELECT id FROM latest)
    OR m.seam_at IS NULL AND m.position >= coalesce((SELECT seam_at FROM latest), 0) AND (
        m.turn_id IS NULL AND NOT (m.role = 'user' AND m.state = 'cancelled')
        OR t.id <> ?2 AND t.attempts > 0 AND t.state IN ('sent', 'failed', 'cancelled')
    )
)
ORDER BY m.seam_at IS NULL, m.position
"""
