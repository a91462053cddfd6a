"""The record of asks: what it keeps, how it stays small, and that a killed node leaves none open."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node.records import ALIKE_S, AskRecords
from node.settings import Settings
from node.store.asks import AskRow, AskStore
from node.store.db import Database
from node.store.settings import SettingStore
from peer.identity import NodeId
from peer.told import AskEnd, AskStart
from peer.trust import PeerRecord, TrustState
from tests.mission import requirement


class Kept:
    def __init__(self, db: Database, settings: Settings) -> None:
        self.time = 0.0
        self.settings = settings
        self.store = AskStore(db)
        self.records = AskRecords(self.store, settings, clock=lambda: self.time)

    async def rows(self) -> list[AskRow]:
        return [row for _, row in await self.records.page(limit=100)]


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    db = await Database.open(tmp_path / "palaver.db")
    yield Kept(db, await Settings.load(SettingStore(db)))
    await db.close()


def start(name: str = "bob", prompt: str = "how are you?") -> AskStart:
    peer = PeerRecord(node_id=NodeId(name[0] * 52), name=name, state=TrustState.TRUSTED, added_at=0)
    return AskStart(direction="in", peer=peer, ask="0f" * 16, hops=1, prompt=prompt, at=7.0)


@requirement("F24")
async def test_an_ask_is_one_row_from_its_start_to_its_end(kept: Kept) -> None:
    ended = kept.records.began(start())
    (begun,) = await kept.rows()
    assert (begun.outcome, begun.prompt_chars, begun.name) == (None, 12, "bob")
    kept.time = 1.5
    ended(AskEnd(outcome="answered", answer="fine"))
    (row,) = await kept.rows()
    assert (row.id, row.outcome, row.answer_chars, row.duration_ms) == (begun.id, "answered", 4, 1500)


@requirement("F24")
async def test_the_words_are_kept_only_when_the_owner_wants_them(kept: Kept) -> None:
    kept.records.began(start())(AskEnd(outcome="answered", answer="fine"))
    await kept.settings.put("network.keepAskContent", value=True)
    kept.records.began(start())(AskEnd(outcome="answered", answer="fine"))
    assert [(row.prompt, row.answer) for row in await kept.rows()] == [("how are you?", "fine"), (None, None)]


@requirement("F24")
async def test_what_a_killed_node_left_open_is_interrupted_at_the_next_start(kept: Kept) -> None:
    kept.records.began(start())
    assert (await kept.rows())[0].outcome is None
    next_start = AskRecords(kept.store, kept.settings)
    await next_start.open()
    assert (await kept.rows())[0].outcome == "interrupted"
    await next_start.close()


@requirement("F24")
async def test_a_flood_of_refusals_is_one_row_that_counts_them(kept: Kept) -> None:
    told: list[AskRow] = []
    kept.records.on_row = told.append
    for _ in range(10_000):
        kept.records.refused(start(), "busy")
    kept.records.refused(start(), "cycle")
    kept.records.refused(start("carol"), "busy")
    kept.time = ALIKE_S + 1
    kept.records.refused(start(), "busy")
    rows = [(row.name, row.outcome, row.times) for row in reversed(await kept.rows())]
    assert rows == [("bob", "busy", 10_000), ("bob", "cycle", 1), ("carol", "busy", 1), ("bob", "busy", 1)]
    assert len(told) == 4


@requirement("F24")
async def test_the_oldest_rows_beyond_the_owners_number_go(kept: Kept) -> None:
    await kept.settings.put("network.keepAsks", 2)
    for prompt in ("one", "three", "seven"):
        kept.records.began(start(prompt=prompt))
        await kept.records.flush()
    assert [row.prompt_chars for row in await kept.rows()] == [5, 5]


async def test_pages_follow_one_another_and_hold_one_peer_if_wanted(kept: Kept) -> None:
    for name in ("bob", "carol", "bob"):
        kept.records.began(start(name))
    first = await kept.records.page(limit=2)
    assert [row.name for _, row in first] == ["bob", "carol"]
    then = await kept.records.page(limit=2, before=first[-1][0])
    assert [row.name for _, row in then] == ["bob"]
    assert len(await kept.records.page(limit=9, peer="b" * 52)) == 2


async def test_half_a_surrogate_pair_in_a_question_is_kept_as_a_question_mark(kept: Kept) -> None:
    await kept.settings.put("network.keepAskContent", value=True)
    kept.records.began(start(prompt="\ud83d"))
    assert (await kept.rows())[0].prompt == "?"
