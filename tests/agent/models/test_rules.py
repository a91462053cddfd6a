"""The provider without a model, over the node's own tools."""

import json
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from agent.history import AssistantMessage, Call, Message, SystemMessage, ToolMessage, UserMessage
from agent.models.answers import rendered
from agent.models.base import CallDelta, Delta, Finish, FinishReason, Model, ModelRequest, TextDelta
from agent.models.phrases import INPUT_MAX_CHARS, Phrasebook
from agent.models.rules import RulesModel
from agent.nudge import NUDGE
from agent.prompt import BUDGET_ENDED
from tests.agent.models.sentences import IN_DOMAIN, OUT_OF_DOMAIN, PEERS
from tools.clock import clock_tools
from tools.notes import notes_tools
from tools.peers import PeerCard, PeerReply, peers_tools
from tools.sessions import SessionHit, Transcript, sessions_tools
from tools.spec import ToolContext, ToolError, ToolResult, ToolSpec

RIGHT_AT_LEAST = 0.85
"""The share of in-domain sentences that has to be understood; a wrong call is never allowed."""


class Nobody:
    """No peer and no conversation."""

    def connected(self) -> Sequence[PeerCard]:
        return ()

    def names(self, peer: str) -> tuple[str, ...]:
        return ()

    async def ask(self, peer: str, prompt: str, *, context: ToolContext) -> PeerReply:
        raise ToolError(f"{peer} is not connected.")

    async def search(self, query: str, limit: int) -> Sequence[SessionHit]:
        return ()

    async def read(self, session_id: str) -> Transcript | None:
        return None


TOOLS = (*peers_tools(Nobody()), *clock_tools(), *notes_tools(Path("notes")), *sessions_tools(Nobody()))
META = ToolSpec(name="list_tool_groups", description="List the groups.", core=True)
OWNER_SEES = (META, *(tool for tool in TOOLS if tool.core))
PEER_SEES = tuple(tool for tool in TOOLS if tool.name == "clock.now")


def model(peers: Sequence[str] = PEERS) -> RulesModel:
    return RulesModel(lambda: TOOLS, lambda: peers)


async def deltas(
    *messages: Message, peers: Sequence[str] = PEERS, offered: Sequence[ToolSpec] = OWNER_SEES
) -> list[Delta]:
    request = ModelRequest(messages=(SystemMessage(text="You are an agent."), *messages), tools=offered)
    async with aclosing(model(peers).stream(request)) as stream:
        return [delta async for delta in stream]


def calls_in(found: Sequence[Delta]) -> list[Call]:
    return [delta.call for delta in found if isinstance(delta, CallDelta)]


def text_in(found: Sequence[Delta]) -> str:
    return "".join(delta.text for delta in found if isinstance(delta, TextDelta))


def answered(name: str, value: object) -> list[Message]:
    call = Call(id="call_1", name=name, arguments={})
    result = ToolResult.success(value)
    return [
        UserMessage(text="…"),
        AssistantMessage(text="", calls=(call,)),
        ToolMessage(call=call, text=result.text()),
    ]


async def test_sentences_are_understood_and_no_call_is_a_wrong_one() -> None:
    understood, wrong = 0, []
    for sentence, tool, arguments in IN_DOMAIN:
        found = [(call.name, call.arguments) for call in calls_in(await deltas(UserMessage(text=sentence)))]
        understood += found == [(tool, arguments)]
        if found and found != [(tool, arguments)]:
            wrong.append((sentence, found))

    assert wrong == []
    assert understood >= RIGHT_AT_LEAST * len(IN_DOMAIN)


@pytest.mark.parametrize("sentence", OUT_OF_DOMAIN)
async def test_a_look_alike_calls_nothing_and_is_answered(sentence: str) -> None:
    found = await deltas(UserMessage(text=sentence))

    assert calls_in(found) == []
    assert text_in(found)
    assert found[-1] == Finish(FinishReason.STOP)


def test_it_is_a_model_and_says_that_it_is_none() -> None:
    rules: Model = model()

    assert (rules.facts.provider, rules.facts.label) == ("rules", "Rules (no model)")
    assert rules.facts.calls_tools is True


async def test_an_order_is_one_whole_call_with_an_id_of_its_own() -> None:
    first, second = await deltas(UserMessage(text="@bob hi")), await deltas(UserMessage(text="@bob hi"))

    assert [type(delta) for delta in first] == [CallDelta, Finish]
    assert first[-1] == Finish(FinishReason.CALLS)
    assert calls_in(first)[0].id != calls_in(second)[0].id


