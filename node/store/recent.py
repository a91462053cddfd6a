"""The last turns of all sessions, each with what it did: what an owner looks back on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from node.store.db import Database
from node.store.turn import Turn
from node.store.turns import turn_of
from tools.spec import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentTurn:
    turn: Turn
    title: str
    """Of its session."""
    calls: Sequence[JsonObject]
    """The action log once the turn has ended, without what went in and what came out."""
    model: str
    error: str | None


class RecentTurns:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def list(self, limit: int, session_id: str | None = None) -> Sequence[RecentTurn]:
        """Return the turns that were asked last, the latest first."""
        rows = await self._db.rows(
            _OF_ALL if session_id is None else _OF_ONE, {"session": session_id, "limit": limit}
        )
        return [
            RecentTurn(
                turn=turn_of(row),
                title=row["title"],
                calls=json.loads(row["calls"]),
                model=row["model"] or "",
                error=row["error"],
            )
            for row in rows
        ]


_TOLD = """
SELECT t.*, m.content AS prompt, s.title, a.model, a.error, (
    SELECT json_group_array(json_object(
        'callId', json_extract(value, '$.callId'), 'name', json_extract(value, '$.name'),
        'ok', json_extract(value, '$.ok'), 'denied', json_extract(value, '$.denied'),
        'startedMs', json_extract(value, '$.startedMs'), 'durationMs', json_extract(value, '$.durationMs')
    ))
    FROM json_each(iif(json_valid(a.tool_calls), a.tool_calls, '[]'))
) AS calls
FROM ({turns} ORDER BY number DESC LIMIT :limit) t
JOIN messages m ON m.id = t.message_id
JOIN sessions s ON s.id = t.session_id
LEFT JOIN messages a ON a.session_id = t.session_id AND a.position = t.position + 1
ORDER BY t.number DESC
"""
# The choice comes first, so that only what is told is read in full.
_OF_ALL = _TOLD.format(turns="SELECT * FROM turns")
_OF_ONE = _TOLD.format(turns="SELECT * FROM turns WHERE session_id = :session")
