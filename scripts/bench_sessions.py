"""How long a store of a million messages takes to open a session, to search, and to take a message."""

import asyncio
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import accumulate
from pathlib import Path

from bench_figure import Bound, Figure, Target, at_percentile

from node.store.db import Database
from node.store.sessions import SessionStore
from node.store.turn import NewTurn
from node.store.turns import TurnStore

MESSAGES, QUICK_MESSAGES = 1_000_000, 20_000
PER_SESSION = 100
WORDS_PER_MESSAGE = 30
VOCABULARY = 60_000
LONG_SESSION = 10_000
"""Messages of one session that is read by its last page."""
ROUNDS, QUICK_ROUNDS = 300, 30
OPEN_MAX_MS, SEARCH_MAX_MS, APPEND_MAX_MS = 10, 30, 5


def measure(*, quick: bool) -> Iterator[Figure]:
    count, rounds = (QUICK_MESSAGES, QUICK_ROUNDS) if quick else (MESSAGES, ROUNDS)
    with tempfile.TemporaryDirectory(prefix="palaver-bench-") as folder:
        path = Path(folder) / "palaver.db"
        asyncio.run(created(path))
        started = time.perf_counter()
        words = fill(path, count)
        print(
            f"{count} messages stored in {time.perf_counter() - started:.0f} s, "
            f"{path.stat().st_size / 1e6:.0f} MB",
            file=sys.stderr,
        )
        yield from asyncio.run(figures(path, words, rounds))


async def created(path: Path) -> None:
    await (await Database.open(path)).close()


def fill(path: Path, count: int) -> list[str]:
    """Store sessions whose words are as frequent as in a language; return the words, frequent ones first."""
    chance = random.Random(1)  # noqa: S311  the same store each time
    words = vocabulary(chance)
    weights = list(accumulate(1 / (place + 2.7) for place in range(len(words))))
    file = sqlite3.connect(path, isolation_level=None)
    for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -300000"):
        file.execute(f"PRAGMA {setting}")
    triggers = file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        file.execute(f"DROP TRIGGER {name}")
    file.execute("BEGIN")
    long = LONG_SESSION if count > LONG_SESSION else 0
    lengths = [long] * bool(long) + [PER_SESSION] * ((count - long) // PER_SESSION)
    for place, length in enumerate(lengths):
        said = chance.choices(words, cum_weights=weights, k=length * WORDS_PER_MESSAGE)
        add_session(file, f"{place:032x}", said, 1.7e9 + 1_000 * place)
    file.execute("INSERT INTO message_words (message_words) VALUES ('rebuild')")
    for _, sql in triggers:
        file.execute(sql)
    file.execute("COMMIT")
    file.execute("PRAGMA journal_mode = WAL")
    file.close()
    return words


def vocabulary(chance: random.Random) -> list[str]:
    made = {"".join(chance.choices("etaoinshrdlucmfwyp", k=chance.randint(2, 10))) for _ in range(VOCABULARY)}
    words = sorted(made)
    chance.shuffle(words)
    return words


def add_session(file: sqlite3.Connection, session_id: str, said: list[str], begun: float) -> None:
    """Store a session of whole turns, as turns store it."""
    length = len(said) // WORDS_PER_MESSAGE
    file.execute(
        "INSERT INTO sessions (id, title, plain_title, created_at, last_message_at, next_position)"
        " VALUES (?1, ?2, ?2, ?3, ?4, ?5)",
        (session_id, " ".join(said[:8]), begun, begun + length, length + 1),
    )
    first = file.execute("SELECT coalesce(max(id), 0) + 1 FROM messages").fetchone()[0]
    file.executemany(
        "INSERT INTO messages (id, session_id, position, role, content, turn_id, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                first + place,
                session_id,
                place + 1,
                "agent" if place % 2 else "user",
                " ".join(said[place * WORDS_PER_MESSAGE : (place + 1) * WORDS_PER_MESSAGE]),
                f"turn {place // 2}",
                begun + place,
            )
            for place in range(length)
        ],
    )
    file.executemany(
        "INSERT INTO turns (session_id, id, message_id, position, source, priority, state, attempts,"
        " created_at) VALUES (?, ?, ?, ?, 'user', 0, 'sent', 1, ?)",
        [
            (session_id, f"turn {place // 2}", first + place, place + 1, begun + place)
            for place in range(0, length, 2)
        ],
    )