async def test_two_orders_are_two_calls_and_two_answers() -> None:
    found = calls_in(await deltas(UserMessage(text="note that milk is out and then ask bob to buy some")))

    assert [(call.name, call.arguments) for call in found] == [
        ("notes.write", {"text": "milk is out"}),
        ("agent.ask_peer", {"peerId": "Bob", "prompt": "buy some"}),
    ]
    results = [
        ToolMessage(call=found[0], text=json.dumps({"name": "inbox", "characters": 11})),
        ToolMessage(call=found[1], text=json.dumps({"from": "Bob", "node": "bb", "answer": "Yes."})),
    ]
    said = await deltas(UserMessage(text="…"), AssistantMessage(text="", calls=tuple(found)), *results)
    assert text_in(said) == "Noted in inbox.\nBob answers: Yes."


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("agent.ask_peer", {"from": "Bob", "node": "bb", "answer": "At {nine}."}, "Bob answers: At {nine}."),
        ("list_peers", {"peers": [{"node_id": "aa", "name": "alice"}, {"node_id": "bb", "name": "Bob"}]}, "alice (aa)\nBob (bb)"),
        ("agent.ask_peer", {"from": "Bob", "answer": "At 9.", "sources": ["h/a.md:1-3", "h/b.md:2"]}, "Bob answers: At 9.\nIts sources:\n- h/a.md:1-3\n- h/b.md:2"),
        ("list_peers", {"peers": []}, "No peer is connected."),
        ("clock.now", {"time": "12:00", "weekday": "Friday", "date": "2026-11-20", "timezone": "UTC"}, "It is 12:00 on Friday, 2026-11-20 (UTC)."),
        ("notes.search", {"query": "x", "matches": [{"name": "n", "line": 2, "text": "x y"}]}, "n, line 2: x y"),
        ("notes.search", {"query": "x", "matches": []}, "No note mentions x."),
        ("editor.open", {"path": "a.md", "lines": [1, 2]}, "path: a.md\nlines: [1, 2]"),
        ("editor.open", ["a", {"b": 1}], 'a\n{"b": 1}'),
        ("editor.open", "opened", "opened"),
        ("editor.open", None, "Done."),
    ],
)  # fmt: skip
async def test_a_result_becomes_a_sentence(name: str, value: object, said: str) -> None:
    found = await deltas(*answered(name, value))

    assert text_in(found) == said
    assert found[-1] == Finish(FinishReason.STOP)


async def test_a_question_that_means_no_call_is_looked_up_where_that_is_offered() -> None:
    lookup = ToolSpec(name="shared.search", description="Search.", remote="shared")
    offered = (*PEER_SEES, lookup)
    reader = RulesModel(lambda: TOOLS, lambda: PEERS, lookup="shared.search")

    async def called(sentence: str, tools: Sequence[ToolSpec]) -> list[tuple[str, object]]:
        request = ModelRequest(messages=(UserMessage(text=sentence),), tools=tools)
        async with aclosing(reader.stream(request)) as stream:
            return [(call.name, call.arguments) for call in calls_in([delta async for delta in stream])]

    question = "Are the swans fed on Sundays?"
    assert await called(question, offered) == [("shared.search", {"query": question})]
    assert [name for name, _ in await called("what time is it", offered)] == ["clock.now"]
    for sentence, tools in ((question, PEER_SEES), ("good morning", offered), ("help", offered)):
        assert await called(sentence, tools) == []


async def test_a_peer_to_whom_nothing_is_shared_is_told_so_and_what_it_can_ask() -> None:
    reader = RulesModel(lambda: TOOLS, lambda: PEERS, lookup="shared.search")
    asked = ModelRequest(messages=(UserMessage(text="Are the swans fed on Sundays?"),), tools=PEER_SEES)
    async with aclosing(reader.stream(asked)) as stream:
        said = text_in([delta async for delta in stream])

    assert "no file is shared with you" in said
    assert "- what time is it" in said
    assert not any(name in said for name in PEERS)


async def test_a_failed_call_is_told_in_plain_words() -> None:
    *asked, result = answered("notes.write", None)
    assert isinstance(result, ToolMessage)
    failed = ToolMessage(
        call=result.call, text="error: notes.write is not permitted: denied by the owner", ok=False
    )

    found = await deltas(*asked, failed)

    assert text_in(found) == "That did not work: notes.write is not permitted: denied by the owner"


async def test_a_result_that_was_cut_is_told_as_it_is() -> None:
    call = Call(id="call_1", name="list_peers", arguments={})

    found = await deltas(
        UserMessage(text="…"), ToolMessage(call=call, text='{"peers": [{"na\n[cut: 9 more characters]')
    )

    assert text_in(found).startswith('{"peers": [{"na')


async def test_a_new_message_after_a_result_is_read_as_a_message() -> None:
    found = await deltas(*answered("list_peers", {"peers": []}), UserMessage(text="what time is it"))

    assert [call.name for call in calls_in(found)] == ["clock.now"]


