"""The log of every session's turn events, numbered per session, from which a client catches up."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from node.store.db import Database, storable
from node.store.errors import StoreUnusable

FLUSH_EVERY_S = 0.05
FLUSH_EVENTS = 128
BACKLOG_MAX = 8_192
"""Unwritten events beyond which `append` waits for the disk."""
BACKLOG_TIMEOUT_S = 10.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    seq: int
    turn_id: str
    event: str
    data: str
    """The event's `data` as JSON text, so that it is written out once for the log and every client."""


class EventLog:
    """Numbers events at once and writes them in batches; `since` sees the unwritten ones too."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._last: dict[str, int] = {}
        self._backlog: list[tuple[str, LoggedEvent]] = []
        self._has_some = asyncio.Event()
        self._has_batch = asyncio.Event()
        self._flushing = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, db: Database) -> "EventLog":
        """Start the writer task."""
        log = cls(db)
        log._writer = asyncio.create_task(log._write_batches(), name="event log")
        return log

    async def append(self, session_id: str, turn_id: str, event: str, data: str) -> int:
        """Log one event and return its number. Waits only for a session's first event or a full backlog."""
        if session_id not in self._last:
            stored = await self._stored_seq(session_id)
            # Somebody else may have learned it meanwhile, and have gone on counting.
            self._last.setdefault(session_id, stored)
        if len(self._backlog) >= BACKLOG_MAX:
            await self._wait_for_disk()
        seq = self._last[session_id] = self._last[session_id] + 1
        self._backlog.append((session_id, LoggedEvent(seq, turn_id, event, storable(data))))
        self._has_some.set()
        if len(self._backlog) >= FLUSH_EVENTS:
            self._has_batch.set()
        return seq

    async def since(self, session_id: str, last_seq: int) -> Sequence[LoggedEvent]:
        """Return every event after `last_seq` that was appended before this call.

        A follower that wants no gap subscribes to live events first, then asks, then skips the live
        ones whose number it has already seen.
        """
        await self.flush()
        rows = await self._db.rows(
            "SELECT seq, turn_id, event, data FROM events WHERE session_id = ? AND seq > ? ORDER BY seq",
            (session_id, last_seq),
        )
        return [LoggedEvent(*row) for row in rows]

    async def last_seq(self, session_id: str) -> int:
        if session_id in self._last:
            return self._last[session_id]
        return await self._stored_seq(session_id)

    async def flush(self) -> None:
        """Write everything that was appended before this call."""
        async with self._flushing:
            batch = self._backlog.copy()
            if batch:
                await self._write(batch)
                # Only now: what could not be written is tried again.
                del self._backlog[: len(batch)]

    async def close(self) -> None:
        """Write what is left and stop the writer task."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer], timeout=BACKLOG_TIMEOUT_S)
            self._writer = None
        await self.flush()

    async def _write_batches(self) -> None:
        while True:
            await self._has_some.wait()
            try:
                async with asyncio.timeout(FLUSH_EVERY_S):
                    await self._has_batch.wait()
            except TimeoutError:
                pass
            self._has_some.clear()
            self._has_batch.clear()
            try:
                await self.flush()
            except Exception:
                logger.exception("cannot write %d events; trying again", len(self._backlog))
                self._has_some.set()

    async def _write(self, batch: Sequence[tuple[str, LoggedEvent]]) -> None:
        # A session may have been deleted under a running turn: its events go nowhere.
        # A batch comes twice when whoever wrote it first was cancelled meanwhile.
        values = [(logged.seq, logged.turn_id, logged.event, logged.data, to) for to, logged in batch]
        await self._db.transact(
            lambda write: write.executemany(
                "INSERT OR IGNORE INTO events (session_id, seq, turn_id, event, data)"
                " SELECT id, ?, ?, ?, ? FROM sessions WHERE id = ?",
                values,
            )
        )

    async def _wait_for_disk(self) -> None:
        try:
            async with asyncio.timeout(BACKLOG_TIMEOUT_S):
                await self.flush()
        except TimeoutError:
            raise StoreUnusable(f"the disk has not taken {len(self._backlog)} events in time") from None

    async def _stored_seq(self, session_id: str) -> int:
        rows = await self._db.rows("SELECT max(seq) FROM events WHERE session_id = ?", (session_id,))
        return rows[0][0] or 0
