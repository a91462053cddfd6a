import asyncio

import pytest

from peer.answering import Answered
from peer.errors import (
    AnswerFailed,
    Busy,
    Cycle,
    DeadlinePassed,
    InternalError,
    NotAllowed,
    NotTrusted,
    PeerLost,
    Stopped,
    TooLarge,
    UnknownPeer,
)
from peer.hub import InboundAsk, Policy
from peer.messages import CITATIONS_MAX, EVENT_WINDOW, PART_MAX_CHARS, Citation
from tests.mission import requirement
from tests.peer.nodes import blocked, in_time, nodes, pair
from tests.peer.wire import proxy


async def test_an_ask_streams_in_order_and_ends_with_the_answer() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        words = [f"word {n} " for n in range(EVENT_WINDOW * 3)]

        async def answer(ask: InboundAsk) -> str:
            await ask.emit("status", "thinking")
            for word in words:
                await ask.emit("token", word)
            return "".join(words)

        anna.answer = answer
        heard: list[tuple[str, str]] = []

        async def on_event(kind: str, text: str) -> None:
            heard.append((kind, text))

        reply = await ben.hub.ask("anna", "tell me", on_event=on_event)
        assert heard == [("status", "thinking"), *(("token", word) for word in words)]
        assert reply.text == "".join(words)
        assert reply.node_id == anna.id
        assert reply.name == "anna"


@requirement("U5")
async def test_an_answer_brings_the_places_that_it_rests_on() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        sources = tuple(
            Citation(file=f"h/{number}.md", first=1, last=9, quote="so it is")
            for number in range(CITATIONS_MAX)
        )

        async def answer(ask: InboundAsk) -> Answered:
            return Answered(text="long " * PART_MAX_CHARS, citations=sources)

        anna.answer = answer
        reply = await ben.hub.ask("anna", "tell me")
        assert reply.citations == sources
        assert len(reply.text) == 5 * PART_MAX_CHARS


@requirement("F19")
async def test_a_slow_reader_makes_the_answering_side_wait_and_the_link_stays_usable() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        emitted = 0
        stuck, reading = asyncio.Event(), asyncio.Event()
        heard: list[str] = []

        async def answer(ask: InboundAsk) -> str:
            nonlocal emitted
            if ask.prompt == "short":
                return "short answer"
            for n in range(EVENT_WINDOW * 4):
                await ask.emit("token", str(n))
                emitted += 1
                if emitted == EVENT_WINDOW:
                    stuck.set()
            return "done"

        async def on_event(_: str, text: str) -> None:
            await reading.wait()
            heard.append(text)

        anna.answer = answer
        slow = asyncio.create_task(ben.hub.ask("anna", "long", on_event=on_event))
        await in_time(stuck.wait())
        assert (await ben.hub.ask("anna", "short")).text == "short answer"
        assert emitted == EVENT_WINDOW
        reading.set()
        assert (await slow).text == "done"
        assert heard == [str(n) for n in range(EVENT_WINDOW * 4)]


async def test_the_longest_answer_arrives_whole_and_a_longer_one_is_refused() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        size = 256 * 1024

        async def answer(ask: InboundAsk) -> str:
            return "\u0001" * int(ask.prompt)

        anna.answer = answer
        assert (await ben.hub.ask("anna", str(size))).text == "\u0001" * size
        with pytest.raises(TooLarge):
            await ben.hub.ask("anna", str(size + 1))
        assert ben.is_linked(anna)


async def test_the_longest_prompt_arrives_whole_and_a_longer_one_is_refused_at_home() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        longest = "\u0001" * 64 * 1024
        await ben.hub.ask("anna", longest)
        assert anna.asked[0].prompt == longest
        with pytest.raises(TooLarge, match="64 KB"):
            await ben.hub.ask("anna", longest + "x")
        assert len(anna.asked) == 1


@requirement("F20")
async def test_stopping_an_ask_stops_the_turn_over_there() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        anna.answer, begun, cancelled = blocked()
        asking = asyncio.create_task(ben.hub.ask("anna", "wait"))
        await in_time(begun.wait())
        asking.cancel()
        await in_time(cancelled.wait())
        await anna.until(lambda: anna.hub.inbound() == [])


@requirement("F20")
async def test_the_owner_sees_an_inbound_ask_and_stops_it() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        anna.answer, begun, cancelled = blocked()
        asking = asyncio.create_task(ben.hub.ask("anna", "wait"))
        await in_time(begun.wait())
        [seen] = anna.hub.inbound()
        assert (seen.prompt, seen.peer.node_id, seen.hops) == ("wait", ben.id, 1)
        assert await anna.hub.stop_inbound(seen.rid)
        assert cancelled.is_set()
        with pytest.raises(Stopped, match="owner"):
            await in_time(asking)
        assert not await anna.hub.stop_inbound(seen.rid)


@requirement("F18")
async def test_a_stalled_node_costs_the_asker_no_more_than_its_time_and_is_idle_afterwards() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        anna.answer, begun, cancelled = blocked()
        with pytest.raises(DeadlinePassed):
            await in_time(ben.hub.ask("anna", "wait", timeout_s=0.2))
        assert begun.is_set()
        await in_time(cancelled.wait())
        await anna.until(lambda: anna.hub.inbound() == [])


