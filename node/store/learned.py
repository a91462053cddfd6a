"""The words that requests had, by the tools that they needed, as stored."""

import sqlite3
from collections.abc import Mapping, Sequence

from agent.learned import Bag
from node.store.db import Database


class LearnedStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self) -> dict[str, Bag]:
        """Return every tool's bag, the tool used last at the end."""
        words: dict[str, dict[str, float]] = {}
        for row in await self._db.rows("SELECT tool, word, count FROM learned_words"):
            words.setdefault(row["tool"], {})[row["word"]] = row["count"]
        tools = await self._db.rows("SELECT tool, requests FROM learned_tools ORDER BY used")
        return {row["tool"]: Bag(requests=row["requests"], words=words.get(row["tool"], {})) for row in tools}

    async def put(self, bags: Mapping[str, Bag], *, forgotten: Sequence[str] = ()) -> None:
        """Store these tools' bags in place of what there was, and drop others."""

        def put(write: sqlite3.Connection) -> None:
            for tool in (*forgotten, *bags):
                write.execute("DELETE FROM learned_tools WHERE tool = ?", (tool,))
            for tool, bag in bags.items():
                write.execute(
                    "INSERT INTO learned_tools (tool, requests, used)"
                    " SELECT ?, ?, coalesce(max(used), 0) + 1 FROM learned_tools",
                    (tool, bag.requests),
                )
                rows = [(tool, word, count) for word, count in bag.words.items()]
                write.executemany("INSERT INTO learned_words (tool, word, count) VALUES (?, ?, ?)", rows)

        await self._db.transact(put)

    async def clear(self) -> None:
        await self._db.write("DELETE FROM learned_tools")
