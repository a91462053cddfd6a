"""What peers have used of the node's model, stored: counts by day, and nothing of what was said."""

from dataclasses import dataclass
from datetime import date

from node.store.db import Database

SHOWN_MAX = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    day: date
    node_id: str
    rounds: int
    prompt_tokens: int
    completion_tokens: int


class LentStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, day: date, node_id: str, *, prompt_tokens: int, completion_tokens: int) -> None:
        """Count one round."""
        await self._db.write(
            "INSERT INTO lent VALUES (?, ?, 1, ?, ?) ON CONFLICT (day, node_id) DO UPDATE SET"
            " rounds = rounds + 1, prompt_tokens = prompt_tokens + excluded.prompt_tokens,"
            " completion_tokens = completion_tokens + excluded.completion_tokens",
            (day.isoformat(), node_id, prompt_tokens, completion_tokens),
        )

    async def tokens(self, day: date, node_id: str) -> int:
        """Return the tokens that a peer used on a day."""
        rows = await self._db.rows(
            "SELECT prompt_tokens + completion_tokens AS tokens FROM lent WHERE day = ? AND node_id = ?",
            (day.isoformat(), node_id),
        )
        return int(rows[0]["tokens"]) if rows else 0

    async def latest(self) -> list[Lent]:
        """Return the last days, the newest first."""
        rows = await self._db.rows(
            "SELECT * FROM lent ORDER BY day DESC, prompt_tokens + completion_tokens DESC LIMIT ?",
            (SHOWN_MAX,),
        )
        return [
            Lent(
                day=date.fromisoformat(row["day"]),
                node_id=row["node_id"],
                rounds=row["rounds"],
                prompt_tokens=row["prompt_tokens"],
                completion_tokens=row["completion_tokens"],
            )
            for row in rows
        ]
