"""The one SQLite file of a node: how it is opened, upgraded, read and written."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite


class StoreError(Exception):
    """The store cannot be used; the text says why and what the owner can do."""


class Database:
    """Readers never wait for the writer; write transactions run one after the other."""

    @classmethod
    async def open(cls, path: Path) -> "Database":
        """Open or create the file and bring it up to date; raise `StoreError` when that cannot be done."""
        raise NotImplementedError

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """Write: all of it or nothing. Do nothing slow inside."""
        raise NotImplementedError
        yield

    async def rows(self, sql: str, values: Sequence[object] = ()) -> list[aiosqlite.Row]:
        """Read what is committed."""
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError
