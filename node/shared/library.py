"""The shared folders of a running node: adding and removing them, and keeping their index fresh."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import TypeVar

from node.shared.admission import folder_refused, label_of
from node.shared.index import ShareIndex
from node.shared.pdf import Stopped
from node.shared.scan import Report, scan
from node.store.shares import Share, ShareStore

SCAN_EVERY_S = 30.0
SCAN_SHARE = 0.05
"""Of the time, looking takes no more than this, however large the folders are."""
QUICK_S = 0.1
"""A look that takes no longer than this is taken before every search."""
FRESH_LOOKS = 10
"""A longer one only when the last is older than so many of its kind."""
FRESH_WAIT_S = 3.0
"""How long a search waits for that; then it searches what is indexed so far."""
ADD_WAIT_S = 10.0
"""How long adding a folder waits for its first scan."""
SHARES_MAX = 100

T = TypeVar("T")

logger = logging.getLogger(__name__)


class ShareError(Exception):
    """A folder cannot be shared, or is not; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareStatus:
    """A shared folder as its owner sees it."""

    share: Share
    report: Report
    scanned_at: float | None
    """Seconds since 1970; None: the first scan is under way."""


class SharedFolders:
    """Shares are known at once, without waiting; their files as of the last scan.

    One thread writes the index. Looking is by the clock and before each search, not by notices of the
    system: those have limits that a large folder exceeds, and do not come from network drives.
    """

    def __init__(self, store: ShareStore, *, index: Path, data: Path, home: Path) -> None:
        self.index = index
        self._store = store
        self._data = data
        self._home = home
        self._shares: dict[str, Share] = {}
        self._reports: dict[str, tuple[Report, float]] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="shared")
        self._writer: ShareIndex | None = None
        self._over = Event()
        self._scanning: asyncio.Task[None] | None = None
        self._polling: asyncio.Task[None] | None = None
        self._scanned_at = float("-inf")
        self._look_s = 0.0
        self._wanted = asyncio.Event()
        self._changing = asyncio.Lock()

    async def open(self) -> None:
        """Load the shares, open the index and keep it fresh from now on."""
        self._shares = {share.folder: share for share in await self._store.all()}
        self._writer = await self._in_thread(partial(ShareIndex, self.index))
        self._polling = asyncio.create_task(self._poll(), name="shared folders")

    async def close(self) -> None:
        self._over.set()
        for task in (self._polling, self._scanning):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        if self._writer is not None:
            await self._in_thread(self._writer.close)
        self._thread.shutdown()

    def visible(self, asker: str | None) -> Sequence[Share]:
        """Return the shares that a peer may see, or all for the owner (None)."""
        return [share for share in self._shares.values() if share.is_for(asker)]

    def statuses(self) -> Sequence[ShareStatus]:
        return [self._status(share) for share in self._shares.values()]

    async def add(self, folder: str, peers: frozenset[str] | None) -> ShareStatus:
        """Share a folder, or change with whom it is shared; raises `ShareError`."""
        async with self._changing:
            real = await asyncio.to_thread(self._shareable, folder)
            share = self._shares.get(str(real)) or self._new(real)
            share = replace(share, peers=peers)
            await self._store.save(share)
            self._shares[share.folder] = share
        await self._looked(ADD_WAIT_S)
        return self._status(share)

    async def remove(self, folder: str) -> Share:
        """Stop sharing a folder, named by path or label; from here on nobody sees it. Raises `ShareError`."""
        async with self._changing:
            share = self._meant(folder, await asyncio.to_thread(_real, folder))
            # Out of sight first: no search or reading that begins now finds it.
            del self._shares[share.folder]
            self._reports.pop(share.folder, None)
            await self._store.remove(share.folder)
        await self._looked(ADD_WAIT_S)
        return share

    async def fresh(self) -> None:
        """Look at the folders again if the last look is some time ago; waits a little, never long."""
        fresh_s = self._look_s * FRESH_LOOKS if self._look_s > QUICK_S else 0.0
        if time.monotonic() - self._scanned_at > fresh_s:
            await self._looked(FRESH_WAIT_S)

    async def look(self) -> None:
        """Look at the folders again; waits a little, never long."""
        await self._looked(FRESH_WAIT_S)

    def _status(self, share: Share) -> ShareStatus:
        report, scanned_at = self._reports.get(share.folder, (Report(), None))
        return ShareStatus(share=share, report=report, scanned_at=scanned_at)

    def _shareable(self, folder: str) -> Path:
        path = Path(folder).expanduser()
        if not path.is_absolute():
            raise ShareError(f"{folder!r} is no whole path; write it from the root on")
        real = _real(folder)
        if not real.is_dir():
            raise ShareError(f"there is no folder {folder!r}")
        refused = folder_refused(real, data=self._data.resolve(), home=self._home.resolve())
        if refused is not None:
            raise ShareError(refused)
        return real

    def _new(self, folder: Path) -> Share:
        if len(self._shares) >= SHARES_MAX:
            raise ShareError(
                f"{SHARES_MAX} folders are shared already; remove one, or share a folder above them"
            )
        taken = frozenset(share.label.casefold() for share in self._shares.values())
        return Share(folder=str(folder), label=label_of(folder, taken), peers=None, added_at=time.time())

    def _meant(self, folder: str, real: Path) -> Share:
        for share in self._shares.values():
            if share.folder in {folder, str(real)}:
                return share
        for share in self._shares.values():
            if share.label.casefold() == folder.casefold():
                return share
        known = ", ".join(share.folder for share in self._shares.values()) or "none"
        raise ShareError(f"{folder!r} is not shared; shared: {known}")

    async def _poll(self) -> None:
        while True:
            await self._looked(None)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(SCAN_EVERY_S, self._look_s / SCAN_SHARE)):
                    await self._wanted.wait()

    async def _looked(self, wait_s: float | None) -> None:
        """Scan every folder from now on, and wait for the end of that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                # A scan under way may have passed what changed a moment ago.
                if self._scanning is not None and not self._scanning.done():
                    # Also for who cannot wait so long, another follows.
                    self._wanted.set()
                    await asyncio.shield(self._scanning)
                await asyncio.shield(self._scan())

    def _scan(self) -> asyncio.Task[None]:
        if self._scanning is None or self._scanning.done():
            self._wanted.clear()
            self._scanning = asyncio.create_task(self._scan_all(), name="scan of shared folders")
        return self._scanning

    async def _scan_all(self) -> None:
        look_s = 0.0
        try:
            await self._in_thread(self._drop_removed)
        except sqlite3.Error:
            logger.exception("what is no longer shared could not be taken out of the index")
        for share in list(self._shares.values()):
            with suppress(Stopped):
                report = await self._report(share)
                look_s += report.look_s
                if share.folder in self._shares:
                    self._reports[share.folder] = (report, time.time())
        self._scanned_at = time.monotonic()
        self._look_s = look_s

    async def _report(self, share: Share) -> Report:
        try:
            return await self._in_thread(partial(self._scan_one, share))
        except Stopped:
            raise
        except Exception:
            logger.exception("the shared folder %r could not be indexed", share.folder)
            return Report(problem="cannot be indexed; the node's log has the details")

    def _scan_one(self, share: Share) -> Report:
        assert self._writer is not None

        def is_over() -> bool:
            return self._over.is_set() or share.folder not in self._shares

        return scan(self._writer, Path(share.folder), is_over)

    def _drop_removed(self) -> None:
        assert self._writer is not None
        for folder in self._writer.shares() - set(self._shares):
            self._writer.drop(folder)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _real(folder: str) -> Path:
    return Path(folder).expanduser().resolve()
