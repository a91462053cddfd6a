"""The owner's settings as stored: a key and a JSON value."""

import json

from node.store.db import Database


class SettingStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self) -> dict[str, object]:
        return {row["key"]: json.loads(row["value"]) for row in await self._db.rows("SELECT * FROM settings")}

    async def put(self, key: str, value: object) -> None:
        await self._db.write(
            "INSERT INTO settings (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, json.dumps(value)),
        )

    async def delete(self, key: str) -> None:
        await self._db.write("DELETE FROM settings WHERE key = ?", (key,))
