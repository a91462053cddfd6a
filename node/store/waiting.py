"""What may be done to turns that do not run: found, changed, taken back, or said again."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from node.store.admission import check_room, turns_ahead
from node.store.db import Database, storable
from node.store.errors import AmbiguousTurn, NoSuchTurn, TurnHasBegun, TurnNotFailed
from node.store.messages import Role, take_places
from node.store.sessions import set_title, title_from
from node.store.turn import Source, Submitted, TurnState
from node.store.turns import find_turn, turn_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnKey:
    session_id: str
    turn_id: str


class WaitingTurns:
    def __init__(self, db: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._db = db
        self._clock = clock

    async def find(self, turn_id: str) -> TurnKey:
        """Return the one turn of this id that has no answer yet; raise `NoSuchTurn` or `AmbiguousTurn`."""
        rows = await self._db.rows(_FIND, (turn_id, turn_id))
        if not rows:
            raise NoSuchTurn(turn_id)
        if len(rows) > 1:
            raise AmbiguousTurn(turn_id)
        return _key(rows[0])

    async def has(self, key: TurnKey) -> bool:
        """Return whether a session has a turn of this id."""
        query = "SELECT 1 FROM turns WHERE session_id = ? AND id = ?"
        return bool(await self._db.rows(query, (key.session_id, key.turn_id)))

    async def edit(self, key: TurnKey, prompt: str) -> Submitted:
        """Change a message that waits for its first run; raise `NoSuchTurn` or `TurnHasBegun`.

        A session that was named after the message is named after the new one.
        """

        def edit(write: sqlite3.Connection) -> Submitted:
            row = _found(write, key)
            if row["state"] != TurnState.PENDING or row["attempts"]:
                raise TurnHasBegun(key.turn_id)
            write.execute(
                "UPDATE messages SET content = ? WHERE id = ?", (storable(prompt), row["message_id"])
            )
            named = write.execute("SELECT title FROM sessions WHERE id = ?", (key.session_id,)).fetchone()
            if named["title"] == title_from(row["prompt"]):
                set_title(write, key.session_id, title_from(prompt))
            return _waits(write, key)

        return await self._db.transact(edit)

    async def retry(self, key: TurnKey) -> Submitted:
        """Say a message again that failed or was stopped: it moves to the end, and what came of it goes.

        Its attempts are counted anew. Raise `NoSuchTurn`, `TurnNotFailed` or `QueueFull`.
        """

        def retry(write: sqlite3.Connection) -> Submitted:
            row = _found(write, key)
            if row["state"] not in {TurnState.FAILED, TurnState.CANCELLED}:
                raise TurnNotFailed(key.turn_id)
            check_room(write, key.session_id, Source(row["source"]))
            now = self._clock()
            write.execute(
                "DELETE FROM messages WHERE session_id = ? AND turn_id = ? AND role = ?",
                (key.session_id, key.turn_id, Role.AGENT),
            )
            place = take_places(write, key.session_id, 2, now)
            write.execute(
                "UPDATE messages SET position = ?, created_at = ? WHERE id = ?",
                (place, now, row["message_id"]),
            )
            write.execute(_WAIT_AGAIN, {"place": place, "now": now, "number": row["number"]})
            return _waits(write, key)

        return await self._db.transact(retry)

    async def clear(self, session_id: str | None = None) -> Sequence[TurnKey]:
        """Cancel everything that waits, of one session or of all; return what did."""
        rows = await self._db.write(
            "UPDATE turns SET state = 'cancelled', ended_at = ?, owed = 'done'"
            " WHERE state = 'pending' AND (? IS NULL OR session_id = ?) RETURNING session_id, id",
            (self._clock(), session_id, session_id),
        )
        return [_key(row) for row in rows]

    async def expire(self, waited_s: float, reason: str) -> Sequence[TurnKey]:
        """Cancel what nobody watches and has waited so long for its first run; return what did."""
        now = self._clock()
        rows = await self._db.write(_EXPIRE, (now, reason, now - waited_s))
        return [_key(row) for row in rows]

    async def expires_in(self, waited_s: float) -> float | None:
        """Return in how many seconds `expire` has something to do; None when nobody waits."""
        rows = await self._db.rows(
            "SELECT min(created_at) FROM turns WHERE state = 'pending' AND source <> 'user' AND attempts = 0"
        )
        first: float | None = rows[0][0]
        return None if first is None else max(0.0, first + waited_s - self._clock())


_FIND = """
SELECT session_id, id FROM turns WHERE id = ? AND state IN ('pending', 'dispatching')
UNION SELECT session_id, id FROM turns WHERE id = ? AND state IN ('failed', 'cancelled')
LIMIT 2
"""
_WAIT_AGAIN = """
UPDATE turns SET number = (SELECT max(number) + 1 FROM turns), position = :place, state = 'pending',
    attempts = 0, not_before = 0, last_error = NULL, created_at = :now, claimed_at = NULL, ended_at = NULL,
    owed = 'queued'
WHERE number = :number
"""
_EXPIRE = """
UPDATE turns SET state = 'cancelled', ended_at = ?, owed = 'done', last_error = ?
WHERE state = 'pending' AND source <> 'user' AND attempts = 0 AND created_at <= ? RETURNING session_id, id
"""


def _found(write: sqlite3.Connection, key: TurnKey) -> sqlite3.Row:
    row = find_turn(write, key.session_id, key.turn_id)
    if row is None:
        raise NoSuchTurn(key.turn_id)
    return row


def _waits(write: sqlite3.Connection, key: TurnKey) -> Submitted:
    row = _found(write, key)
    return Submitted(turn=turn_of(row), ahead=turns_ahead(write, row), is_new=True, opened_session=False)


def _key(row: sqlite3.Row) -> TurnKey:
    return TurnKey(session_id=row["session_id"], turn_id=row["id"])
