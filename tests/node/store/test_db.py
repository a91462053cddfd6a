import asyncio
import sqlite3
import threading
from functools import partial
from pathlib import Path

import pytest

from node.store.db import Database
from node.store.errors import StoreUnusable
from node.store.sessions import SessionStore
from node.store.upgrade import Upgrade, known_upgrades
from tests.mission import requirement

V1 = Path(__file__).with_name("v1.sql").read_text(encoding="utf-8")
NEWEST = known_upgrades()[-1].version


def refused(path: Path) -> str:
    before = path.read_bytes()
    with pytest.raises(StoreUnusable) as refusal:
        asyncio.run(Database.open(path))
    assert path.read_bytes() == before
    return str(refusal.value)


def files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def write_v1(path: Path) -> None:
    file = sqlite3.connect(path)
    file.executescript(V1)
    file.close()


def test_upgrades_are_numbered_without_gaps() -> None:
    assert [upgrade.version for upgrade in known_upgrades()] == list(range(1, NEWEST + 1))


@requirement("G1")
async def test_the_file_is_in_wal_mode_with_foreign_keys(db: Database) -> None:
    names = ("journal_mode", "foreign_keys", "synchronous")
    modes = await db.transact(lambda write: [write.execute(f"PRAGMA {name}").fetchone()[0] for name in names])
    assert modes == ["wal", 1, 1]


async def test_a_store_of_the_first_version_opens_with_its_content(tmp_path: Path) -> None:
    path = tmp_path / "palaver.db"
    write_v1(path)
    db = await Database.open(path)
    try:
        sessions = SessionStore(db)
        assert [session.title for session in await sessions.list()] == ["Where do penguins live?"]
        assert [message.content for message in await sessions.messages("s1")] == [
            "Where do penguins live?",
            "In Antarctica.",
        ]
        assert [hit.session.id for hit in await sessions.search("antarctica")] == ["s1"]
        assert [hit.session.id for hit in await sessions.search("ENGUIN")] == ["s1"]
    finally:
        await db.close()


@requirement("T6")
async def test_an_upgrade_keeps_a_backup_of_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "palaver.db"
    write_v1(path)
    following = Upgrade(version=NEWEST + 1, sql="ALTER TABLE sessions ADD COLUMN colour TEXT;")
    db = await Database.open(path, upgrades=[*known_upgrades(), following])
    try:
        assert [row["colour"] for row in await db.rows("SELECT colour FROM sessions")] == [None]
    finally:
        await db.close()
    backup = await Database.open(tmp_path / "palaver.db.v1.backup")
    try:
        columns = {row["name"] for row in await backup.rows("PRAGMA table_info (sessions)")}
        assert "colour" not in columns
        assert len(await SessionStore(backup).messages("s1")) == 2
    finally:
        await backup.close()


async def test_a_failed_upgrade_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "palaver.db"
    write_v1(path)
    broken = Upgrade(version=NEWEST + 1, sql="DROP TABLE settings; SELECT nonsense;")
    with pytest.raises(StoreUnusable, match="nonsense"):
        await Database.open(path, upgrades=[*known_upgrades(), broken])
    db = await Database.open(path)
    try:
        assert await db.rows("SELECT * FROM settings") == []
        assert (await db.rows("PRAGMA user_version"))[0][0] == NEWEST
    finally:
        await db.close()


async def test_a_new_file_needs_no_backup(tmp_path: Path) -> None:
    db = await Database.open(tmp_path / "palaver.db")
    await db.close()
    assert files(tmp_path) == ["palaver.db"]


def test_a_file_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "palaver.db"
    file = sqlite3.connect(path)
    file.executescript("CREATE TABLE future (x); PRAGMA user_version = 999;")
    file.close()
    assert "newer Palaver; update the program" in refused(path)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "palaver.db"
    file = sqlite3.connect(path)
    file.executescript("CREATE TABLE recipes (x);")
    file.close()
    assert "not one that Palaver wrote" in refused(path)


def test_a_file_that_is_no_database_is_reported_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "palaver.db"
    path.write_bytes(b"not a database at all" * 1_000)
    message = refused(path)
    assert "cannot read the store" in message
    assert "left as it was" in message


def setting(write: sqlite3.Connection, key: str) -> None:
    write.execute("INSERT INTO settings (key, value) VALUES (?, '1')", (key,))


async def keys(db: Database) -> list[str]:
    return [row["key"] for row in await db.rows("SELECT key FROM settings ORDER BY key")]


async def test_a_transaction_that_fails_leaves_nothing_and_takes_no_other_with_it(db: Database) -> None:
    def fail(write: sqlite3.Connection) -> None:
        setting(write, "b")
        raise ZeroDivisionError

    works = [lambda write: setting(write, "a"), fail, lambda write: setting(write, "c")]
    results = await asyncio.gather(*(db.transact(work) for work in works), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), ZeroDivisionError, type(None)]
    assert await keys(db) == ["a", "c"]


def record(ran: list[int], number: int, _: sqlite3.Connection) -> None:
    ran.append(number)


async def test_transactions_run_in_the_order_in_which_they_were_given(db: Database) -> None:
    ran: list[int] = []
    works = [partial(record, ran, number) for number in range(50)]
    await asyncio.gather(*map(db.transact, works))
    assert ran == list(range(50))


async def test_what_a_cancelled_caller_began_is_whole_and_holds_up_nobody(db: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold(write: sqlite3.Connection) -> None:
        begun.set()
        go_on.wait(5)
        setting(write, "a")

    task = asyncio.create_task(db.transact(hold))
    async with asyncio.timeout(5):
        await asyncio.to_thread(begun.wait)
        task.cancel()
        await asyncio.wait([task])
        go_on.set()
        await db.transact(lambda write: setting(write, "b"))
    assert await keys(db) == ["a", "b"]


async def test_what_was_cancelled_before_it_began_does_not_run(db: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold(_: sqlite3.Connection) -> None:
        begun.set()
        go_on.wait(5)

    holding = asyncio.create_task(db.transact(hold))
    async with asyncio.timeout(5):
        await asyncio.to_thread(begun.wait)
        task = asyncio.create_task(db.transact(lambda write: setting(write, "a")))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        go_on.set()
        await holding
    await db.transact(lambda write: setting(write, "b"))
    assert await keys(db) == ["b"]


async def test_readers_do_not_wait_for_a_writer(db: Database) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def hold(write: sqlite3.Connection) -> None:
        setting(write, "a")
        inside.set()
        go_on.wait(5)

    task = asyncio.create_task(db.transact(hold))
    async with asyncio.timeout(5):
        await asyncio.to_thread(inside.wait)
        assert await keys(db) == []
        go_on.set()
        await task
    assert await keys(db) == ["a"]
