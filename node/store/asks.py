"""The record of asks, stored: who asked whom, when, how much, and what came of it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Literal

from node.store.db import Database, storable

INTERRUPTED = "interrupted"
"""The outcome of an ask under which the node was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRow:
    id: str
    direction: Literal["in", "out"]
    peer: str
    name: str
    ask: str
    hops: int
    first_asker: str | None = None
    prompt_chars: int
    answer_chars: int | None = None
    outcome: str | None = None
    """None: under way."""
    times: int = 1
    """How many refused asks this row stands for."""
    started_at: float
    duration_ms: int | None = None
    prompt: str | None = None
    answer: str | None = None


_COLUMNS = [field.name for field in fields(AskRow)]
_SAVE = (
    f"INSERT INTO asks ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"  # noqa: S608
    " ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, answer_chars = excluded.answer_chars,"
    " duration_ms = excluded.duration_ms, times = excluded.times, answer = excluded.answer"
)
_PRUNE = "DELETE FROM asks WHERE n <= (SELECT n FROM asks ORDER BY n DESC LIMIT 1 OFFSET ?)"


class AskStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def save(self, rows: Sequence[AskRow], *, keep: int) -> None:
        """Insert rows, or bring those of the same id up to date; then the oldest beyond `keep` go."""

        def save(write: sqlite3.Connection) -> None:
            write.executemany(_SAVE, [_values(row) for row in rows])
            write.execute(_PRUNE, (keep,))

        await self._db.transact(save)

    async def interrupt(self) -> None:
        """Say of every ask that is under way that the node ended first."""
        await self._db.write("UPDATE asks SET outcome = ? WHERE outcome IS NULL", (INTERRUPTED,))

    async def page(
        self, *, limit: int, before: int | None = None, peer: str | None = None
    ) -> list[tuple[int, AskRow]]:
        """Return rows with their numbers, the latest first; `before` is the number of the last one seen."""
        rows = await self._db.rows(
            "SELECT * FROM asks WHERE (?1 IS NULL OR n < ?1) AND (?2 IS NULL OR peer = ?2)"
            " ORDER BY n DESC LIMIT ?3",
            (before, peer, limit),
        )
        return [(row["n"], AskRow(**{name: row[name] for name in _COLUMNS})) for row in rows]


def _values(row: AskRow) -> dict[str, object]:
    return {name: storable(value) if isinstance(value, str) else value for name, value in asdict(row).items()}
