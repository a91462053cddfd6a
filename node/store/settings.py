"""The owner's settings as stored: a key and a JSON value."""

from node.store.db import Database


class SettingStore:
    def __init__(self, db: Database) -> None: ...

    async def all(self) -> dict[str, object]:
        raise NotImplementedError

    async def put(self, key: str, value: object) -> None:
        raise NotImplementedError

    async def delete(self, key: str) -> None:
        raise NotImplementedError