@requirement("F26")
async def test_losing_the_peer_ends_the_ask_and_the_turn_and_the_link_comes_back() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        anna.answer, begun, cancelled = blocked()
        asking = asyncio.create_task(ben.hub.ask("anna", "wait"))
        await in_time(begun.wait())
        for link in ben.hub._links:
            link.connection._socket._ws.transport.abort()  # type: ignore[attr-defined]
        async with asyncio.timeout(2):
            with pytest.raises(PeerLost):
                await asking
        await in_time(cancelled.wait())
        await ben.until(lambda: ben.is_linked(anna))


async def test_closing_a_node_ends_what_its_peers_ask_of_it() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        anna.answer, begun, cancelled = blocked()
        asking = asyncio.create_task(ben.hub.ask("anna", "wait"))
        await in_time(begun.wait())
        await in_time(anna.hub.close())
        assert cancelled.is_set()
        with pytest.raises(PeerLost):
            await in_time(asking)


@requirement("F6")
async def test_revoking_during_a_turn_stops_it_and_closes_the_link() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        anna.answer, begun, cancelled = blocked()
        asking = asyncio.create_task(ben.hub.ask("anna", "wait"))
        await in_time(begun.wait())
        async with asyncio.timeout(1):
            await anna.hub.revoke(ben.id, block=True)
            assert cancelled.is_set()
            with pytest.raises(NotTrusted, match="does not trust this one"):
                await asking
        await ben.until(lambda: not ben.is_linked(anna))
        with pytest.raises(NotTrusted):
            await ben.hub.ask("anna", "again")


@requirement("F6")
async def test_revoking_a_peer_that_has_gone_silent_ends_the_owners_own_ask_to_it_at_once() -> None:
    async with nodes("anna", "ben") as (anna, ben), proxy(anna.address) as middle:
        await ben.hub.join(anna.hub.invite(addresses=[middle.address]).ticket)
        anna.answer, begun, _ = blocked()
        asking = asyncio.create_task(ben.hub.ask("anna", "wait"))
        await in_time(begun.wait())
        middle.spoil = lambda _: b""
        revoking = asyncio.create_task(ben.hub.revoke(anna.id))
        async with asyncio.timeout(1):
            with pytest.raises(PeerLost):
                await asking
        await in_time(revoking)
        assert not ben.knows(anna)


@requirement("F13")
@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("allowed", [True, False])
async def test_only_a_trusted_peer_is_answered_and_only_where_asks_are_allowed(
    *, trusted: bool, allowed: bool
) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        anna.policy = Policy(allowed=allowed)
        if not trusted:
            await anna.hub.revoke(ben.id)
        if trusted and allowed:
            await ben.hub.ask("anna", "hello")
            return
        with pytest.raises(NotAllowed if trusted else (NotTrusted, PeerLost)):
            await ben.hub.ask("anna", "hello")
        assert anna.asked == []


async def test_a_refusal_names_what_the_other_owner_can_do() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        anna.policy = Policy(allowed=False)
        with pytest.raises(NotAllowed, match="Its owner can allow it in the network settings"):
            await ben.hub.ask("anna", "hello")


@requirement("F21")
async def test_a_flood_is_answered_thirty_times_and_then_told_when_to_come_back() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        for _ in range(30):
            await ben.hub.ask("anna", "more")
        with pytest.raises(Busy, match="30 asks a minute") as refused:
            await ben.hub.ask("anna", "more")
        assert refused.value.retry_after is not None
        assert 0 < refused.value.retry_after <= 2
        assert anna.incidents == ["busy"]
        assert len(anna.asked) == 30


@requirement("F21")
async def test_a_peer_has_two_asks_at_once() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        anna.answer, _, _ = blocked()
        running = [asyncio.create_task(ben.hub.ask("anna", "wait")) for _ in range(2)]
        await anna.until(lambda: len(anna.hub.inbound()) == 2)
        with pytest.raises(Busy, match="already answers 2"):
            await ben.hub.ask("anna", "me too")
        for task in running:
            task.cancel()


async def test_what_breaks_inside_a_node_stays_inside(caplog: pytest.LogCaptureFixture) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)

        async def answer(_: InboundAsk) -> str:
            raise ValueError("secret detail")

        anna.answer = answer
        with pytest.raises(InternalError, match=r"^internal error$"):
            await ben.hub.ask("anna", "hello")
        assert "secret detail" in caplog.text


async def test_half_a_character_does_no_harm_on_the_way() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        heard: list[str] = []

        async def answer(ask: InboundAsk) -> str:
            await ask.emit("token", "half \ud83d")
            return f"{ask.prompt} \ud83d"

        async def on_event(_: str, text: str) -> None:
            heard.append(text)

        anna.answer = answer
        assert (await ben.hub.ask("anna", "\udc00 why", on_event=on_event)).text == "? why ?"
        assert heard == ["half ?"]


async def test_a_failure_with_a_sentence_reaches_the_asker() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)

        async def answer(_: InboundAsk) -> str:
            raise AnswerFailed("The model is not loaded.")

        anna.answer = answer
        with pytest.raises(AnswerFailed, match="The model is not loaded"):
            await ben.hub.ask("anna", "hello")


async def test_a_peer_is_found_by_name_or_the_start_of_its_id_and_oneself_is_not_asked() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        for name in ("anna", "ANNA", anna.id, anna.id[:6]):
            assert (await ben.hub.ask(name, "hi")).node_id == anna.id
        for name in ("nobody", anna.id[:5], ""):
            with pytest.raises(UnknownPeer):
                await ben.hub.ask(name, "hi")
        with pytest.raises(Cycle, match="itself"):
            await ben.hub.ask(ben.id, "hi")
