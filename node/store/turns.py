"""The turns of every session: waiting, running and ended. Who writes what, exactly once:

- `submit` stores the user's message and its waiting turn together, before anything else happens.
- `claim` makes a turn ours: the `ClaimedTurn` is the right to end this attempt, until a later claim.
- `conclude` alone decides what an outcome comes to, and stores it together with the agent's message. The
  turn's desk calls it. Called again, or without a valid claim, it changes nothing and says how things stand.
- `release` gives claims back when the node stops, `recover` takes back what a killed node left behind.
"""

import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from agent.desk import TurnOutcome
from node.store.admission import check_room, insert_turn, turns_ahead
from node.store.calls import StoredCalls
from node.store.db import Database, storable
from node.store.errors import TurnIdReused
from node.store.messages import StoredMessage, add_answer, add_drafts, stored_message
from node.store.sessions import open_session
from node.store.summaries import readable
from node.store.turn import (
    Busy,
    ClaimedTurn,
    Claims,
    Conclusion,
    Ending,
    NewTurn,
    Recovered,
    Source,
    Submitted,
    Turn,
    TurnState,
    ending_of,
    pause_after,
)

LOST = "the node stopped during this turn"


class TurnStore:
    def __init__(
        self,
        db: Database,
        *,
        clock: Callable[[], float] = time.time,
        pause: Callable[[int], float] = pause_after,
    ) -> None:
        self._db = db
        self._clock = clock
        self._pause = pause

    async def submit(self, turn: NewTurn) -> Submitted:
        """Store session, message and turn in one go; raise `QueueFull` or `TurnIdReused`."""
        session_id = turn.session_id or uuid.uuid4().hex
        return await self._db.transact(lambda write: self._submit(write, session_id, turn))

    async def claim(self, limit: int) -> Claims:
        """Take the next turns that may run: at most one per session, by priority, then users first, then age.

        A turn that pauses before its next attempt holds back the later ones of its session.
        """
        now = self._clock()

        def claim(write: sqlite3.Connection) -> tuple[list[sqlite3.Row], float | None]:
            claimed = write.execute(_CLAIM, {"now": now, "limit": limit}).fetchall()
            rows = (find_turn(write, *key) for key in claimed)
            return [row for row in rows if row is not None], write.execute(_NEXT_DUE).fetchone()[0]

        rows, due = await self._db.transact(claim)
        turns = [ClaimedTurn(**_facts(row), groups=tuple(json.loads(row["tool_groups"]))) for row in rows]
        return Claims(turns=turns, next_due_in=None if due is None else max(0.0, due - now))

    async def is_any_due(self) -> bool:
        """Whether a turn could run now, if there were a place for it."""
        return bool(await self._db.rows(_DUE, {"now": self._clock(), "limit": 1}))

    async def conclude(self, turn: ClaimedTurn, outcome: TurnOutcome) -> Conclusion:
        """Store what an attempt came to. Only the first call for a valid claim has an effect."""

        def conclude(write: sqlite3.Connection) -> Conclusion:
            row = find_turn(write, turn.session_id, turn.turn_id)
            if row is None:
                # The session was deleted under the turn.
                return Conclusion(ending=Ending.CANCELLED, attempts=turn.attempts, has_effect=False)
            claim = (row["attempts"], row["claimed_at"])  # a retry counts its attempts anew
            if row["state"] != TurnState.DISPATCHING or claim != (turn.attempts, turn.claimed_at):
                standing = _STANDING[TurnState(row["state"])]
                return Conclusion(ending=standing, attempts=row["attempts"], has_effect=False)
            return self._conclude(write, turn, outcome, self._pause(turn.attempts))

        return await self._db.transact(conclude)

    async def release(self, turns: Collection[ClaimedTurn]) -> None:
        """Give claims back: the turns wait again."""
        claims = [(turn.session_id, turn.turn_id, turn.attempts) for turn in turns]
        await self._db.transact(
            lambda write: write.executemany(
                "UPDATE turns SET state = 'pending' WHERE session_id = ? AND id = ? AND attempts = ?"
                " AND state = 'dispatching'",
                claims,
            )
        )

    async def recover(self, *, stuck_s: float, running: Collection[ClaimedTurn] = ()) -> Sequence[Recovered]:
        """Take back claims older than `stuck_s`, except the `running` ones.

        It counts as a failure that may pass, tried again at once: a turn that kills the node each time does
        not do so for ever.
        """
        ours = {(turn.session_id, turn.turn_id) for turn in running}
        before = self._clock() - stuck_s
        return await self._db.transact(lambda write: self._recover(write, before, ours))

    async def withdraw(self, session_id: str, turn_id: str) -> bool:
        """Cancel a waiting turn; False when it does not wait."""
        return bool(
            await self._db.write(
                "UPDATE turns SET state = 'cancelled', ended_at = ?, owed = 'done'"
                " WHERE session_id = ? AND id = ? AND state = 'pending' RETURNING id",
                (self._clock(), session_id, turn_id),
            )
        )

    async def get(self, session_id: str, turn_id: str) -> Turn | None:
        rows = await self._db.rows(_TURNS + "WHERE t.session_id = ? AND t.id = ?", (session_id, turn_id))
        return turn_of(rows[0]) if rows else None

    async def unended(self, session_id: str | None = None) -> Sequence[Turn]:
        """Return what runs and waits, of one session or of all, in the order in which it will run."""
        rows = await self._db.rows(
            _TURNS + "WHERE t.state IN ('pending', 'dispatching') AND (? IS NULL OR t.session_id = ?)"
            " ORDER BY t.state = 'pending', t.priority DESC, t.source <> 'user', t.number",
            (session_id, session_id),
        )
        return [turn_of(row) for row in rows]

    async def busy(self) -> Mapping[str, Busy]:
        """Return the sessions with a turn that runs or waits."""
        rows = await self._db.rows(
            "SELECT session_id, max(state = 'dispatching'), sum(state = 'pending') FROM turns"
            " WHERE state IN ('pending', 'dispatching') GROUP BY session_id"
        )
        return {row[0]: Busy(runs=bool(row[1]), waiting=row[2]) for row in rows}

    async def calls(self, turn: ClaimedTurn) -> StoredCalls:
        """Return the log of the turn's calls, with what its earlier attempts did."""
        return await StoredCalls.of(self._db, turn)

    async def owing(self) -> Sequence[Turn]:
        """Return turns that began to wait, or ended, without the log knowing of it: the node was killed."""
        rows = await self._db.rows(_TURNS + "WHERE t.owed <> '' ORDER BY t.number")
        return [turn_of(row) for row in rows]

    async def answer(self, turn: Turn) -> StoredMessage | None:
        """Return the message that a turn ended with; None when it was withdrawn before it ran."""
        rows = await self._db.rows(
            "SELECT * FROM messages WHERE session_id = ? AND position = ?",
            (turn.session_id, turn.position + 1),
        )
        return stored_message(rows[0]) if rows else None

    async def history(self, turn: ClaimedTurn) -> Sequence[StoredMessage]:
        """Return what a turn reads of the past, as `node.store.summaries.readable` says."""
        if turn.is_first:
            return []
        return await readable(self._db, turn.session_id, turn.turn_id)

    def _submit(self, write: sqlite3.Connection, session_id: str, turn: NewTurn) -> Submitted:
        known = find_turn(write, session_id, turn.turn_id)
        if known is not None and known["prompt"] != storable(turn.prompt):
            raise TurnIdReused(session_id, turn.turn_id)
        opened = known is None and self._admit(write, session_id, turn)
        stored = known or find_turn(write, session_id, turn.turn_id)
        assert stored is not None
        return Submitted(
            turn=turn_of(stored),
            ahead=turns_ahead(write, stored),
            is_new=known is None,
            opened_session=opened,
        )

    def _admit(self, write: sqlite3.Connection, session_id: str, turn: NewTurn) -> bool:
        """Store a new turn, and its session if that is new; return whether it was."""
        now = self._clock()
        check_room(write, session_id, turn.source)
        opened = open_session(write, session_id, turn.prompt, now)
        if opened:
            add_drafts(write, session_id, turn.history, now)
        insert_turn(write, session_id, turn, now)
        return opened

    def _recover(
        self, write: sqlite3.Connection, before: float, ours: Collection[tuple[str, str]]
    ) -> Sequence[Recovered]:
        rows = write.execute(_TURNS + "WHERE t.state = 'dispatching' AND t.claimed_at <= ?", (before,))
        recovered = []
        for row in rows.fetchall():
            if (row["session_id"], row["id"]) in ours:
                continue
            turn = ClaimedTurn(**_facts(row))
            outcome = TurnOutcome(turn_id=turn.turn_id, text="", error=LOST, transient=True)
            conclusion = self._conclude(write, turn, outcome, pause=0.0)
            recovered.append(Recovered(turn=turn, outcome=outcome, conclusion=conclusion))
        return recovered

    def _conclude(
        self, write: sqlite3.Connection, turn: ClaimedTurn, outcome: TurnOutcome, pause: float
    ) -> Conclusion:
        """Store what a valid claim came to."""
        ending = ending_of(outcome, turn.attempts)
        if ending is not Ending.RETRYING:
            _end(write, turn, outcome, ending, self._clock())
            return Conclusion(ending=ending, attempts=turn.attempts)
        write.execute(
            "UPDATE turns SET state = 'pending', not_before = ?, last_error = ?"
            " WHERE session_id = ? AND id = ?",
            (self._clock() + pause, storable(outcome.error or ""), turn.session_id, turn.turn_id),
        )
        return Conclusion(ending=ending, attempts=turn.attempts, retry_in_s=pause)


