"""Questions that go through several nodes."""

import asyncio
import json
from itertools import pairwise

import pytest

from peer.errors import (
    Cycle,
    HopsSpent,
    Stopped,
)
from peer.hub import InboundAsk
from peer.messages import EVENT_WINDOW
from tests.mission import requirement
from tests.peer.nodes import Node, blocked, in_time, nodes, pair, passes_on, streams_on


@requirement("F18")
async def test_time_shrinks_with_every_hop() -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        await pair(anna, ben)
        await pair(ben, carl)
        passes_on(ben, carl)
        await anna.hub.ask("ben", "how long?", timeout_s=60)
        [first], [second] = ben.asked, carl.asked
        assert 60_000 >= first.lineage.lineage.ms > second.lineage.lineage.ms


@requirement("F16")
async def test_a_question_does_not_come_back_to_where_it_has_been() -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        await pair(anna, ben)
        await pair(ben, carl)
        await pair(carl, anna)
        passes_on(ben, carl)
        passes_on(carl, anna)
        with pytest.raises(Cycle, match="already part of this conversation"):
            await anna.hub.ask("ben", "round and round")
        assert anna.asked == []


async def test_two_ways_to_one_node_are_no_cycle() -> None:
    async with nodes("anna", "ben", "carl", "dora") as (anna, ben, carl, dora):
        await pair(anna, ben)
        await pair(anna, carl)
        await pair(ben, dora)
        await pair(carl, dora)
        passes_on(ben, dora)
        passes_on(carl, dora)
        lineage = anna.hub.new_lineage()
        answers = await asyncio.gather(
            anna.hub.ask("ben", "hi", lineage=lineage), anna.hub.ask("carl", "hi", lineage=lineage)
        )
        assert [answer.text for answer in answers] == ["ben: dora heard hi", "carl: dora heard hi"]


@requirement("F17")
async def test_a_chain_of_five_nodes_stops_after_three_hops() -> None:
    async with nodes("a", "b", "c", "d", "e") as chain:
        for left, right in pairwise(chain):
            await pair(left, right)
            passes_on(left, right)
        with pytest.raises(HopsSpent, match="gone through 3 nodes"):
            await chain[0].hub.ask(chain[1].id, "further")
        assert [len(node.asked) for node in chain] == [0, 1, 1, 1, 0]


@requirement("U3")
async def test_in_a_mesh_where_everybody_asks_everybody_one_question_causes_eight_asks() -> None:
    async with nodes(*"abcdefgh") as mesh:
        for at, inviter in enumerate(mesh):
            for joiner in mesh[at + 1 :]:
                await pair(inviter, joiner)

        async def ask_all(node: Node, ask: InboundAsk) -> str:
            others = [other for other in mesh if other is not node]
            asks = (node.hub.ask(other.id, ask.prompt, lineage=ask.lineage) for other in others)
            await asyncio.gather(*asks, return_exceptions=True)
            return "done"

        for node in mesh:
            node.answer = lambda ask, node=node: ask_all(node, ask)  # type: ignore[misc]
        root = mesh[0].hub.new_lineage()
        asks = (mesh[0].hub.ask(other.id, "all", lineage=root) for other in mesh[1:])
        await in_time(asyncio.gather(*asks, return_exceptions=True))
        assert 0 < sum(len(node.asked) for node in mesh) <= 8


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


@requirement("U4", "F20")
async def test_a_stop_at_the_first_node_ends_the_turns_of_all() -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        await pair(anna, ben)
        await pair(ben, carl)
        streams_on(ben, carl)
        carl.answer, begun, cancelled = blocked()
        asking = asyncio.create_task(anna.hub.ask("ben", "wait"))
        await in_time(begun.wait())
        asking.cancel()
        async with asyncio.timeout(1):
            await cancelled.wait()
        for node in (ben, carl):
            await node.until(lambda node=node: node.hub.inbound() == [])  # type: ignore[misc]


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
