"""Going through a shared folder: every file that may be shared, and why the others may not. Blocks."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from node.shared.admission import (
    DEPTH_MAX,
    FILES_MAX,
    LINK,
    NODE_FOLDER,
    SPECIAL,
    TEXT_MAX_BYTES,
    TOO_DEEP,
    TOO_LARGE,
    TOO_MANY,
    UNREADABLE,
    is_pdf,
    max_bytes,
    name_refused,
)
from node.shared.beneath import Refused, opened_child, opened_file, opened_folder

ENTRIES_MAX = 200_000
"""Names that one walk looks at, so that a folder of millions cannot keep it busy."""
_NODE_MARKS = frozenset({"node.lock", "palaver.db"})
"""What every node's data folder holds."""


@dataclass(frozen=True, slots=True)
class Found:
    path: str
    size: int
    signature: str
    """Differs when the file may have changed."""


@dataclass(frozen=True, slots=True)
class Skipped:
    path: str
    reason: str


Entry: TypeAlias = Found | Skipped
Place: TypeAlias = int | Path
"""An open folder; on Windows, which cannot list those, its path."""


def walk(folder: Path) -> Iterator[Entry]:
    """Yield what a folder holds, in the order of names; raises `OSError` when the folder is not there."""
    with _root(folder) as place:
        budget = _Budget()
        yield from _within(place, "", 1, budget)
        if budget.entries > ENTRIES_MAX:
            yield Skipped("…", TOO_MANY)


class _Budget:
    def __init__(self) -> None:
        self.entries = self.files = self.text_bytes = 0

    def reason(self, name: str, size: int) -> str | None:
        """Count a file; return why it cannot be shared, when it cannot."""
        if size > max_bytes(name):
            return TOO_LARGE
        text_bytes = 0 if is_pdf(name) else size
        if self.files >= FILES_MAX or self.text_bytes + text_bytes > TEXT_MAX_BYTES:
            return TOO_MANY
        self.files += 1
        self.text_bytes += text_bytes
        return None


def _within(place: Place, prefix: str, depth: int, budget: _Budget) -> Iterator[Entry]:
    with os.scandir(place) as scan:
        entries = sorted(_some(scan, budget), key=lambda entry: entry.name)
    if {entry.name for entry in entries} >= _NODE_MARKS:
        yield Skipped(prefix.rstrip("/") or ".", NODE_FOLDER)
        return
    for entry in entries:
        path = f"{prefix}{entry.name}"
        try:
            yield from _one(place, entry, path, depth, budget)
        except OSError:
            yield Skipped(path, UNREADABLE)


def _some(scan: Iterator["os.DirEntry[str]"], budget: _Budget) -> Iterator["os.DirEntry[str]"]:
    for entry in scan:
        budget.entries += 1
        if budget.entries > ENTRIES_MAX:
            return
        yield entry


def _one(place: Place, entry: "os.DirEntry[str]", path: str, depth: int, budget: _Budget) -> Iterator[Entry]:
    reason = name_refused(entry.name)
    if reason is None and _is_link(entry):
        reason = LINK
    if reason is not None:
        yield Skipped(path, reason)
        return
    status = entry.stat(follow_symlinks=False)
    if stat.S_ISDIR(status.st_mode):
        if depth >= DEPTH_MAX:
            yield Skipped(path, TOO_DEEP)
            return
        with _child(place, entry) as child:
            yield from _within(child, f"{path}/", depth + 1, budget)
    elif not stat.S_ISREG(status.st_mode):
        yield Skipped(path, SPECIAL)
    elif reason := budget.reason(entry.name, status.st_size):
        yield Skipped(path, reason)
    else:
        yield Found(path, status.st_size, signature_of(status))


def signature_of(status: os.stat_result) -> str:
    # The time of the last change to the file itself is one that no program can set back.
    return f"{status.st_size}.{status.st_mtime_ns}.{status.st_ctime_ns}.{status.st_ino}"


def is_as_indexed(folder: Path, path: str, signature: str) -> bool:
    """Whether a file is still there, shared, and has not been written since it had this signature."""
    try:
        with opened_file(folder, path) as handle:
            now = signature_of(os.fstat(handle))
    except (Refused, OSError):
        return False
    # Some network drives number a file anew whenever it is opened.
    return now.rpartition(".")[0] == signature.rpartition(".")[0]


def _is_link(entry: "os.DirEntry[str]") -> bool:
    # Windows has junctions beside links; they lead elsewhere in the same way.
    return entry.is_symlink() or (sys.platform == "win32" and os.path.realpath(entry.path) != entry.path)


def _root(folder: Path) -> AbstractContextManager[Place]:
    return nullcontext(folder) if sys.platform == "win32" else opened_folder(folder)


def _child(place: Place, entry: "os.DirEntry[str]") -> AbstractContextManager[Place]:
    return opened_child(place, entry.name) if isinstance(place, int) else nullcontext(Path(entry.path))
