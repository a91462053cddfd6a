"""Whole conversations from elsewhere, as another node or an earlier export has them."""

import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from node.store.db import Database, storable
from node.store.messages import StoredMessage, take_places
from node.store.sessions import open_session


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A conversation to be stored. The messages' positions only say how summaries stand among them."""

    title: str
    created_at: float
    last_message_at: float
    pinned: bool = False
    archived: bool = False
    messages: Sequence[StoredMessage] = ()


async def bring(db: Database, brought: Brought, *, clock: Callable[[], float] = time.time) -> str:
    """Store a conversation as a new session and return its id; nothing that is there is touched."""
    session_id = uuid.uuid4().hex

    def add(write: sqlite3.Connection) -> None:
        open_session(write, session_id, brought.title, clock())
        first = take_places(write, session_id, len(brought.messages), clock())
        places = {message.position: first + index for index, message in enumerate(brought.messages)}
        for message in brought.messages:
            _add(write, session_id, message, places)
        write.execute(
            "UPDATE sessions SET created_at = ?, last_message_at = ?, pinned = ?, archived = ? WHERE id = ?",
            (brought.created_at, brought.last_message_at, brought.pinned, brought.archived, session_id),
        )

    await db.transact(add)
    return session_id


def _add(write: sqlite3.Connection, session_id: str, message: StoredMessage, places: dict[int, int]) -> None:
    write.execute(
        "INSERT INTO messages"
        " (session_id, position, role, content, created_at, state, error, reasoning, tool_calls,"
        " tokens_in, tokens_out, context_used, context_max, execution_time_ms, model, notices, seam_at,"
        " rounds, shown_tools, citations)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            session_id,
            places[message.position],
            message.role,
            storable(message.content),
            message.created_at,
            message.state,
            None if message.error is None else storable(message.error),
            storable(message.reasoning),
            json.dumps(message.tool_calls),
            message.tokens_in,
            message.tokens_out,
            message.context_used,
            message.context_max,
            message.execution_time_ms,
            storable(message.model),
            json.dumps(message.notices),
            _seam(message.seam_at, places),
            json.dumps(message.rounds),
            json.dumps(dict(message.shown_tools)),
            json.dumps(message.citations),
        ),
    )


def _seam(seam_at: int | None, places: dict[int, int]) -> int | None:
    """Return the new place of the message before which a summary stands."""
    if seam_at is None:
        return None
    behind = [place for position, place in places.items() if position >= seam_at]
    return min(behind, default=max(places.values()) + 1)