async def figures(path: Path, words: list[str], rounds: int) -> list[Figure]:
    flushed = flushes(path.parent, rounds)
    db = await Database.open(path)
    try:
        rows = await db.rows("SELECT id FROM sessions ORDER BY rowid")
        ids = [str(row["id"]) for row in rows]
        return [*await reads(db, words, ids, rounds), *await writes(db, ids, rounds, flushed)]
    finally:
        await db.close()


async def reads(db: Database, words: list[str], ids: list[str], rounds: int) -> list[Figure]:
    chance = random.Random(2)  # noqa: S311  the same rounds each time
    sessions, (longest, *ids) = SessionStore(db), ids

    async def rows_alone() -> None:
        await db.rows("SELECT * FROM messages WHERE session_id = ?", (chance.choice(ids),))

    async def opened() -> None:
        session_id = chance.choice(ids)
        await sessions.get(session_id)
        await sessions.messages(session_id)
        await sessions.totals(session_id)

    async def found() -> None:
        word = words[int(len(words) ** chance.random())]
        second = chance.choice(words)[:4] if chance.random() < 0.5 else ""
        await sessions.search(f"{word} {second}")

    floors = await timed(rows_alone, rounds)
    opening, searching = Target(Bound.VALUE, OPEN_MAX_MS), Target(Bound.VALUE, SEARCH_MAX_MS)
    note = "floor: the rows of 100 messages"
    return [
        at_percentile(name, 95, values=await timed(work, rounds), floors=floors, target=target, note=note)
        for name, work, target in (
            ("open a session of 100 messages, p95", opened, opening),
            ("last page of the longest session, p95", lambda: sessions.part(longest, 50), opening),
            ("list 500 sessions, p95", sessions.list, None),
            ("search for one or two words, p95", found, searching),
        )
    ]


async def writes(db: Database, ids: list[str], rounds: int, floors: list[float]) -> list[Figure]:
    chance = random.Random(3)  # noqa: S311  the same rounds each time
    turns = TurnStore(db)

    async def appended() -> None:
        new = NewTurn(turn_id=f"new {chance.random()}", session_id=chance.choice(ids), prompt="a new message")
        await turns.submit(new)

    stored = await timed(appended, rounds)
    await flush_each_commit(db)
    flushed = await timed(appended, rounds)
    note = "outlives a killed process; floor: write 4 KB and flush them"
    return [
        at_percentile(
            "store a message, p95", 95, values=stored, floors=floors,
            target=Target(Bound.VALUE, APPEND_MAX_MS), note=note,
        ),
        at_percentile(
            "store and flush a message, p95", 95, values=flushed, floors=floors,
            note="would outlive a power loss, too; the node does not do it",
        ),
    ]  # fmt: skip


async def flush_each_commit(db: Database) -> None:
    """Have the store flush each commit to the disk from here on."""

    def switch(write: sqlite3.Connection) -> None:
        write.execute("COMMIT")
        write.execute("PRAGMA synchronous = FULL")
        write.execute("BEGIN IMMEDIATE")
        write.execute("SAVEPOINT job")

    await db.transact(switch)


async def timed(work: Callable[[], Awaitable[object]], rounds: int) -> list[float]:
    """Return the milliseconds of each round; the first few only warm things up."""
    spent = []
    for _ in range(rounds + rounds // 10):
        started = time.perf_counter()
        await work()
        spent.append(1000 * (time.perf_counter() - started))
    return spent[rounds // 10 :]


def flushes(folder: Path, rounds: int) -> list[float]:
    """Return what writing one page and flushing it costs on this disk."""
    spent = []
    with (folder / "floor").open("wb", buffering=0) as file:
        for _ in range(rounds):
            started = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            spent.append(1000 * (time.perf_counter() - started))
    return spent
