import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.history import AssistantMessage, Call, Message, SystemMessage, ToolMessage, UserMessage
from agent.models.base import (
    CallDelta,
    Calling,
    Delta,
    Finish,
    FinishReason,
    ModelRequest,
    Notice,
    Options,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from node.loan_wire import TOOLS_MAX, UnreadableLoan, delta_of, delta_text, request_of, request_text
from tests.mission import requirement
from tools.spec import Effect, ToolSpec

CALL = Call(id="c1", name="notes.write", arguments={"name": "a"}, raw="", server_id="s1")
MESSAGES: tuple[Message, ...] = (
    SystemMessage(text="be kind"),
    UserMessage(text="note ümläut \u0001"),
    AssistantMessage(text="", reasoning="hm", calls=(CALL,)),
    ToolMessage(call=CALL, text="done", ok=False),
)
TOOL = ToolSpec(
    name="notes.write",
    description="Write a note.",
    parameters={"type": "object", "properties": {"name": {"type": "string"}}},
    effect=Effect.WRITE,
    specifier="{name}",
    phrases=("note {name*}",),
)


@requirement("U8")
def test_a_request_arrives_with_its_messages_tools_and_sampling_and_nothing_else() -> None:
    options = Options(temperature=0.5, top_p=0.9, context_size=8_192, max_tokens=100, think="low")
    sent = request_text(ModelRequest(messages=MESSAGES, tools=(TOOL,), options=options, must_call=True))
    assert "specifier" not in sent
    assert "note {name*}" not in sent
    read = request_of(sent)
    assert read.messages[:2] == MESSAGES[:2]
    assert read.must_call
    assert read.options == Options(temperature=0.5, top_p=0.9, max_tokens=100, think="low")
    said, result = read.messages[2:]
    assert isinstance(said, AssistantMessage)
    assert isinstance(result, ToolMessage)
    assert said.calls[0].server_id == result.call.server_id == "s1"
    assert (result.text, result.ok, said.reasoning) == ("done", False, "hm")
    (tool,) = read.tools
    assert (tool.name, tool.description, dict(tool.parameters)) == (
        TOOL.name,
        TOOL.description,
        dict(TOOL.parameters),
    )
    assert tool.handler is None


@pytest.mark.parametrize(
    "delta",
    [
        TextDelta("a\nb"),
        ReasoningDelta("hm"),
        Usage(prompt=3, completion=None, cached=0),
        Finish(FinishReason.CALLS),
        Notice("cut"),
        Calling("notes.write"),
    ],
)
def test_a_delta_is_read_as_it_was_written(delta: Delta) -> None:
    assert delta_of(delta_text(delta)) == delta


def test_a_call_gets_an_id_of_the_borrowers_own() -> None:
    read = delta_of(delta_text(CallDelta(CALL)))
    assert isinstance(read, CallDelta)
    assert (read.call.name, read.call.arguments, read.call.server_id) == ("notes.write", {"name": "a"}, "s1")
    assert read.call.id not in {"c1", "s1"}


def test_a_notice_from_a_lender_is_one_short_line() -> None:
    read = delta_of(json.dumps({"kind": "notice", "text": "a\x1b[31m\n" + "b" * 1_000}))
    assert isinstance(read, Notice)
    assert read.text.isprintable()
    assert len(read.text) <= 500


GOOD = json.loads(request_text(ModelRequest(messages=MESSAGES, tools=(TOOL,))))


@requirement("U8")
@pytest.mark.parametrize(
    "change",
    [
        {"messages": []},
        {"messages": [{"role": "root", "text": "hi"}]},
        {"messages": [{"role": "user", "text": "hi"}] * 5_000},
        {"tools": [{"name": "a b", "description": "", "parameters": {}}]},
        {"tools": [{"name": "a", "description": "", "parameters": {"type": "string"}}]},
        {"tools": [GOOD["tools"][0]] * (TOOLS_MAX + 1)},
        {"temperature": 99},
        {"max_tokens": 0},
        {"context_size": 1_000_000},
        {"model": "another"},
    ],
)
def test_a_request_that_is_out_of_bounds_is_not_run(change: dict[str, object]) -> None:
    with pytest.raises(UnreadableLoan):
        request_of(json.dumps({**GOOD, **change}))


@requirement("U8")
@given(st.one_of(st.text(max_size=200), st.recursive(st.none() | st.text(), st.lists).map(json.dumps)))
def test_junk_is_told_from_a_round_and_never_repeated(junk: str) -> None:
    for read in (delta_of, request_of):
        with pytest.raises(UnreadableLoan) as refused:
            read(junk)
        assert str(refused.value).isprintable()


def test_a_stack_of_brackets_is_only_junk() -> None:
    for read in (delta_of, request_of):
        with pytest.raises(UnreadableLoan):
            read("[" * 100_000)
