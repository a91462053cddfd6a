"""Opening what lies beneath a shared folder and nowhere else: every step without following a link.

What is checked is what is read, because both happen on one open descriptor. Everything here blocks.
"""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath

from node.shared.admission import LINK, SPECIAL, TOO_LARGE, max_bytes, name_refused

_PLAIN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_FOLDER = os.O_RDONLY | _PLAIN | getattr(os, "O_DIRECTORY", 0)
_ON_THE_WAY = _FOLDER | getattr(os, "O_PATH", 0)
"""A folder above may let its owner pass through it without listing it."""
# A pipe with nobody at the other end must not hold up the opening.
_FILE = os.O_RDONLY | _PLAIN | getattr(os, "O_NONBLOCK", 0)


class Refused(Exception):
    """A file is not shared; the text is the reason, as `node/shared/admission.py` has them."""


@contextmanager
def opened_folder(folder: Path) -> Iterator[int]:
    """Open a folder by its real path; raises `OSError` when it is not there, or a link stands in the way."""
    handle = os.open(folder.anchor, _ON_THE_WAY)
    try:
        steps = folder.parts[1:]
        for number, step in enumerate(steps, start=1):
            flags = _FOLDER if number == len(steps) else _ON_THE_WAY
            handle = _stepped(handle, step, flags)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def opened_child(parent: int, name: str) -> Iterator[int]:
    """Open a folder in an open folder; raises `OSError`, also for a link."""
    handle = os.open(name, _FOLDER, dir_fd=parent)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def opened_file(folder: Path, path: str) -> Iterator[int]:
    """Open a file by its path in a shared folder; raises `Refused` or `OSError`.

    Only names that the folder shares are opened at all, whatever led to the path.
    """
    steps = PurePosixPath(path).parts
    if not steps or any(step in {"..", "/"} for step in steps):
        raise Refused(SPECIAL)
    for step in steps:
        if reason := name_refused(step):
            raise Refused(reason)
    with opened_plainly(folder, steps) as handle:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Refused(SPECIAL)
        if status.st_size > max_bytes(steps[-1]):
            raise Refused(TOO_LARGE)
        yield handle


def opened_plainly(folder: Path, steps: tuple[str, ...]) -> AbstractContextManager[int]:
    """Open whatever these steps lead to from a folder, none of them a link; raises `Refused` or `OSError`.

    Nothing else is checked: neither the names, nor what was opened. The folder is named by its real path.
    """
    return _file_by_path(folder, steps) if sys.platform == "win32" else _file_by_steps(folder, steps)


def contents(handle: int, limit: int) -> bytes:
    """Read an open file from its beginning, up to `limit` bytes; raises `Refused` when it holds more."""
    pieces: list[bytes] = []
    left = limit + 1  # it may have grown since it was measured
    while left > 0 and (piece := os.read(handle, min(left, 1 << 20))):
        pieces.append(piece)
        left -= len(piece)
    if left <= 0:
        raise Refused(TOO_LARGE)
    return b"".join(pieces)


@contextmanager
def _file_by_steps(folder: Path, steps: tuple[str, ...]) -> Iterator[int]:
    with opened_folder(folder) as root:
        handle = os.dup(root)
        try:
            for step in steps[:-1]:
                handle = _stepped(handle, step, _FOLDER)
            handle = _stepped(handle, steps[-1], _FILE)
            yield handle
        finally:
            os.close(handle)


@contextmanager
def _file_by_path(folder: Path, steps: tuple[str, ...]) -> Iterator[int]:
    """Open on Windows, which has no opening by steps: where the path leads is looked up before and after."""
    path = folder.joinpath(*steps)
    handle = -1
    for _ in range(2):
        if os.path.realpath(path) != str(path):
            raise Refused(LINK)
        handle = os.open(path, _FILE) if handle < 0 else handle
    try:
        yield handle
    finally:
        os.close(handle)


def _stepped(handle: int, step: str, flags: int) -> int:
    """Return the handle of the next step in place of this one, which is closed if that works."""
    following = os.open(step, flags, dir_fd=handle)
    os.close(handle)
    return following
