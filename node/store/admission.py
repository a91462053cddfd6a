"""How a new turn takes its place among the turns of its session, inside one transaction."""

import json
import sqlite3

from node.store.errors import QueueFull
from node.store.messages import add_question
from node.store.turn import OTHER_WAITING_MAX, USER_WAITING_MAX, NewTurn, Source, TurnState


def check_room(write: sqlite3.Connection, session_id: str, source: Source) -> None:
    """Raise `QueueFull` when too many of the kind wait; while nothing runs, the first does not wait."""
    rows = write.execute(
        "SELECT coalesce(sum(state = 'pending' AND (source = 'user') = ?), 0),"
        " coalesce(sum(state = 'dispatching'), 0)"
        " FROM turns WHERE session_id = ? AND state IN ('pending', 'dispatching')",
        (source is Source.USER, session_id),
    )
    pending, running = rows.fetchone()
    waiting = pending if running else max(0, pending - 1)
    most = USER_WAITING_MAX if source is Source.USER else OTHER_WAITING_MAX
    if waiting >= most:
        raise QueueFull(waiting)


def turns_ahead(write: sqlite3.Connection, row: sqlite3.Row) -> int:
    """Count the session's turns that run or will run before this one."""
    rows = write.execute(
        "SELECT count(*) FROM turns WHERE session_id = ? AND number <> ?"
        " AND state IN ('pending', 'dispatching')"
        " AND (state = 'dispatching' OR (-priority, source <> 'user', number) < (?, ?, ?))",
        (
            row["session_id"],
            row["number"],
            -row["priority"],
            row["source"] != Source.USER,
            row["number"],
        ),
    )
    return int(rows.fetchone()[0]) if row["state"] == TurnState.PENDING else 0


def insert_turn(write: sqlite3.Connection, session_id: str, turn: NewTurn, now: float) -> None:
    """Store the user's message and its waiting turn."""
    message_id, place = add_question(write, session_id, turn.turn_id, turn.prompt, now)
    write.execute(
        "INSERT INTO turns"
        " (session_id, id, message_id, position, source, priority, mode, context, created_at, owed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued')",
        (
            session_id,
            turn.turn_id,
            message_id,
            place,
            turn.source,
            turn.priority,
            turn.mode,
            None if turn.context is None else json.dumps(turn.context),
            now,
        ),
    )
