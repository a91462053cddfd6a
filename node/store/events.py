"""The log of every session's turn events, numbered per session, from which a client catches up."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from node.store.db import Database, storable
from node.store.errors import StoreUnusable

FLUSH_EVERY_S = 0.05
FLUSH_EVENTS = 128
BACKLOG_MAX = 8_192
"""Unwritten events beyond which `append` waits for the disk."""
BACKLOG_TIMEOUT_S = 10.0
RETRY_EVERY_S = 0.5
PAGE_EVENTS = 500
KEEP_TURNS = 3
"""Ended turns of a session whose events stay in the log."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    seq: int
    turn_id: str
    event: str
    data: str
    """The event's `data` as JSON text, so that it is written out once for the log and every client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some events of a session in their order."""

    events: Sequence[LoggedEvent]
    is_last: bool
    """They reached the newest event, and still do until the reader of this page waits for anything."""


class EventLog:
    """Numbers events at once and writes them in batches; what is read holds the unwritten ones too."""

    def __init__(self, db: Database, keep_turns: Callable[[], int], newest_session: int) -> None:
        self._db = db
        self._keep_turns = keep_turns
        self._newest_session = newest_session
        """At the start. The sessions up to it may have given out numbers that were never written."""
        self._last: dict[str, int] = {}
        self._backlog: list[tuple[str, LoggedEvent]] = []
        self._flushes = 0
        self._has_some = asyncio.Event()
        self._has_batch = asyncio.Event()
        self._flushing = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, db: Database, *, keep_turns: Callable[[], int] = lambda: KEEP_TURNS) -> "EventLog":
        """Start the writer task. Beyond `keep_turns` ended turns, a session's oldest events are dropped."""
        rows = await db.rows("SELECT max(rowid) FROM sessions")
        log = cls(db, keep_turns, rows[0][0] or 0)
        log._writer = asyncio.create_task(log._write_batches(), name="event log")
        return log

    async def append(self, session_id: str, turn_id: str, event: str, data: str) -> int:
        """Log one event and return its number. Waits only for a session's first event or a full backlog."""
        await self.last_seq(session_id)
        if len(self._backlog) >= BACKLOG_MAX:
            await self._wait_for_disk()
        seq = self._last[session_id] = self._last[session_id] + 1
        self._backlog.append((session_id, LoggedEvent(seq, turn_id, event, storable(data))))
        self._has_some.set()
        if len(self._backlog) >= FLUSH_EVENTS:
            self._has_batch.set()
        return seq

    async def after(self, session_id: str, seq: int) -> Page:
        """Return the next events after a number.

        A follower that wants no gap reads pages until the last one, and follows in the same step.
        """
        while True:
            flushes = self._flushes
            rows = await self._db.rows(_AFTER, (session_id, seq, PAGE_EVENTS))
            if rows:
                return Page(events=[LoggedEvent(*row) for row in rows], is_last=False)
            if flushes == self._flushes:
                break
            # Else some may have been written after the read, and be in memory no more.
        unwritten = self._unwritten(session_id, seq)
        return Page(events=unwritten[:PAGE_EVENTS], is_last=len(unwritten) <= PAGE_EVENTS)

    async def has_more(self, session_id: str, seq: int, than: int) -> bool:
        """Say whether more than so many events came after a number."""
        rows = await self._db.rows(_COUNT_AFTER, (session_id, seq, than + 1))
        return int(rows[0][0]) + len(self._unwritten(session_id, seq)) > than

    def _unwritten(self, session_id: str, seq: int) -> list[LoggedEvent]:
        return [logged for to, logged in self._backlog if to == session_id and logged.seq > seq]

    async def since(self, session_id: str, last_seq: int) -> Sequence[LoggedEvent]:
        """Return every event after `last_seq` that was appended before this call."""
        events: list[LoggedEvent] = []
        is_last = False
        while not is_last:
            page = await self.after(session_id, events[-1].seq if events else last_seq)
            events += page.events
            is_last = page.is_last
        return events

    async def last_seq(self, session_id: str) -> int:
        """Return the newest number, or the one from which this process counts."""
        if session_id not in self._last:
            first = await self._first_seq(session_id)
            # Somebody else may have learned it meanwhile, and have gone on counting.
            self._last.setdefault(session_id, first)
        return self._last[session_id]

    def begin(self, session_id: str) -> None:
        """Count from the start for a session that is only now given its id."""
        self._last[session_id] = 0

    async def pruned_seq(self, session_id: str) -> int:
        """Return the highest number that is no longer in the log."""
        rows = await self._db.rows("SELECT pruned_seq FROM sessions WHERE id = ?", (session_id,))
        return int(rows[0][0]) if rows else 0

    async def ended_seq(self, session_id: str) -> int:
        """Return the number of the last `done` that is written; the running turn's events come after it."""
        rows = await self._db.rows(
            "SELECT max(seq) FROM events WHERE session_id = ? AND event = 'done'", (session_id,)
        )
        return rows[0][0] or 0

    async def flush(self) -> None:
        """Write everything that was appended before this call."""
        async with self._flushing:
            batch = self._backlog.copy()
            if batch:
                await self._write(batch)
                # Only now: what could not be written is tried again.
                del self._backlog[: len(batch)]
                self._flushes += 1

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
                await asyncio.sleep(RETRY_EVERY_S)  # as long as the disk is full, nothing else is tried

    async def _write(self, batch: Sequence[tuple[str, LoggedEvent]]) -> None:
        # A session may have been deleted under a running turn: its events go nowhere.
        # A batch comes twice when whoever wrote it first was cancelled meanwhile.
        values = [(logged.seq, logged.turn_id, logged.event, logged.data, to) for to, logged in batch]
        told = [
            (to, logged.turn_id, logged.event) for to, logged in batch if logged.event in {"queued", "done"}
        ]
        ended = {to for to, _, event in told if event == "done"}
        keep_turns = self._keep_turns()

        def write_batch(write: sqlite3.Connection) -> None:
            write.executemany(_INSERT, values)
            write.executemany("UPDATE turns SET owed = '' WHERE session_id = ? AND id = ? AND owed = ?", told)
            _prune(write, ended, keep_turns)

        await self._db.transact(write_batch)

    async def _wait_for_disk(self) -> None:
        try:
            async with asyncio.timeout(BACKLOG_TIMEOUT_S):
                await self.flush()
        except TimeoutError:
            raise StoreUnusable(f"the disk has not taken {len(self._backlog)} events in time") from None

    async def _first_seq(self, session_id: str) -> int:
        """Return a number beyond all that earlier processes, killed ones too, may have given out.

        It is kept at once, because this process may be killed before it has written any event.
        """
        sessions = await self._db.rows("SELECT rowid FROM sessions WHERE id = ?", (session_id,))
        if not sessions or sessions[0][0] > self._newest_session:
            return 0
        rows = await self._db.write(_COUNT_ON, (BACKLOG_MAX, session_id))
        return int(rows[0][0]) if rows else 0


