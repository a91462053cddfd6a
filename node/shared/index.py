"""The full-text index of the shared folders: one SQLite file, made of them alone and made anew at any time.

Everything here blocks. The writing side belongs to one thread, each search opens a reading side of its own.
"""

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from node.shared.excerpt import telling_lines
from node.shared.passages import OVERLAP_LINES, Cut
from node.shared.query import any_of, telling_words
from node.shared.walk import Found, is_as_indexed
from tools.shared import Passage, SharedFile, Unit

VERSION = 1
"""An index of another version is thrown away and made anew."""
CANDIDATES = 60
"""Of the best passages by BM25, so many are looked at more closely."""
PER_FILE = 2
"""Passages of one file in one answer, so that a long file does not crowd out the others."""
COVERAGE_MIN = 0.25
"""A passage with less of what a question asks for, counted by how rare its words are, is no answer to it."""
SCORE_MIN = 0.3
"""Of the best passage's score; what has less is left out, for it would only be read in vain."""
MARK = "\x02"
"""Stands in no text of the index."""
BUSY_S = 5.0
"""How long a search waits for the file; it never waits for a whole scan."""

_WEIGHTS = "2.0, 1.5, 1.0"
"""Of a word in the headings, in the file's name and in the text."""


@dataclass(frozen=True, slots=True)
class Counts:
    files: int
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    passages: list[Passage]
    has_stale: bool
    """Something is left out because its file is no longer as it was indexed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file that can be read, as the index knows it."""

    unit: Unit
    """What it is counted in."""
    signature: str


