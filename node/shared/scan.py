"""Bringing the index up to date with a shared folder: what is new or changed is read, what is gone forgotten.

Everything here blocks; it runs in the index's own thread.
"""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from node.shared.admission import NO_PDF_READER, NO_TEXT, UNREADABLE, is_pdf, max_bytes
from node.shared.beneath import Refused, contents, opened_file
from node.shared.index import ShareIndex
from node.shared.passages import Cut, cut, decoded, sound
from node.shared.pdf import has_reader, pages_of
from node.shared.walk import Found, Skipped, signature_of, walk
from tools.shared import Unit

SKIPPED_SHOWN = 50
"""Skipped files that the owner is shown by name."""


class Stopped(Exception):
    """The node is closing, or the folder is no longer shared."""


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


def scan(index: ShareIndex, folder: Path, is_over: Callable[[], bool]) -> Report:
    """Bring a folder's part of the index up to date; raises `Stopped`."""
    share = str(folder)
    known = index.known(share)
    seen: set[str] = set()
    skipped: list[Skipped] = []
    reasons: Counter[str] = Counter()
    problem = ""
    try:
        for entry in walk(folder):
            if is_over():
                raise Stopped
            refused = (
                entry if isinstance(entry, Skipped) else _taken(index, folder, entry, known.get(entry.path))
            )
            if isinstance(entry, Found):
                seen.add(entry.path)
            if refused:
                reasons[refused.reason] += 1
                skipped += [refused] if len(skipped) < SKIPPED_SHOWN else []
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
    index.forget(share, [path for path in known if path not in seen])
    counts = index.counts(share)
    return Report(
        files=counts.files,
        passages=counts.passages,
        reasons=dict(reasons),
        skipped=tuple(skipped),
        problem=problem,
    )


def _taken(
    index: ShareIndex, folder: Path, found: Found, known: tuple[str, str | None] | None
) -> Skipped | None:
    """Index a file unless it is known as it is; return why there is nothing of it to search, if so."""
    signature, reason = known or ("", None)
    if signature == found.signature and not (reason == NO_PDF_READER and has_reader()):
        return Skipped(found.path, reason) if reason else None
    try:
        cuts, unit, found = _read(folder, found)
    except Refused as error:
        index.refuse(str(folder), found, str(error))
        return Skipped(found.path, str(error))
    except OSError:
        index.forget(str(folder), (found.path,))
        return Skipped(found.path, UNREADABLE)
    index.put(str(folder), found, cuts, unit)
    return None


def _read(folder: Path, found: Found) -> tuple[list[Cut], Unit, Found]:
    """Return the passages of a file, and the file as it was when it was read."""
    with opened_file(folder, found.path) as handle:
        status = os.fstat(handle)
        content = contents(handle, max_bytes(found.path))
    found = Found(found.path, status.st_size, signature_of(status))
    if is_pdf(found.path):
        return (
            [each for number, page in enumerate(pages_of(content), 1) for each in _page(number, page)],
            "page",
            found,
        )
    text = decoded(content)
    if text is None:
        raise Refused(NO_TEXT)
    return list(cut(text, has_headings=found.path.casefold().endswith((".md", ".markdown")))), "line", found


def _page(number: int, text: str) -> list[Cut]:
    return [Cut(number, number, "", each.text) for each in cut(sound(text), has_headings=False)]
