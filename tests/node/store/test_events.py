import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence

import pytest

from node.store import events
from node.store.db import Database
from node.store.events import EventLog
from node.store.sessions import SessionStore
from node.store.turn import NewTurn
from node.store.turns import TurnStore
from tests.mission import requirement


@pytest.fixture
async def log(db: Database, turns: TurnStore) -> AsyncIterator[EventLog]:
    log = await EventLog.open(db)
    await turns.submit(NewTurn(turn_id="t", session_id="s", prompt="hello"))
    yield log
    await log.close()


async def test_events_are_numbered_from_one_and_seen_at_once(log: EventLog) -> None:
    assert [await log.append("s", "t", "token", f'{{"delta":"{n}"}}') for n in range(3)] == [1, 2, 3]
    missed = await log.since("s", 1)
    assert [(one.seq, one.turn_id, one.event, one.data) for one in missed] == [
        (2, "t", "token", '{"delta":"1"}'),
        (3, "t", "token", '{"delta":"2"}'),
    ]


@requirement("A17")
async def test_concurrent_emitters_share_one_gapless_order(log: EventLog) -> None:
    async def emit(turn_id: str) -> list[int]:
        seqs = []
        for number in range(100):
            seqs.append(await log.append("s", turn_id, "token", str(number)))
            await asyncio.sleep(0)
        return seqs

    emitted = await asyncio.gather(*(emit(f"t{n}") for n in range(20)))
    logged = await log.since("s", 0)
    assert [one.seq for one in logged] == list(range(1, 2001))
    for number, seqs in enumerate(emitted):
        mine = [one for one in logged if one.turn_id == f"t{number}"]
        assert [one.seq for one in mine] == seqs
        assert [one.data for one in mine] == [str(n) for n in range(100)]


async def test_the_writer_writes_without_being_asked(log: EventLog, db: Database) -> None:
    written = asyncio.Event()
    write = log._write

    async def noted(batch: list[tuple[str, events.LoggedEvent]]) -> None:
        await write(batch)
        written.set()

    log._write = noted  # type: ignore[method-assign,assignment]  # to see the write happen
    await log.append("s", "t", "token", "1")
    async with asyncio.timeout(5):
        await written.wait()
    assert len(await db.rows("SELECT * FROM events")) == 1


async def test_after_a_kill_no_number_is_given_again_that_a_client_may_have_seen(
    db: Database, log: EventLog
) -> None:
    shown = [await log.append("s", "t", "token", str(number)) for number in range(100)]
    for _ in range(3):
        again = await EventLog.open(db)
        again._writer.cancel()  # type: ignore[union-attr]  # it is killed before it writes
        seqs = await asyncio.gather(*(again.append("s", "t", "token", "x") for _ in range(5)))
        assert sorted(seqs) == list(range(min(seqs), min(seqs) + 5))
        assert min(seqs) > max(shown)
        assert [one.seq for one in await again.since("s", max(shown))] == sorted(seqs)
        shown += seqs


async def test_a_reader_that_pages_to_the_newest_event_misses_none_that_is_written_meanwhile(
    db: Database, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.append("s", "t", "token", "1")
    read = db.rows

    async def read_then_written(sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        rows = await read(sql, values)
        await log.flush()
        return rows

    monkeypatch.setattr(db, "rows", read_then_written)
    page = await log.after("s", 0)
    assert [one.seq for one in page.events] == [1]


async def test_only_the_latest_ended_turns_stay_in_the_log_and_turns_that_wait_stay_whole(
    db: Database, turns: TurnStore
) -> None:
    log = await EventLog.open(db, keep_turns=lambda: 2)
    try:
        await turns.submit(NewTurn(turn_id="waits", session_id="s", prompt="hello"))
        for number in range(1, 6):
            turn_id = f"t{number}"
            for event in ("queued", "token", "done"):
                await log.append("s", turn_id, event, "{}")
            if number == 4:
                await log.append("s", "waits", "queued", "{}")
        await log.flush()
        assert [one.turn_id for one in await log.since("s", 0) if one.event == "queued"] == [
            "t4",
            "waits",
            "t5",
        ]
        assert await log.pruned_seq("s") == 9
        for number in range(6, 12):
            await log.append("s", f"t{number}", "done", "{}")
        await log.flush()
        assert (await log.since("s", 0))[0].turn_id == "waits"
    finally:
        await log.close()


async def test_closing_writes_what_is_left(db: Database, log: EventLog) -> None:
    for number in range(300):
        await log.append("s", "t", "token", str(number))
    await log.close()
    assert len(await db.rows("SELECT * FROM events")) == 300


async def test_events_of_a_deleted_session_are_dropped_and_the_others_kept(
    log: EventLog, db: Database, turns: TurnStore, sessions: SessionStore
) -> None:
    await turns.submit(NewTurn(turn_id="t", session_id="kept", prompt="hello"))
    await log.append("s", "t", "token", "1")
    await sessions.delete("s")
    await log.append("kept", "t", "token", "2")
    await log.flush()
    assert await log.since("s", 0) == []
    assert len(await log.since("kept", 0)) == 1


async def test_a_failed_write_loses_nothing(
    log: EventLog, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.append("s", "t", "token", "1")

    async def broken(_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(db, "transact", broken)
        with pytest.raises(OSError, match="disk full"):
            await log.flush()
    await log.append("s", "t", "token", "2")
    assert [one.seq for one in await log.since("s", 0)] == [1, 2]


async def test_a_full_backlog_waits_for_the_disk(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BACKLOG_MAX", 10)
    for number in range(50):
        await log.append("s", "t", "token", str(number))
        assert len(log._backlog) <= 10
    assert len(await log.since("s", 0)) == 50


async def test_two_sessions_count_apart(log: EventLog, turns: TurnStore) -> None:
    await turns.submit(NewTurn(turn_id="t", session_id="other", prompt="hello"))
    assert await log.append("s", "t", "token", "1") == 1
    assert await log.append("other", "t", "token", "1") == 1


async def test_half_a_surrogate_pair_does_not_stop_the_log(log: EventLog) -> None:
    await log.append("s", "t", "token", '"\ud800"')
    assert [one.data for one in await log.since("s", 0)] == ['"?"']