async def test_a_nudge_for_a_call_is_answered_with_the_same_words() -> None:
    said = AssistantMessage(text="Bob answers: I'll call list_peers.")
    nudged = ModelRequest(
        messages=(UserMessage(text="…"), said, UserMessage(text=NUDGE)), tools=OWNER_SEES, must_call=True
    )

    assert text_in([delta async for delta in model().stream(nudged)]) == said.text


async def test_results_are_told_also_when_the_budget_of_the_turn_has_ended() -> None:
    found = await deltas(*answered("list_peers", {"peers": []}), UserMessage(text=BUDGET_ENDED), offered=())

    assert text_in(found) == "No peer is connected."


async def test_what_is_not_understood_is_answered_with_near_phrases_and_the_way_to_a_model() -> None:
    text = text_in(await deltas(UserMessage(text="I want a note called milk")))

    assert "I work by rules, no model is connected." in text
    assert "write a note called <name>: <text>" in text
    assert text.count("\n- ") <= 3
    assert "ask alice" in text
    assert "connect a model" in text


async def test_an_unknown_peer_is_named_with_the_known_ones() -> None:
    assert text_in(await deltas(UserMessage(text="ask carol when she opens"))) == (
        "There is no peer called carol; known: alice, Bob, Mary Jane."
    )
    assert "known: nobody is connected" in text_in(await deltas(UserMessage(text="@carol hi"), peers=()))


async def test_a_greeting_and_a_cry_for_help_are_answered() -> None:
    assert text_in(await deltas(UserMessage(text="Hello!"))).startswith("Hello. I work by rules")

    text = text_in(await deltas(UserMessage(text="what can you do?")))
    for example in ("ask <peer> <prompt>", "what time is it", "search notes for <query>"):
        assert f"- {example}" in text


async def test_a_message_that_is_too_long_is_said_to_be() -> None:
    text = text_in(await deltas(UserMessage(text="note that " + "x" * 20_000)))

    assert f"I read up to {INPUT_MAX_CHARS} characters" in text


async def test_text_comes_in_a_few_pieces() -> None:
    found = await deltas(UserMessage(text="help"))

    assert 2 < sum(isinstance(delta, TextDelta) for delta in found) < 50


@pytest.mark.parametrize(
    "sentence",
    [
        "note that the door is open",
        "what did we say about the oven?",
        "search notes for rye",
        "read the note rye",
    ],
)
async def test_a_peers_sentence_is_no_call_of_a_tool_that_its_turn_does_not_have(sentence: str) -> None:
    lookup = ToolSpec(name="shared.search", description="Search.", remote="shared")
    reader = RulesModel(lambda: TOOLS, lambda: PEERS, lookup="shared.search")

    async def called(tools: Sequence[ToolSpec]) -> list[str]:
        request = ModelRequest(messages=(UserMessage(text=sentence),), tools=tools)
        async with aclosing(reader.stream(request)) as stream:
            return [call.name for call in calls_in([delta async for delta in stream])]

    assert await called((*PEER_SEES, lookup)) == ["shared.search"]
    assert await called(PEER_SEES) == []


async def test_an_owners_order_for_a_tool_that_is_not_offered_is_still_a_call() -> None:
    found = await deltas(UserMessage(text="note that the door is open"), offered=(META,))

    assert [call.name for call in calls_in(found)] == ["notes.write"]


@pytest.mark.parametrize(
    "question", ["ask carol hello", "help", "who might alice know?", "ask alice hello", "hi"]
)
async def test_a_peer_does_not_learn_who_else_is_connected(question: str) -> None:
    found = await deltas(UserMessage(text=question), offered=PEER_SEES)

    assert calls_in(found) == []
    for name in PEERS:
        assert name not in text_in(found)
    assert "notes" not in text_in(found)


async def test_a_peer_may_ask_on_where_its_turn_offers_that() -> None:
    may_ask = (*PEER_SEES, *(tool for tool in TOOLS if tool.name == "agent.ask_peer"))

    found = await deltas(UserMessage(text="ask alice hello"), offered=may_ask)

    assert [call.name for call in calls_in(found)] == ["agent.ask_peer"]


def test_every_phrase_of_every_tool_compiles_and_its_example_means_that_tool() -> None:
    book = Phrasebook(TOOLS, {"peer": PEERS})

    for tool in TOOLS:
        shown = (
            book.examples()[TOOLS.index(tool)].replace("<peer>", "alice").replace("<", "").replace(">", "")
        )
        assert [order.tool for order in book.orders(shown)] == [tool.name]


def test_a_result_cannot_bring_a_template_along() -> None:
    assert rendered("{a} {b}", {"a": "{b}", "b": "{#x}{y}{/x}"}) == "{b} {#x}{y}{/x}"
    assert rendered("{#items}{name}{/items}", {"items": [{"name": "{secret}"}], "secret": "s"}) == "{secret}"
