"""Bringing the index up to date with a shared folder: what is new or changed is read, what is gone forgotten.

Everything here blocks; it runs in the index's own thread.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from node.shared.admission import NO_PDF_READER, NO_TEXT, UNREADABLE, is_pdf, max_bytes
from node.shared.beneath import Refused, contents, opened_file
from node.shared.index import ShareIndex
from node.shared.passages import Cut, cut, decoded, sound
from node.shared.pdf import Stopped, has_reader, pages_of
from node.shared.walk import Entry, Found, Skipped, signature_of, walk

COMMIT_FILES = 200
"""Files that go into one commit: one for each would take more than twice as long."""
SKIPPED_SHOWN = 50
"""Skipped files that the owner is shown by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a scan saw."""

    files: int = 0
    passages: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    """How many files are not shared, by why."""
    skipped: tuple[Skipped, ...] = ()
    """The first of them."""
    problem: str = ""
    """Why the folder could not be read at all; nothing of it is found then."""
    look_s: float = 0.0
    """How long it takes to go through the folder when nothing has changed."""


def scan(index: ShareIndex, folder: Path, is_over: Callable[[], bool]) -> Report:
    """Bring a folder's part of the index up to date; raises `Stopped`."""
    try:
        report = _Scan(index, folder, is_over).run()
        index.commit()
    finally:
        index.rollback()
    return report


class _Scan:
    def __init__(self, index: ShareIndex, folder: Path, is_over: Callable[[], bool]) -> None:
        self._index = index
        self._folder = folder
        self._share = str(folder)
        self._is_over = is_over
        self._known = index.known(self._share)
        self._seen: set[str] = set()
        self._reasons: Counter[str] = Counter()
        self._skipped: list[Skipped] = []
        self._changes = 0
        self._changes_s = 0.0

    def run(self) -> Report:
        began = time.monotonic()
        problem = ""
        try:
            for entry in walk(self._folder):
                self._take(entry)
        except OSError as error:
            problem = f"cannot be read: {error.strerror or error}"
        with self._change():
            self._index.forget(self._share, [path for path in self._known if path not in self._seen])
        counts = self._index.counts(self._share)
        return Report(
            files=counts.files,
            passages=counts.passages,
            reasons=dict(self._reasons),
            skipped=tuple(self._skipped),
            problem=problem,
            look_s=time.monotonic() - began - self._changes_s,
        )

    def _take(self, entry: Entry) -> None:
        if self._is_over():
            raise Stopped
        skipped = entry if isinstance(entry, Skipped) else self._take_file(entry)
        if skipped is not None:
            self._reasons[skipped.reason] += 1
            self._skipped += [skipped] if len(self._skipped) < SKIPPED_SHOWN else []

    def _take_file(self, found: Found) -> Skipped | None:
        """Index a file unless it is known as it is; return why there is nothing of it to search, if so."""
        self._seen.add(found.path)
        signature, reason = self._known.get(found.path, ("", None))
        if signature == found.signature and not (reason == NO_PDF_READER and has_reader()):
            return Skipped(found.path, reason) if reason else None
        with self._change():
            return self._index_file(found)

    def _index_file(self, found: Found) -> Skipped | None:
        self._changes += 1
        if self._changes % COMMIT_FILES == 0:
            self._index.commit()
        try:
            cuts, found = self._read(found)
        except Refused as error:
            self._index.refuse(self._share, found, str(error))
            return Skipped(found.path, str(error))
        except OSError:
            self._index.forget(self._share, (found.path,))
            return Skipped(found.path, UNREADABLE)
        self._index.put(self._share, found, cuts, "page" if is_pdf(found.path) else "line")
        return None

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Count what is done once, because something changed, apart from what each look takes."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._changes_s += time.monotonic() - began

    def _read(self, found: Found) -> tuple[list[Cut], Found]:
        """Return the passages of a file, and the file as it was when it was read."""
        with opened_file(self._folder, found.path) as handle:
            status = os.fstat(handle)
            content = contents(handle, max_bytes(found.path))
        found = Found(found.path, status.st_size, signature_of(status))
        return (self._pages(content) if is_pdf(found.path) else _lines(found.path, content)), found

    def _pages(self, content: bytes) -> list[Cut]:
        pages = pages_of(content, self._is_over)
        return [each for number, page in enumerate(pages, start=1) for each in _page(number, page)]


def _page(number: int, text: str) -> list[Cut]:
    return [Cut(number, number, "", each.text) for each in cut(sound(text), has_headings=False)]


def _lines(path: str, content: bytes) -> list[Cut]:
    text = decoded(content)
    if text is None:
        raise Refused(NO_TEXT)
    return list(cut(text, has_headings=path.casefold().endswith((".md", ".markdown"))))
