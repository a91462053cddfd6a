"""The one SQLite file of a node: how it is opened, read and written."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from node.store.errors import explained
from node.store.upgrade import Upgrade, apply, known_upgrades

BUSY_TIMEOUT_S = 5.0
"""How long a statement waits for another process that writes; it bounds every wait in this file."""

T = TypeVar("T")


class Database:
    """Readers never wait for the writer; write transactions run one after the other.

    A transaction is one function, run in the writer's own thread: one trip there instead of one for each
    statement, which is what storing a turn would cost most. What waits meanwhile shares the next commit.

    The file is in WAL mode with `synchronous = NORMAL`: what is committed outlives a killed process, which is
    what is promised. Only a power loss may take the last commits (never the file). FULL would guard against
    that with one disk flush for every message and every batch of tokens.
    """

    def __init__(
        self, writer: sqlite3.Connection, thread: ThreadPoolExecutor, reader: aiosqlite.Connection
    ) -> None:
        self._writer = writer
        self._thread = thread
        self._reader = reader
        self._jobs: list[_Job] = []
        self._writing: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path, *, upgrades: Sequence[Upgrade] | None = None) -> "Database":
        """Open or create the file and bring it up to date; raise `StoreUnusable` when that cannot be done."""
        await asyncio.to_thread(lambda: apply(path, upgrades or known_upgrades()))
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        writer = await asyncio.get_running_loop().run_in_executor(thread, _open_writer, path)
        try:
            reader = await _open_reader(path)
        except BaseException:
            thread.submit(writer.close)
            thread.shutdown(wait=False)
            raise
        return cls(writer, thread, reader)

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` as a transaction: all of it or nothing. It keeps every other writer waiting.

        What it raises undoes it and is raised here. A caller that is cancelled no longer hears of it, but
        what has begun is committed.
        """
        job = _Job(work, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="store writer")
        return await job.result  # type: ignore[no-any-return]  # what `work` returned

    async def write(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Run one statement as a transaction and return the rows of its RETURNING."""
        return await self.transact(lambda connection: connection.execute(sql, values).fetchall())

    async def rows(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[sqlite3.Row]:
        """Read what is committed."""
        try:
            return list(await self._reader.execute_fetchall(sql, values))
        except sqlite3.Error as error:
            raise explained(error) from error

    async def close(self) -> None:
        """Write what waits, and close the file."""
        if self._writing is not None:
            await self._writing
        try:
            await self._reader.close()
        finally:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.close)
            self._thread.shutdown()

    async def _write(self) -> None:
        """Commit what waits, all that has gathered at a time, until nothing waits."""
        loop = asyncio.get_running_loop()
        while self._jobs:
            jobs, self._jobs = [job for job in self._jobs if not job.result.cancelled()], []
            outcomes = await loop.run_in_executor(self._thread, _commit, self._writer, jobs)
            for job, outcome in zip(jobs, outcomes, strict=True):
                job.tell(outcome)
        self._writing = None


def storable(text: str) -> str:
    """Return the text as UTF-8 can hold it; a stranger's JSON may carry half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[sqlite3.Connection], Any]
    result: asyncio.Future[Any]

    def tell(self, outcome: object) -> None:
        """Hand the outcome to whoever still waits for it."""
        if self.result.cancelled():
            return
        if isinstance(outcome, BaseException):
            self.result.set_exception(outcome)
        else:
            self.result.set_result(outcome)


def _commit(connection: sqlite3.Connection, jobs: Sequence[_Job]) -> list[object]:
    """Run every job in one commit; one that fails is undone alone. Return what each returned or raised."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_run(connection, job) for job in jobs]
        connection.execute("COMMIT")
    except BaseException as error:  # noqa: BLE001 - the file itself fails: nothing of this commit was stored
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return [_told(error)] * len(jobs)
    return outcomes


def _run(connection: sqlite3.Connection, job: _Job) -> object:
    connection.execute("SAVEPOINT job")
    try:
        outcome = job.work(connection)
    except BaseException as error:
        if not connection.in_transaction:
            raise  # the file itself failed, and SQLite has undone everything
        connection.execute("ROLLBACK TO job")
        outcome = _told(error)
    connection.execute("RELEASE job")
    return outcome


def _told(error: BaseException) -> BaseException:
    return explained(error) if isinstance(error, sqlite3.Error) else error


def _open_writer(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


async def _open_reader(path: Path) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    connection.row_factory = sqlite3.Row
    return connection