_AFTER = "SELECT seq, turn_id, event, data FROM events WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?"
_COUNT_AFTER = "SELECT count(*) FROM (SELECT 1 FROM events WHERE session_id = ? AND seq > ? LIMIT ?)"
_COUNT_ON = """
UPDATE sessions SET counted_from = ? + max(
    counted_from, coalesce((SELECT max(seq) FROM events WHERE session_id = sessions.id), 0)
)
WHERE id = ? RETURNING counted_from
"""
_INSERT = (
    "INSERT OR IGNORE INTO events (session_id, seq, turn_id, event, data)"
    " SELECT id, ?, ?, ?, ? FROM sessions WHERE id = ?"
)
# The newest `done` beyond the kept ones, or what stands before the first event of a turn that has not ended.
_PRUNABLE = """
SELECT min(coalesce((
    SELECT min(seq) - 1 FROM events WHERE session_id = :session AND seq <= ended.seq AND turn_id IN (
        SELECT id FROM turns WHERE session_id = :session AND state IN ('pending', 'dispatching')
    )
), ended.seq), ended.seq) FROM (
    SELECT seq FROM events WHERE session_id = :session AND event = 'done'
    ORDER BY seq DESC LIMIT 1 OFFSET :keep
) AS ended
"""


def _prune(write: sqlite3.Connection, sessions: Iterable[str], keep_turns: int) -> None:
    """Drop the oldest events; the messages of their turns are stored."""
    for session_id in sessions:
        row = write.execute(_PRUNABLE, {"session": session_id, "keep": keep_turns}).fetchone()
        if row is None or not row[0]:
            continue
        write.execute("DELETE FROM events WHERE session_id = ? AND seq <= ?", (session_id, row[0]))
        write.execute(
            "UPDATE sessions SET pruned_seq = max(pruned_seq, ?) WHERE id = ?", (row[0], session_id)
        )
