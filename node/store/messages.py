"""The messages of a transcript: what is stored of one, and how they are added inside a transaction."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from agent.desk import CallRecord, RoundRecord, TurnOutcome
from agent.models.base import Usage
from node.store.db import storable
from node.store.errors import MessageUnreadable
from tools.spec import JsonObject


class Role(StrEnum):
    USER = "user"
    AGENT = "agent"
    SYSTEM = "system"
    TOOL = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    id: int
    session_id: str
    position: int
    role: Role
    content: str
    created_at: float
    turn_id: str | None = None
    reasoning: str = ""
    state: str = "complete"
    """`complete`, `failed` or `cancelled`; the last, of a user: taken back unread."""
    error: str | None = None
    tool_calls: Sequence[JsonObject] = ()
    """The turn's action log: `agent.desk.CallRecord`s in camel case."""
    rounds: Sequence[JsonObject] = ()
    """The turn's calls of the model: `agent.events.Round`s."""
    shown_tools: Mapping[str, int] = field(default_factory=dict)
    """The tools that the model saw last, and the tokens that each took."""
    citations: Sequence[JsonObject] = ()
    """What the answer cites: `agent.events.CitedPlace`s."""
    tokens_in: int | None = None
    tokens_out: int | None = None
    context_used: int | None = None
    context_max: int | None = None
    execution_time_ms: int | None = None
    model: str = ""
    notices: Sequence[str] = ()
    """What the owner should know of the turn, as that the server cut the prompt."""
    seam_at: int | None = None
    """On a summary: the position before which it stands. Later turns read it instead of what lies before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message that is imported, not written by a turn."""

    role: Role
    content: str


def take_places(write: sqlite3.Connection, session_id: str, count: int, now: float) -> int:
    """Return the first of `count` new places in the transcript."""
    rows = write.execute(
        "UPDATE sessions SET next_position = next_position + ?, last_message_at = ? WHERE id = ?"
        " RETURNING next_position",
        (count, now, session_id),
    )
    return int(rows.fetchone()[0]) - count


def add_drafts(write: sqlite3.Connection, session_id: str, drafts: Sequence[Draft], now: float) -> None:
    """Append imported messages."""
    if not drafts:
        return
    first = take_places(write, session_id, len(drafts), now)
    write.executemany(
        "INSERT INTO messages (session_id, position, role, content, created_at) VALUES (?, ?, ?, ?, ?)",
        [
            (session_id, first + place, draft.role, storable(draft.content), now)
            for place, draft in enumerate(drafts)
        ],
    )


def add_question(
    write: sqlite3.Connection, session_id: str, turn_id: str, prompt: str, now: float
) -> tuple[int, int]:
    """Store the user's message and keep the place behind it for the answer; return its id and place."""
    place = take_places(write, session_id, 2, now)
    rows = write.execute(
        "INSERT INTO messages (session_id, position, role, content, turn_id, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (session_id, place, Role.USER, storable(prompt), turn_id, now),
    )
    return int(rows.fetchone()[0]), place


def add_answer(
    write: sqlite3.Connection, session_id: str, place: int, outcome: TurnOutcome, *, state: str, now: float
) -> None:
    """Store what a turn came to as the agent's message, action log and figures with it."""
    usage = outcome.usage or Usage()
    write.execute(
        "INSERT INTO messages"
        " (session_id, position, role, content, turn_id, created_at, state, error, reasoning, tool_calls,"
        " tokens_in, tokens_out, context_used, context_max, execution_time_ms, model, notices,"
        " rounds, shown_tools, citations)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            session_id,
            place,
            Role.AGENT,
            storable(outcome.text),
            outcome.turn_id,
            now,
            state,
            None if outcome.error is None else storable(outcome.error),
            storable(outcome.reasoning),
            json.dumps([_call(record) for record in outcome.calls]),
            usage.prompt,
            usage.completion,
            usage.prompt,
            outcome.context_window,
            outcome.duration_ms,
            storable(outcome.model),
            json.dumps(outcome.notices),
            json.dumps([_round(record) for record in outcome.rounds]),
            json.dumps(dict(outcome.shown)),
            json.dumps([asdict(place) for place in outcome.citations]),
        ),
    )


def add_summary(
    write: sqlite3.Connection, session_id: str, text: str, *, seam_at: int, model: str, now: float
) -> None:
    """Store what stands for everything before a place in later turns."""
    place = take_places(write, session_id, 1, now)
    write.execute(
        "INSERT INTO messages (session_id, position, role, content, created_at, model, seam_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (session_id, place, Role.SYSTEM, storable(text), now, storable(model), seam_at),
    )


_LISTS = ("tool_calls", "notices", "rounds", "citations")


def stored_message(row: sqlite3.Row) -> StoredMessage:
    """Read a row of `messages`; raises `MessageUnreadable`."""
    facts = {key: row[key] for key in row.keys()}  # noqa: SIM118 - a Row iterates its values
    try:
        lists = {key: _list(row[key]) for key in _LISTS}
        shown = dict(json.loads(row["shown_tools"]))
        return StoredMessage(**{**facts, "role": Role(row["role"]), "shown_tools": shown, **lists})
    except (TypeError, ValueError) as error:
        raise MessageUnreadable(row["session_id"], row["position"]) from error


def _list(text: str) -> list[Any]:
    if text == "[]":  # nearly always, in every message of every history
        return []
    value = json.loads(text)
    if not isinstance(value, list):
        raise TypeError(f"{text[:20]!r} is no list")
    return value


def _call(record: CallRecord) -> JsonObject:
    return {
        "callId": record.call_id,
        "name": record.name,
        "arguments": record.arguments,
        "ok": record.ok,
        "result": record.result,
        "durationMs": record.duration_ms,
        "startedMs": record.started_ms,
        "permission": record.permission,
        "denied": record.denied,
        "reused": record.reused,
    }


def _round(record: RoundRecord) -> JsonObject:
    return {
        "startedMs": record.started_ms,
        "durationMs": record.duration_ms,
        "promptTokens": record.usage.prompt,
        "completionTokens": record.usage.completion,
        "calls": list(record.calls),
        "failed": record.failed,
    }