_STANDING = {
    TurnState.SENT: Ending.ANSWERED,
    TurnState.FAILED: Ending.FAILED,
    TurnState.CANCELLED: Ending.CANCELLED,
    TurnState.PENDING: Ending.INTERRUPTED,
    TurnState.DISPATCHING: Ending.INTERRUPTED,
}
_ENDED = {
    Ending.ANSWERED: (TurnState.SENT, "complete"),
    Ending.FAILED: (TurnState.FAILED, "failed"),
    Ending.CANCELLED: (TurnState.CANCELLED, "cancelled"),
}
_TURNS = (
    "SELECT t.*, m.content AS prompt, s.tool_groups FROM turns t JOIN messages m ON m.id = t.message_id"
    " JOIN sessions s ON s.id = t.session_id "
)
_DUE = """
SELECT number FROM (
    SELECT number, priority, source, not_before, row_number() OVER (
        PARTITION BY session_id ORDER BY priority DESC, source <> 'user', number
    ) AS place
    FROM turns WHERE state = 'pending' AND session_id NOT IN (
        SELECT session_id FROM turns WHERE state = 'dispatching'
    )
)
WHERE place = 1 AND not_before <= :now
ORDER BY priority DESC, source <> 'user', number LIMIT :limit
"""
_NEXT_DUE = """
SELECT min(not_before) FROM turns WHERE state = 'pending' AND not_before > 0
AND session_id NOT IN (SELECT session_id FROM turns WHERE state = 'dispatching')
"""
_CLAIM = f"""
UPDATE turns SET state = 'dispatching', attempts = attempts + 1, claimed_at = :now, not_before = 0
WHERE number IN ({_DUE})
RETURNING session_id, id
"""  # noqa: S608  both are our own text


