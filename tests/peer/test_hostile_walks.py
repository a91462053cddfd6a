"""What a paired peer may try."""

import asyncio
import json
import secrets
from typing import Any

import pytest

from peer.answering import RESULTS_KEPT
from peer.errors import PeerError
from peer.hub import InboundAsk, Policy
from peer.identity import Identity
from peer.lineage import tag
from peer.messages import (
    AgentCancel,
    AgentCredit,
    AgentEvent,
    AgentRequest,
    AgentResult,
    Frame,
    LineageFields,
    Ping,
    Pong,
    encode,
)
from tests.mission import requirement
from tests.peer.nodes import at_rest, blocked, in_time, nodes, pair, passes_on
from tests.peer.wire import HandDriven, hand_driven


def request(prompt: str = "hello", **claims: object) -> AgentRequest:
    fields: dict[str, object] = {"ask": secrets.token_hex(16), "seen": [], "hops": 2, "asks": 8, "ms": 60_000}
    return AgentRequest(
        rid=secrets.token_urlsafe(16),
        prompt=prompt,
        lineage=LineageFields.model_validate(fields | claims),
    )


async def outcome(peer: HandDriven, sent: AgentRequest) -> AgentResult:
    await peer.send(sent)
    while True:
        result = await peer.hear(AgentResult)
        assert isinstance(result, AgentResult)
        if result.rid == sent.rid:
            return result


@requirement("F9")
async def test_a_frame_that_is_played_again_ends_the_link_and_is_not_acted_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        sent = request()
        assert (await outcome(mallory, sent)).ok
        again = sent.model_copy(update={"seq": 1, "rid": secrets.token_urlsafe(16)})
        await mallory.socket.send_text(encode(again))
        assert await mallory.hear_close() == (1002, "protocol")
        assert len(anna.asked) == 1
        assert f"link to {mallory.identity.node_id} was closed: frame 1 came after" in caplog.text
        await anna.until(lambda: anna.incidents == ["protocol"])
        await at_rest(anna)


@requirement("F9")
@pytest.mark.parametrize("field", ["src", "dst"])
async def test_a_frame_that_names_another_sender_or_receiver_ends_the_link(field: str) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        mallory = await hand_driven(anna)
        forged = {**json.loads(encode(request().model_copy(update={"seq": 1}))), field: ben.id}
        await mallory.socket.send_text(json.dumps(forged))
        assert await mallory.hear_close() == (1002, "protocol")
        assert anna.asked == []
        await at_rest(anna)


@requirement("F9")
async def test_a_peer_cannot_cancel_anothers_ask_by_its_id() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        mallory = await hand_driven(anna)
        anna.answer, begun, cancelled = blocked()
        asking = asyncio.create_task(ben.hub.ask("anna", "wait"))
        await in_time(begun.wait())
        await mallory.send(AgentCancel(rid=anna.hub.inbound()[0].rid))
        await mallory.send(Ping(n=7))
        await mallory.hear(Pong)
        assert not cancelled.is_set()
        asking.cancel()


@requirement("F22")
async def test_a_request_that_comes_again_is_one_turn_and_has_one_result() -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        sent = request("once")
        first = await outcome(mallory, sent)
        second = await outcome(mallory, sent)
        assert first.text == second.text == "anna heard once"
        assert len(anna.asked) == 1


@requirement("F13", "F21")
async def test_a_result_is_given_again_only_to_who_may_ask_and_not_too_often() -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        sent = request("once")
        assert (await outcome(mallory, sent)).ok
        anna.policy = Policy(allowed=False)
        assert (await outcome(mallory, sent)).code == "not_allowed"
        anna.policy = Policy(allowed=True, per_minute=2)
        assert [(await outcome(mallory, sent)).ok for _ in range(2)] == [True, True]
        assert (await outcome(mallory, sent)).code == "busy"
        assert anna.incidents == ["not_allowed", "busy"]
        assert len(anna.asked) == 1


@requirement("F22")
async def test_what_one_peer_asks_does_not_push_out_the_results_of_another() -> None:
    async with nodes("anna") as (anna,):
        friend, mallory = await hand_driven(anna), await hand_driven(anna)
        anna.policy = Policy(allowed=True, per_minute=1_000)
        sent = request("once")
        assert (await outcome(friend, sent)).ok
        for _ in range(RESULTS_KEPT * 5):
            assert (await outcome(mallory, request("many"))).ok
        assert (await outcome(friend, sent)).text == "anna heard once"
        assert [ask.prompt for ask in anna.asked].count("once") == 1
        for peer in (friend, mallory):
            await peer.socket.close()


@requirement("F22")
async def test_a_request_that_comes_again_while_it_runs_starts_nothing() -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        anna.answer, begun, _ = blocked()
        sent = request("once")
        await mallory.send(sent)
        await in_time(begun.wait())
        await mallory.send(sent)
        await mallory.send(Ping(n=7))
        await mallory.hear(Pong)
        assert len(anna.asked) == 1


@requirement("F16")
async def test_a_chain_forged_to_look_empty_is_known_by_the_id_of_the_question() -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        asking = asyncio.create_task(anna.hub.ask("mallory", "what do you think?"))
        asked = await mallory.hear(AgentRequest)
        assert isinstance(asked, AgentRequest)
        result = await outcome(mallory, request("and you?", ask=asked.lineage.ask, seen=[]))
        assert result.code == "cycle"
        assert anna.asked == []
        asking.cancel()


