"""The calls of turns that have not ended, from which a turn that runs again takes what is done already."""

import sqlite3
from collections.abc import Sequence

from agent.call_log import Earlier, EarlierCalls, KeptCall, canonical
from agent.history import Call
from node.store.db import Database, storable
from node.store.errors import NotStored, StoreFull
from node.store.turn import ClaimedTurn
from tools.spec import Effect

GONE = 0
"""The number of a call that no row has."""


class StoredCalls:
    """The `agent.call_log.CallLog` of one attempt; the rows go with the turn's end."""

    is_kept = True

    def __init__(self, db: Database, turn: ClaimedTurn, earlier: EarlierCalls) -> None:
        self._db = db
        self._turn = turn
        self._earlier = earlier

    @classmethod
    async def of(cls, db: Database, turn: ClaimedTurn) -> "StoredCalls":
        """Read what the turn's earlier attempts did."""
        if turn.attempts == 1:
            return cls(db, turn, EarlierCalls(()))
        rows = await db.rows(
            "SELECT name, arguments, writes, ok, result FROM calls"
            " WHERE session_id = ? AND turn_id = ? ORDER BY number",
            (turn.session_id, turn.turn_id),
        )
        return cls(db, turn, EarlierCalls(map(_kept, rows)))

    def earlier(self, call: Call) -> Earlier | None:
        return self._earlier.take(call)

    async def started(self, call: Call, effect: Effect) -> int:
        # A session may have been deleted under a running turn: its calls are kept nowhere.
        rows = await self._write(
            "INSERT INTO calls (session_id, turn_id, name, arguments, writes)"
            " SELECT session_id, id, ?, ?, ? FROM turns WHERE session_id = ? AND id = ? RETURNING number",
            (
                storable(call.name),
                canonical(call),
                effect is Effect.WRITE,
                self._turn.session_id,
                self._turn.turn_id,
            ),
        )
        return int(rows[0]["number"]) if rows else GONE

    async def finished(self, number: int, *, ok: bool, text: str) -> None:
        await self._write(
            "UPDATE calls SET ok = ?, result = ? WHERE number = ?", (ok, storable(text), number)
        )

    async def _write(self, sql: str, values: Sequence[object]) -> list[sqlite3.Row]:
        """Write, or end the turn: what is not written down might be done twice."""
        try:
            return await self._db.write(sql, values)
        except StoreFull as error:
            raise NotStored(str(error)) from error


def _kept(row: sqlite3.Row) -> KeptCall:
    return KeptCall(
        name=row["name"],
        arguments=row["arguments"],
        writes=bool(row["writes"]),
        ok=None if row["ok"] is None else bool(row["ok"]),
        text=row["result"] or "",
    )
