"""What travels with a question through several nodes; `test_topology_walks.py` has the shapes, `test_ending_walks.py` the ends."""

import asyncio
import json

import pytest

from peer.errors import Stopped
from peer.hub import InboundAsk
from peer.messages import EVENT_WINDOW
from tests.mission import requirement
from tests.peer.nodes import blocked, in_time, nodes, pair, passes_on, streams_on


@requirement("F18")
async def test_time_shrinks_with_every_hop() -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        await pair(anna, ben)
        await pair(ben, carl)
        passes_on(ben, carl)
        await anna.hub.ask("ben", "how long?", timeout_s=60)
        [first], [second] = ben.asked, carl.asked
        assert 60_000 >= first.lineage.lineage.ms > second.lineage.lineage.ms


async def test_strangers_on_the_way_do_not_learn_who_asked_first() -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        await pair(anna, ben)
        await pair(ben, carl)
        passes_on(ben, carl)
        await anna.hub.ask("ben", "who am I?")
        claims = carl.asked[0].lineage.lineage
        assert anna.id not in json.dumps([claims.ask, *claims.seen])
        assert len(claims.seen) == 2


@requirement("U4")
async def test_pieces_come_in_order_over_two_hops_and_a_slow_reader_slows_the_far_end() -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        await pair(anna, ben)
        await pair(ben, carl)
        streams_on(ben, carl)
        emitted: list[str] = []
        total = EVENT_WINDOW * 8
        heard: list[str] = []
        # What each of the two links holds before its reader gives credit.
        most = EVENT_WINDOW * 2
        reading, stuck = asyncio.Event(), asyncio.Event()

        async def answer(ask: InboundAsk) -> str:
            for n in range(total):
                await ask.emit("token", str(n))
                emitted.append(str(n))
                if len(emitted) == most:
                    stuck.set()
            return "done"

        async def on_event(_: str, text: str) -> None:
            await reading.wait()
            heard.append(text)

        carl.answer = answer
        asking = asyncio.create_task(anna.hub.ask("ben", "count", on_event=on_event))
        await in_time(stuck.wait())
        for _ in range(3):
            await ben.hub.ask("anna", "the link is free")
        assert len(emitted) == most
        reading.set()
        await in_time(asking)
        assert heard == emitted == [str(n) for n in range(total)]


async def test_an_ask_that_a_turn_left_behind_ends_with_the_turn() -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        await pair(anna, ben)
        await pair(ben, carl)
        carl.answer, begun, cancelled = blocked()
        left: list[asyncio.Task[object]] = []

        async def answer(ask: InboundAsk) -> str:
            left.append(asyncio.create_task(ben.hub.ask("carl", "wait", lineage=ask.lineage)))
            await begun.wait()
            return "not waiting for carl"

        ben.answer = answer
        await in_time(anna.hub.ask("ben", "hurry"))
        await in_time(cancelled.wait())
        await asyncio.gather(*left, return_exceptions=True)
        assert left[0].cancelled()
        with pytest.raises(Stopped, match="has ended"):
            await ben.hub.ask("carl", "more", lineage=ben.asked[0].lineage)