def find_turn(write: sqlite3.Connection, session_id: str, turn_id: str) -> sqlite3.Row | None:
    """Return a turn with its prompt, inside a transaction."""
    row: sqlite3.Row | None = write.execute(
        _TURNS + "WHERE t.session_id = ? AND t.id = ?", (session_id, turn_id)
    ).fetchone()
    return row


def _end(
    write: sqlite3.Connection, turn: ClaimedTurn, outcome: TurnOutcome, ending: Ending, now: float
) -> None:
    """Store the agent's message beside its question and close the turn."""
    turn_state, message_state = _ENDED[ending]
    add_answer(write, turn.session_id, turn.position + 1, outcome, state=message_state, now=now)
    write.execute(
        "UPDATE turns SET state = ?, ended_at = ?, last_error = ?, owed = 'done'"
        " WHERE session_id = ? AND id = ?",
        (
            turn_state,
            now,
            None if outcome.error is None else storable(outcome.error),
            turn.session_id,
            turn.turn_id,
        ),
    )
    write.execute("DELETE FROM calls WHERE session_id = ? AND turn_id = ?", (turn.session_id, turn.turn_id))
    write.execute(
        "UPDATE sessions SET last_message_at = ?, tool_groups = ? WHERE id = ?",
        (now, json.dumps(outcome.groups), turn.session_id),
    )


def turn_of(row: sqlite3.Row) -> Turn:
    """Read what `find_turn` returns."""
    return Turn(**_facts(row))


def _facts(row: sqlite3.Row) -> dict[str, Any]:
    """Return the fields of a `Turn`."""
    context = row["context"]
    return {
        "session_id": row["session_id"],
        "turn_id": row["id"],
        "position": row["position"],
        "prompt": row["prompt"],
        "source": Source(row["source"]),
        "priority": row["priority"],
        "state": TurnState(row["state"]),
        "attempts": row["attempts"],
        "created_at": row["created_at"],
        "mode": row["mode"],
        "context": None if context is None else json.loads(context),
        "last_error": row["last_error"],
        "claimed_at": row["claimed_at"],
        "ended_at": row["ended_at"],
    }
