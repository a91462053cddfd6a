"""The one SQLite file of a node: how it is opened, read and written."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from node.store.upgrade import Upgrade, apply, known_upgrades

BUSY_TIMEOUT_S = 5.0
"""How long a statement waits for another process that writes; it bounds every wait in this file."""


class Database:
    """Readers never wait for the writer; write transactions run one after the other.

    The file is in WAL mode with `synchronous = NORMAL`: what is committed outlives a killed process, which is
    what is promised. Only a power loss may take the last commits (never the file). FULL would guard against
    that with one disk flush for every message and every batch of tokens. NORMAL also makes a commit so cheap
    that commits need not be gathered into groups.
    """

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._writer = writer
        self._reader = reader
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, *, upgrades: Sequence[Upgrade] | None = None) -> "Database":
        """Open or create the file and bring it up to date; raise `StoreUnusable` when that cannot be done."""
        await asyncio.to_thread(lambda: apply(path, upgrades or known_upgrades()))
        writer = await _connect(path)
        try:
            reader = await _connect(path)
        except BaseException:
            await writer.close()
            raise
        return cls(writer, reader)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """Write: all of it or nothing. It keeps every other writer waiting: only statements inside."""
        async with self._writing:
            try:
                # Inside the try: a caller that is cancelled here has already begun, in aiosqlite's thread.
                await self._writer.execute_fetchall("BEGIN IMMEDIATE")
                yield self._writer
                await self._writer.commit()
            except BaseException:
                await self._writer.rollback()
                raise

    async def write(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Run one statement as a transaction and return the rows of its RETURNING."""
        async with self.transaction() as connection:
            return list(await connection.execute_fetchall(sql, values))

    async def rows(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Read what is committed."""
        return list(await self._reader.execute_fetchall(sql, values))

    async def close(self) -> None:
        try:
            await self._reader.close()
        finally:
            await self._writer.close()


def storable(text: str) -> str:
    """Return the text as UTF-8 can hold it; a stranger's JSON may carry half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode("utf-8")


async def _connect(path: Path) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    connection.row_factory = sqlite3.Row
    await connection.execute_fetchall("PRAGMA foreign_keys = ON")
    await connection.execute_fetchall("PRAGMA synchronous = NORMAL")
    return connection
