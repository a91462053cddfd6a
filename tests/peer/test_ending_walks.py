"""Whatever ends a question early ends it on every node that it reached."""

import asyncio

import pytest

from peer.errors import DeadlinePassed, PeerLost
from peer.hub import InboundAsk
from tests.mission import requirement
from tests.peer.nodes import at_rest, blocked, in_time, nodes, pair, passes_on, streams_on
from tests.peer.wire import joined_through, proxy


@requirement("U4", "F20")
async def test_a_stop_in_mid_stream_ends_the_turns_of_all_nodes_on_the_way() -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        await pair(anna, ben)
        await pair(ben, carl)
        streams_on(ben, carl)
        heard = asyncio.Event()

        async def never_ends(ask: InboundAsk) -> str:
            while True:
                await ask.emit("token", "on and on ")

        async def on_event(*_: str) -> None:
            heard.set()

        carl.answer = never_ends
        asking = asyncio.create_task(anna.hub.ask("ben", "talk", on_event=on_event))
        await in_time(heard.wait())
        asking.cancel()
        await at_rest(ben, carl)
        assert (await ben.hub.ask("anna", "still linked?")).text == "anna heard still linked?"


@requirement("U4", "F18")
async def test_a_deadline_ends_the_turns_of_all_nodes_on_the_way() -> None:
    async with nodes("anna", "ben", "carl", "dora") as (anna, ben, carl, dora):
        for node, following in ((anna, ben), (ben, carl), (carl, dora)):
            await pair(node, following)
            passes_on(node, following)
        dora.answer, begun, cancelled = blocked()
        with pytest.raises(DeadlinePassed):
            await in_time(anna.hub.ask("ben", "think", timeout_s=1.5))
        assert begun.is_set()
        assert cancelled.is_set()
        await at_rest(ben, carl, dora)


@requirement("F26")
@pytest.mark.parametrize("cut", [0, 1], ids=["the first link", "the second link"])
async def test_a_lost_link_ends_the_turns_before_and_behind_it(cut: int) -> None:
    async with (
        nodes("anna", "ben", "carl") as (anna, ben, carl),
        proxy(ben.address) as first,
        proxy(carl.address) as second,
    ):
        await joined_through(first, ben, anna)
        await joined_through(second, carl, ben)
        streams_on(ben, carl)
        carl.answer, begun, _ = blocked()
        asking = asyncio.create_task(anna.hub.ask("ben", "wait"))
        await in_time(begun.wait())
        (first, second)[cut].cut()
        async with asyncio.timeout(2):
            with pytest.raises(PeerLost):
                await asking
        await at_rest(ben, carl)