@requirement("F16")
async def test_a_node_that_leaves_out_its_own_mark_is_marked_all_the_same() -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        refused: list[str] = []

        async def asks_back(ask: InboundAsk) -> str:
            try:
                await anna.hub.ask("mallory", "what do you think?", lineage=ask.lineage)
            except PeerError as error:
                refused.append(error.code)
            return "I asked nobody"

        anna.answer = asks_back
        assert (await outcome(mallory, request("hello", seen=[]))).ok
        assert refused == ["cycle"]


@requirement("U3")
async def test_a_forged_signature_of_the_first_asker_is_dropped_and_not_passed_on() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(ben, anna)
        mallory = await hand_driven(anna)
        passes_on(anna, ben)
        ask = secrets.token_hex(16)
        victim = Identity.generate().node_id
        forged = {"id": victim, "at": int(anna.clock), "sig": "00" * 64}
        seen = [tag(ask, victim), tag(ask, mallory.identity.node_id)]
        assert (await outcome(mallory, request("hello", ask=ask, seen=seen, root=forged))).ok
        assert [node.asked[0].lineage.lineage.first_asker for node in (anna, ben)] == [None, None]


@requirement("U3")
@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"seen": [secrets.token_hex(16) for _ in range(4)]}, "hops"),
        ({"asks": 0}, "budget"),
        ({"ms": 0}, "deadline"),
    ],
)
async def test_a_lineage_that_leaves_nothing_is_refused(claims: dict[str, Any], code: str) -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        assert (await outcome(mallory, request("hello", **claims))).code == code
        assert anna.asked == []


@requirement("F18")
async def test_a_turn_ends_at_its_deadline_though_the_asker_never_says_stop() -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        anna.answer, _, cancelled = blocked()
        assert (await outcome(mallory, request(ms=50))).code == "deadline"
        assert cancelled.is_set()
        await anna.until(lambda: anna.hub.inbound() == [])


@requirement("U3")
async def test_a_peer_that_claims_much_is_given_no_more_than_the_policy_allows() -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        await outcome(mallory, request(hops=255, asks=65_535, ms=86_400_000))
        granted = anna.asked[0].lineage
        assert (granted.lineage.hops, granted.lineage.asks, granted.lineage.ms) == (2, 8, 120_000)
        assert granted.budget.left == 7


@requirement("U3", "F16")
async def test_ones_own_mark_among_the_ancestors_is_a_cycle() -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        ask = secrets.token_hex(16)
        assert (await outcome(mallory, request(ask=ask, seen=[tag(ask, anna.id)]))).code == "cycle"


async def test_a_second_turn_of_the_same_question_is_refused_to_the_same_peer() -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        anna.answer, begun, _ = blocked()
        ask = secrets.token_hex(16)
        await mallory.send(request(ask=ask))
        await in_time(begun.wait())
        assert (await outcome(mallory, request(ask=ask))).code == "duplicate"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        '{"t":"agent_request"}',
        '{"t":"nonsense","seq":1}',
        '{"t":"hello","v":[1],"n":"00"}',
    ],
)
async def test_junk_ends_the_link(text: str) -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        await mallory.socket.send_text(text)
        assert await mallory.hear_close() == (1002, "protocol")


@pytest.mark.parametrize("size", [32_001, 300_000])
async def test_an_answer_longer_than_allowed_ends_the_link_and_the_ask(size: int) -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        asking = asyncio.create_task(anna.hub.ask("mallory", "talk"))
        asked = await mallory.hear(AgentRequest)
        assert isinstance(asked, AgentRequest)
        part = min(size, 32_001 if size == 32_001 else 30_000)
        for _ in range(size // part):
            frame = AgentResult.model_construct(
                t="agent_result", rid=asked.rid, ok=True, text="x" * part, more=True
            )
            await mallory.send(frame)
        with pytest.raises(Exception, match="lost"):
            await in_time(asking)


async def test_more_events_than_credit_end_the_link() -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        reading = asyncio.Event()

        async def on_event(*_: str) -> None:
            await reading.wait()

        asking = asyncio.create_task(anna.hub.ask("mallory", "talk", on_event=on_event))
        asked = await mallory.hear(AgentRequest)
        assert isinstance(asked, AgentRequest)
        for n in range(33):
            await mallory.send(AgentEvent(rid=asked.rid, n=n, kind="token", text="x"))
        assert await mallory.hear_close() == (1002, "protocol")
        asking.cancel()


async def test_credit_for_what_was_never_sent_buys_nothing() -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        emitted: list[int] = []
        full = asyncio.Event()

        async def answer(ask: Frame) -> str:
            for n in range(100):
                if n == 32:
                    full.set()
                await ask.emit("token", "x")  # type: ignore[attr-defined]
                emitted.append(n)
            return "done"

        anna.answer = answer  # type: ignore[assignment]
        sent = request()
        await mallory.send(sent)
        await in_time(full.wait())
        await mallory.send(AgentCredit(rid=sent.rid, n=90))
        for _ in range(64):
            await mallory.hear(AgentEvent)
        await mallory.send(Ping(n=7))
        await mallory.hear(Pong)
        assert len(emitted) == 64


async def test_what_a_stranger_calls_itself_is_one_printable_line() -> None:
    async with nodes("anna", "ben\n\x1b[31m") as (anna, ben):
        await pair(anna, ben)
        assert anna.status(ben).record.name == "ben  [31m"
