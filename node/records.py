"""The owner's record of asks, both ways: written as they begin and again as they end, never waited for."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from uuid import uuid4

from node.settings import Settings
from node.store.asks import AskRow, AskStore
from node.store.errors import StoreError
from peer.told import AskEnd, AskStart, Ended

CONTENT_MAX_CHARS = 8_000
"""Of a prompt or an answer, no more is kept."""
ALIKE_S = 60.0
"""A peer's refusals of one kind that come within this time are one row, which counts them."""
UNWRITTEN_MAX = 1_000
"""Rows that wait for the store; beyond this the oldest are given up."""
RETRY_S = 5.0

logger = logging.getLogger(__name__)


class AskRecords:
    """An `AskRecorder` over the store. What waits to be written is bounded by what is under way."""

    def __init__(
        self, store: AskStore, settings: Settings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.on_row: Callable[[AskRow], None] = lambda _: None
        """Called for every row as it begins and as it ends."""
        self._store = store
        self._settings = settings
        self._clock = clock
        self._unwritten: dict[str, AskRow] = {}
        self._work = asyncio.Event()
        self._writing = asyncio.Lock()
        self._refusals: dict[tuple[str, str], tuple[float, AskRow]] = {}
        self._writer: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Close what a killed node left open, and write from now on."""
        await self._store.interrupt()
        self._writer = asyncio.create_task(self._write(), name="record of asks")

    async def close(self) -> None:
        """Write what waits."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer])
        await self.flush()

    async def flush(self) -> None:
        """Write what waits now; a store that cannot is said so in the log, and tried again later."""
        async with self._writing:  # so that what another write took along is stored, too
            rows, self._unwritten = self._unwritten, {}
            if not rows:
                return
            try:
                await self._store.save(list(rows.values()), keep=self._settings.whole("network.keepAsks"))
            except StoreError as error:
                logger.warning("cannot keep the record of %d asks: %s", len(rows), error)
                self._unwritten = rows | self._unwritten

    async def page(
        self, *, limit: int, before: int | None = None, peer: str | None = None
    ) -> list[tuple[int, AskRow]]:
        """Return rows with their numbers, the latest first; `before` is the number of the last one seen."""
        await self.flush()
        return await self._store.page(limit=limit, before=before, peer=peer)

    def began(self, start: AskStart) -> Ended:
        row = self._row(start)
        self._put(row)
        self.on_row(row)
        return partial(self._ended, row, self._clock())

    def refused(self, start: AskStart, outcome: str) -> None:
        kind, now = (start.peer.node_id, outcome), self._clock()
        began, last = self._refusals.get(kind, (0.0, None))
        if last is not None and now - began < ALIKE_S:
            row = replace(last, times=last.times + 1)
        else:
            began, row = now, replace(self._row(start), outcome=outcome, duration_ms=0)
            self.on_row(row)
        self._refusals[kind] = began, row
        self._put(row)

    def _ended(self, row: AskRow, began: float, end: AskEnd) -> None:
        ended = replace(
            row,
            outcome=end.outcome,
            answer_chars=len(end.answer),
            duration_ms=int((self._clock() - began) * 1000),
            answer=self._content(end.answer),
        )
        self._put(ended)
        self.on_row(ended)

    def _row(self, start: AskStart) -> AskRow:
        return AskRow(
            id=uuid4().hex,
            direction=start.direction,
            peer=start.peer.node_id,
            name=start.peer.label,
            ask=start.ask,
            hops=start.hops,
            first_asker=start.first_asker,
            prompt_chars=len(start.prompt),
            started_at=start.at,
            prompt=self._content(start.prompt),
        )

    def _content(self, text: str) -> str | None:
        return text[:CONTENT_MAX_CHARS] if self._settings.flag("network.keepAskContent") else None

    def _put(self, row: AskRow) -> None:
        self._unwritten[row.id] = row
        while len(self._unwritten) > UNWRITTEN_MAX:
            del self._unwritten[next(iter(self._unwritten))]
        self._work.set()

    async def _write(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            await self.flush()
            if self._unwritten:
                await asyncio.sleep(RETRY_S)
                self._work.set()