class ShareIndex:
    """The writing side. What is written is found from the next `commit` on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = _opened(path)

    def close(self) -> None:
        self._connection.close()

    def known(self, share: str) -> Mapping[str, tuple[str, str | None]]:
        """Return the signature of each file of a share, and why it has no text, if it has none."""
        rows = self._connection.execute("SELECT path, signature, reason FROM files WHERE share = ?", (share,))
        return {path: (signature, reason) for path, signature, reason in rows}

    def shares(self) -> set[str]:
        return {share for (share,) in self._connection.execute("SELECT DISTINCT share FROM files")}

    def put(self, share: str, found: Found, cuts: Sequence[Cut], unit: Unit) -> None:
        """Store a file's passages in place of what was known of it."""
        self.forget(share, (found.path,))
        file_id = self._add(share, found, None, unit)
        for each in cuts:
            row = self._connection.execute(
                "INSERT INTO passages (file_id, first, last, heading) VALUES (?, ?, ?, ?) RETURNING id",
                (file_id, each.first, each.last, each.heading),
            )
            self._connection.execute(
                "INSERT INTO words (rowid, heading, path, text) VALUES (?, ?, ?, ?)",
                (row.fetchone()[0], each.heading, found.path, each.text),
            )

    def refuse(self, share: str, found: Found, reason: str) -> None:
        """Note that a file has no text to search, so that it is not opened again until it changes."""
        self.forget(share, (found.path,))
        self._add(share, found, reason, "line")

    def forget(self, share: str, paths: Iterable[str]) -> None:
        self._begin()
        for path in paths:
            self._connection.execute(_FORGET_WORDS.format("f.share = ? AND f.path = ?"), (share, path))
            self._connection.execute("DELETE FROM files WHERE share = ? AND path = ?", (share, path))

    def drop(self, share: str) -> None:
        """Forget a whole share, so that no word of it stays in the file."""
        self._begin()
        self._connection.execute(_FORGET_WORDS.format("f.share = ?"), (share,))
        self._connection.execute("DELETE FROM files WHERE share = ?", (share,))
        self.commit()
        # Until its parts are merged, the full-text index only marks what was taken out.
        self._connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def commit(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Undo what was written since the last `commit`."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def counts(self, share: str) -> Counts:
        row = self._connection.execute(
            "SELECT count(DISTINCT f.id), count(p.id) FROM files f LEFT JOIN passages p ON p.file_id = f.id"
            " WHERE f.share = ? AND f.reason IS NULL",
            (share,),
        ).fetchone()
        return Counts(*row)

    def _add(self, share: str, found: Found, reason: str | None, unit: Unit) -> int:
        row = self._connection.execute(
            "INSERT INTO files (share, path, size, signature, reason, unit) VALUES (?, ?, ?, ?, ?, ?)"
            " RETURNING id",
            (share, found.path, found.size, found.signature, reason, unit),
        )
        return int(row.fetchone()[0])

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")


def search(index: Path, question: str, limit: int, labels: Mapping[str, str]) -> Hits:
    """Return the passages of these shares, with their labels, that answer a question best, best first.

    The index is as old as the last look at the folders: what no longer stands in its file is left out.

    BM25 ranks them, and again by how much of the question each covers: one passage about all of it is worth
    more than one that says a single word of it over and over.
    """
    words = telling_words(question)
    if not words or not labels:
        return Hits(passages=[], has_stale=False)
    with closing(_reading(index)) as connection:
        marks = ", ".join("?" * len(labels))
        known = connection.execute(_CANDIDATES.format(marks), (any_of(words), *labels, CANDIDATES)).fetchall()
        stale = _stale(known)
        rows = [row for row in known if (row[1], row[2]) not in stale]
        weights = _weights(connection, words, labels)
        coverage = _coverage(connection, weights, [row[0] for row in rows])
        # BM25 in SQLite is below zero, the best lowest.
        scores = {row[0]: -row[-1] * coverage[row[0]] for row in rows if coverage[row[0]] >= COVERAGE_MIN}
        enough = max(scores.values(), default=0.0) * SCORE_MIN
        ranked = sorted(
            (row for row in rows if scores.get(row[0], -1.0) >= enough), key=lambda row: -scores[row[0]]
        )
        excerpts = (
            _excerpt(_passage(row, labels), _held(connection, weights, row[0]), weights) for row in ranked
        )
        return Hits(passages=list(islice(_spread(excerpts), limit)), has_stale=bool(stale))


def entry(index: Path, share: str, path: str) -> Entry | None:
    """Return what is known of a file; None for one that is not in the index, and so cannot be read."""
    with closing(_reading(index)) as connection:
        row = connection.execute(
            "SELECT unit, signature FROM files WHERE share = ? AND path = ? AND reason IS NULL", (share, path)
        ).fetchone()
    return Entry(unit=row[0], signature=row[1]) if row else None


def pages(index: Path, share: str, path: str, first: int, last: int) -> list[tuple[int, str]]:
    """Return the number and the text of a document's pages, pieces of a long page joined."""
    with closing(_reading(index)) as connection:
        rows = connection.execute(_PAGES, (share, path, first, last)).fetchall()
    numbers = dict.fromkeys(number for number, _ in rows)
    return [(number, "".join(text for each, text in rows if each == number)) for number in numbers]


def files(index: Path, labels: Mapping[str, str]) -> list[SharedFile]:
    """Return the files of these shares that can be read."""
    with closing(_reading(index)) as connection:
        rows = connection.execute(_FILES.format(", ".join("?" * len(labels))), tuple(labels)).fetchall()
    return [SharedFile(file=f"{labels[share]}/{path}", size=size) for share, path, size in rows]


def _stale(rows: Sequence[Sequence[str]]) -> set[tuple[str, str]]:
    """Return the files of these candidates that are no longer as they were indexed."""
    signatures = {(row[1], row[2]): row[8] for row in rows}
    return {
        (share, path)
        for (share, path), signature in signatures.items()
        if not is_as_indexed(Path(share), path, signature)
    }


def _weights(
    connection: sqlite3.Connection, words: Sequence[str], labels: Mapping[str, str]
) -> dict[str, float]:
    """Return how much each word of a question tells: the rarer the more.

    Counted within these shares alone, so that nothing can be learned of others.
    """
    shares = ", ".join("?" * len(labels))
    total = connection.execute(_TOTAL.format(shares), tuple(labels)).fetchone()[0]
    held = {
        word: connection.execute(_HOLDING.format(shares), (f'"{word}"', *labels)).fetchone()[0]
        for word in words
    }
    return {word: math.log(1 + (total + 1) / (count + 1)) for word, count in held.items()}


def _coverage(
    connection: sqlite3.Connection, weights: Mapping[str, float], ids: Sequence[int]
) -> dict[int, float]:
    """Return for each passage how much of the question its words make up."""
    chosen = ", ".join("?" * len(ids))
    found: dict[int, float] = dict.fromkeys(ids, 0.0)
    for word, weight in weights.items():
        for (passage,) in connection.execute(_AMONG.format(chosen), (f'"{word}"', *ids)):
            found[passage] += weight
    return {passage: weight / sum(weights.values()) for passage, weight in found.items()}


def _held(connection: sqlite3.Connection, words: Iterable[str], passage: int) -> dict[int, set[str]]:
    """Return which of the words, in whatever form, stand in which lines of a passage."""
    held: dict[int, set[str]] = {}
    for word in words:
        for (marked,) in connection.execute(_MARKED, (f'"{word}"', passage)):
            for number, line in enumerate(marked.split("\n")):
                if MARK in line:
                    held.setdefault(number, set()).add(word)
    return held


def _excerpt(passage: Passage, held: Mapping[int, set[str]], weights: Mapping[str, float]) -> Passage:
    """Return the lines of a passage that tell most; a page stays the place of what stands on it."""
    lines = passage.text.split("\n")
    start, end = telling_lines(lines, held, weights)
    text = "\n".join(lines[start:end])
    if passage.unit == "page" or passage.last - passage.first + 1 != len(lines):
        return replace(passage, text=text)
    return replace(passage, first=passage.first + start, last=passage.first + end - 1, text=text)


def _spread(passages: Iterable[Passage]) -> Iterator[Passage]:
    """Leave out what repeats lines of a better passage, and what is too much of one file."""
    taken: defaultdict[str, list[Passage]] = defaultdict(list)
    for each in passages:
        others = taken[each.file]
        if len(others) < PER_FILE and not any(_repeats(each, other) for other in others):
            others.append(each)
            yield each


def _repeats(one: Passage, other: Passage) -> bool:
    """Passages of one text begin a few lines before the last one ended; more than that is a repetition."""
    common = min(one.last, other.last) - max(one.first, other.first) + 1
    return one.unit == "line" and common > min(OVERLAP_LINES, (one.last - one.first) // 2)


def _passage(row: Sequence[object], labels: Mapping[str, str]) -> Passage:
    _, share, path, unit, first, last, heading, text, *_ = row
    assert unit in {"line", "page"}
    return Passage(
        file=f"{labels[str(share)]}/{path}",
        first=int(str(first)),
        last=int(str(last)),
        unit="page" if unit == "page" else "line",
        heading=str(heading),
        text=str(text),
    )


def _opened(path: Path) -> sqlite3.Connection:
    """Open the index; one that is damaged or of another version is made anew."""
    try:
        connection = _connected(path)
        if connection.execute("PRAGMA user_version").fetchone()[0] in {0, VERSION}:
            connection.executescript(_SCHEMA)
            return connection
        connection.close()
    except sqlite3.DatabaseError:
        pass
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        each.unlink(missing_ok=True)
    connection = _connected(path)
    connection.executescript(_SCHEMA)
    return connection


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    # What was shared and is no more must not stay readable in free pages of the file.
    connection.execute("PRAGMA secure_delete = ON")
    return connection


def _reading(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S)
    connection.execute("PRAGMA query_only = ON")
    return connection


_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY,
    share TEXT NOT NULL,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    signature TEXT NOT NULL,
    reason TEXT,
    unit TEXT NOT NULL,
    UNIQUE (share, path)
) STRICT;
CREATE TABLE IF NOT EXISTS passages (
    id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    heading TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS passages_of ON passages (file_id);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    heading, path, text, tokenize = 'porter unicode61 remove_diacritics 2'
);
PRAGMA user_version = {VERSION};
"""
_JOINED = "FROM words JOIN passages p ON p.id = words.rowid JOIN files f ON f.id = p.file_id"
_CANDIDATES = (
    "SELECT p.id, f.share, f.path, f.unit, p.first, p.last, p.heading, words.text, f.signature,"
    f" bm25(words, {_WEIGHTS}) {_JOINED} WHERE words MATCH ? AND f.share IN ({{}}) ORDER BY 10 LIMIT ?"
)
_HOLDING = f"SELECT count(*) {_JOINED} WHERE words MATCH ? AND f.share IN ({{}})"
_TOTAL = "SELECT count(*) FROM passages p JOIN files f ON f.id = p.file_id WHERE f.share IN ({})"
_FORGET_WORDS = """
DELETE FROM words WHERE rowid IN (
    SELECT p.id FROM passages p JOIN files f ON f.id = p.file_id WHERE {}
)
"""
_MARKED = (
    f"SELECT highlight(words, 2, '{MARK}', '') FROM words"  # noqa: S608  both are our own text
    " WHERE words MATCH ? AND rowid = ?"
)
_AMONG = "SELECT rowid FROM words WHERE words MATCH ? AND rowid IN ({})"
_FILES = "SELECT share, path, size FROM files WHERE reason IS NULL AND share IN ({}) ORDER BY share, path"
_PAGES = (
    f"SELECT p.first, words.text {_JOINED} WHERE f.share = ? AND f.path = ? AND p.first BETWEEN ? AND ?"
    " ORDER BY p.id"
)
