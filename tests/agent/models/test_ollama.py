import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from agent.history import AssistantMessage, Call, SystemMessage, ToolMessage, UserMessage
from agent.models.base import (
    ErrorKind,
    Finish,
    FinishReason,
    ModelError,
    Options,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from agent.models.ollama import OllamaModel
from tests.agent.models.play import (
    ASK_PEER,
    DEADLINE_S,
    READ_NOTE,
    ask,
    called,
    collected,
    counted,
    failed,
    finish,
    notices,
    said,
    thought,
)
from tests.fakes import ollama_server as ollama
from tests.fakes.ollama_server import TINY, FakeOllama
from tests.fakes.scripted_server import Reply, Step, html_reply
from tests.mission import requirement

SEEDS = range(5)


@pytest.fixture(params=SEEDS)
async def fake(request: pytest.FixtureRequest) -> AsyncGenerator[FakeOllama, None]:
    """A server that cuts its streams differently with each seed."""
    async with FakeOllama(seed=request.param) as server:
        yield server


@pytest.fixture
async def model(fake: FakeOllama) -> AsyncGenerator[OllamaModel, None]:
    opened = OllamaModel(fake.address, TINY)
    yield opened
    await opened.close()


@requirement("A5", "A6", "C5")
async def test_reasoning_text_calls_and_counts_come_out_of_a_stream_in_order(
    fake: FakeOllama, model: OllamaModel
) -> None:
    fake.chat(
        ollama.reply(
            *ollama.thinking("let ", "me"),
            *ollama.text("ü\u0085", "\u2028<b>"),
            ollama.calls(("agent.ask_peer", {"peer": "bob", "deep": {"n": [1]}})),
            ollama.done(prompt_eval_count=20, prompt_eval_cached_count=12, eval_count=7),
        )
    )
    deltas = await collected(model, ask(tools=[ASK_PEER]))
    assert thought(deltas) == "let me"
    assert said(deltas) == "ü\u0085\u2028<b>"
    kinds = [type(delta) for delta in deltas if isinstance(delta, ReasoningDelta | TextDelta)]
    assert sorted(kinds, key=[ReasoningDelta, TextDelta].index) == kinds
    (call,) = called(deltas)
    assert (call.name, call.arguments, call.server_id) == (
        "agent.ask_peer",
        {"peer": "bob", "deep": {"n": [1]}},
        "srv0",
    )
    assert call.id != call.server_id
    assert counted(deltas) == Usage(prompt=20, completion=7, cached=12)
    assert finish(deltas) == Finish(FinishReason.CALLS)


@requirement("A6")
async def test_each_piece_is_handed_on_before_the_next_is_sent(fake: FakeOllama, model: OllamaModel) -> None:
    gates = [asyncio.Event() for _ in range(5)]
    (piece,) = ollama.text("x")
    steps: list[Step] = [step for gate in gates for step in (gate, ollama.line(piece))]
    fake.chat(ollama.reply(*steps, ollama.done()))
    seen = 0
    async with asyncio.timeout(DEADLINE_S):
        stream = model.stream(ask())
        for gate in gates:
            gate.set()
            assert await anext(stream) == TextDelta("x")
            seen += 1
        await stream.aclose()
    assert seen == len(gates)


async def test_calls_are_collected_from_every_line_also_the_last(
    fake: FakeOllama, model: OllamaModel
) -> None:
    fake.chat(ollama.reply(ollama.calls(("a", {})), ollama.calls(("b", {})), ollama.done(("c", {"x": 1}))))
    deltas = await collected(model)
    assert [call.name for call in called(deltas)] == ["a", "b", "c"]
    assert len({call.id for call in called(deltas)}) == 3
    assert finish(deltas) == Finish(FinishReason.CALLS)


@requirement("C11")
async def test_counts_that_the_server_left_out_are_unknown_and_not_zero(
    fake: FakeOllama, model: OllamaModel
) -> None:
    fake.chat(ollama.reply(*ollama.text("x"), ollama.done()))
    assert counted(await collected(model)) == Usage(prompt=None, completion=None, cached=None)


async def test_a_reply_at_its_length_says_so(fake: FakeOllama, model: OllamaModel) -> None:
    fake.chat(ollama.reply(*ollama.text("x"), ollama.done(reason="length")))
    assert finish(await collected(model)) == Finish(FinishReason.LENGTH)


@requirement("A8")
@pytest.mark.parametrize("way", ollama.WAYS_TO_DIE)
async def test_a_stream_that_dies_is_an_error_after_what_it_had_said(
    fake: FakeOllama, model: OllamaModel, way: str
) -> None:
    fake.chat(ollama.WAYS_TO_DIE[way]())
    seen, error = await failed(model)
    assert said(seen) == "partial"[: len(said(seen))]
    assert len(said(seen)) == len("partial") or way == "a connection that breaks inside the body"
    assert error.kind is ErrorKind.BROKEN
    assert fake.address in str(error)


@requirement("A8")
@pytest.mark.parametrize("at", range(5))
async def test_an_error_line_ends_the_stream_at_every_position(
    fake: FakeOllama, model: OllamaModel, at: int
) -> None:
    chunks = [*ollama.thinking("t"), *ollama.text("x"), ollama.calls(("a", {})), ollama.done()]
    chunks.insert(at, {"error": "CUDA error: out of memory"})
    fake.chat(ollama.reply(*chunks))
    if at == len(chunks) - 1:
        assert finish(await collected(model)) == Finish(
            FinishReason.CALLS
        )  # nothing is read after the last line
        return
    seen, error = await failed(model)
    assert len(seen) == at
    assert "CUDA error: out of memory" in str(error)


@requirement("A8")
@pytest.mark.parametrize("junk", [b"not json\n", b"[1]\n", b'"text"\n', b"\xff\xfe\n", b"x" * (2 << 20)])
async def test_junk_in_the_stream_is_an_error(fake: FakeOllama, model: OllamaModel, junk: bytes) -> None:
    fake._random = None  # megabytes in tiny chunks would take long
    fake.chat(ollama.reply(*ollama.text("x"), junk))
    _, error = await failed(model)
    assert error.kind is ErrorKind.BROKEN


async def test_lines_with_fields_of_other_types_are_survived(fake: FakeOllama, model: OllamaModel) -> None:
    odd: list[dict[str, Any]] = [
        {},
        {"message": None},
        {"message": "x"},
        {"message": {"content": 7, "thinking": [], "tool_calls": {"a": 1}}},
        {"message": {"tool_calls": [None, {}, {"function": None}, {"function": {"name": 3}}]}},
        {"error": None},
    ]
    fake.chat(ollama.reply(*odd, ollama.done(eval_count=3)))
    deltas = await collected(model)
    assert [call.name for call in called(deltas)] == [""]
    assert counted(deltas).completion == 3


@requirement("B12")
async def test_thinking_is_asked_for_and_left_out_after_the_server_refused_it(
    fake: FakeOllama, model: OllamaModel
) -> None:
    fake.chat(
        ollama.error(400, f'"{TINY}" does not support thinking'), ollama.answer("o", "k"), ollama.answer("x")
    )
    assert said(await collected(model)) == "ok"
    assert said(await collected(model)) == "x"
    assert [body.get("think") for body in fake.asked] == [True, None, None]
    assert [body["stream"] for body in fake.asked] == [True, True, True]
    assert model.facts.thinks is False


@pytest.mark.parametrize(("wanted", "sent"), [(None, True), (False, False), ("high", "high")])
async def test_thinking_is_always_said_explicitly(
    fake: FakeOllama, model: OllamaModel, wanted: bool | str | None, sent: bool | str
) -> None:
    fake.chat(ollama.answer("x"))
    await collected(model, ask(options=Options(think=wanted)))
    assert fake.asked[0]["think"] == sent


async def test_tools_are_left_out_with_a_notice_after_the_server_refused_them(
    fake: FakeOllama, model: OllamaModel
) -> None:
    refusal = ollama.error(400, f"registry.ollama.ai/library/{TINY} does not support tools")
    fake.chat(refusal, ollama.answer("ok"), ollama.answer("x"))
    first = await collected(model, ask(tools=[ASK_PEER]))
    second = await collected(model, ask(tools=[ASK_PEER]))
    assert said(first) == "ok"
    assert "cannot call tools" in notices(first)[0]
    assert notices(second) == []
    assert ["tools" in body for body in fake.asked] == [True, False, False]
    assert model.facts.calls_tools is False


async def test_turns_that_learn_of_a_refusal_at_the_same_time_all_go_on(
    fake: FakeOllama, model: OllamaModel
) -> None:
    def script(body: dict[str, object]) -> Reply:
        return ollama.error(400, "does not support thinking") if body.get("think") else ollama.answer("ok")

    fake.answer("/api/chat", script)
    answers = await asyncio.gather(*(collected(model) for _ in range(5)))
    assert [said(deltas) for deltas in answers] == ["ok"] * 5


async def test_both_refusals_may_follow_each_other_and_the_same_one_twice_is_an_error(
    fake: FakeOllama, model: OllamaModel
) -> None:
    thinking, tools = (
        ollama.error(400, "does not support thinking"),
        ollama.error(400, "does not support tools"),
    )
    fake.chat(thinking, tools, ollama.answer("ok"), tools)
    assert said(await collected(model, ask(tools=[ASK_PEER]))) == "ok"
    _, error = await failed(model, ask(tools=[ASK_PEER]))
    assert error.kind is ErrorKind.REFUSED
    assert len(fake.asked) == 4


@requirement("C13", "A8")
@pytest.mark.parametrize(
    ("reply", "kind", "text"),
    [
        (ollama.error(404, "model 'nope' not found"), ErrorKind.NO_MODEL, "model 'nope' not found"),
        (ollama.error(503, "server busy, please try again."), ErrorKind.BUSY, "server busy"),
        (ollama.error(500, "x" * 2_000), ErrorKind.BROKEN, "x" * 499 + "…"),
        (ollama.error(400, json.dumps({"error": {"message": "exceeds the available context size"}})),
         ErrorKind.TOO_LONG, "exceeds the available"),
        (html_reply(), ErrorKind.REFUSED, "a web page answers there"),
        (html_reply(404), ErrorKind.REFUSED, "a web page answers there"),
        (Reply(status=302, headers=(("Location", "http://10.0.0.1/"),)), ErrorKind.REFUSED, "302"),
    ],
)  # fmt: skip
async def test_a_refused_request_tells_what_the_server_said(
    fake: FakeOllama, model: OllamaModel, reply: Reply, kind: ErrorKind, text: str
) -> None:
    fake.chat(reply)
    seen, error = await failed(model)
    assert seen == []
    assert error.kind is kind
    assert text in str(error)
    assert len(fake.seen) == 1


@requirement("B6", "B7")
async def test_options_are_sent_only_when_set_and_temperature_is_zero_by_default(
    fake: FakeOllama, model: OllamaModel
) -> None:
    fake.chat(ollama.answer("x"), ollama.answer("x"))
    await collected(model)
    await collected(model, ask(options=Options(temperature=0.7, top_p=0.9, context_size=8192, max_tokens=99)))
    assert fake.asked[0]["options"] == {"temperature": 0.0}
    assert fake.asked[1]["options"] == {"temperature": 0.7, "top_p": 0.9, "num_ctx": 8192, "num_predict": 99}


@requirement("B20", "C18")
async def test_a_history_leaves_as_ollama_wants_it(fake: FakeOllama, model: OllamaModel) -> None:
    old = Call(id="call_1", name="read_note", arguments={"name": "a"}, server_id="srv7")
    bad = Call(id="call_2", name="read_note", arguments=None, raw="{")
    fake.chat(ollama.answer("x"))
    await collected(
        model,
        ask(
            SystemMessage(text="one"),
            UserMessage(text="u1"),
            AssistantMessage(text="a1", reasoning="old thought"),
            UserMessage(text="u2"),
            AssistantMessage(text="", reasoning="new thought", calls=(old, bad)),
            ToolMessage(call=old, text="found"),
            ToolMessage(call=bad, text="error: not JSON", ok=False),
            SystemMessage(text="two"),
        ),
    )
    (body,) = fake.asked
    assert "tools" not in body
    assert body["messages"] == [
        {"role": "system", "content": "one\n\ntwo"},
        {"role": "user", "content": "u1"},
        {"role": "assistant", "content": "a1"},
        {"role": "user", "content": "u2"},
        {
            "role": "assistant",
            "content": "",
            "thinking": "new thought",
            "tool_calls": [
                {"id": "srv7", "function": {"index": 0, "name": "read_note", "arguments": {"name": "a"}}},
                {"id": "call_2", "function": {"index": 1, "name": "read_note", "arguments": {}}},
            ],
        },
        {"role": "tool", "tool_name": "read_note", "tool_call_id": "srv7", "content": "found"},
        {"role": "tool", "tool_name": "read_note", "tool_call_id": "call_2", "content": "error: not JSON"},
    ]


async def test_a_forced_call_is_a_request_for_an_object_and_comes_out_as_a_call(
    fake: FakeOllama, model: OllamaModel
) -> None:
    fake.chat(
        ollama.reply(
            *ollama.text('{"tool": "agent.ask', '_peer", "arguments": {"peer": "bob"}}'), ollama.done()
        )
    )
    deltas = await collected(model, ask(tools=[ASK_PEER, READ_NOTE], must_call=True))
    (body,) = fake.asked
    assert "tools" not in body
    assert body["format"]["properties"]["tool"]["enum"] == ["agent.ask_peer", "read_note"]
    assert body["think"] is False
    assert body["options"]["num_predict"] == 512
    assert "agent.ask_peer" in body["messages"][0]["content"]
    (call,) = called(deltas)
    assert (call.name, call.arguments) == ("agent.ask_peer", {"peer": "bob"})
    assert said(deltas) == ""
    assert finish(deltas) == Finish(FinishReason.CALLS)


@pytest.mark.parametrize(
    "text", ["I will not.", '{"tool": "ghost", "arguments": {}}', "[1]", '{"tool": ["x"]}']
)
async def test_a_forced_reply_that_is_no_call_is_text(
    fake: FakeOllama, model: OllamaModel, text: str
) -> None:
    fake.chat(ollama.reply(*ollama.text(text), ollama.done()))
    deltas = await collected(model, ask(tools=[READ_NOTE], must_call=True))
    assert said(deltas) == text
    assert finish(deltas) == Finish(FinishReason.STOP)


@requirement("C14")
async def test_think_tags_left_in_the_text_go_to_reasoning(fake: FakeOllama, model: OllamaModel) -> None:
    fake.chat(ollama.reply(*ollama.text("<th", "ink>why</thi", "nk>", "\nyes"), ollama.done()))
    deltas = await collected(model)
    assert (thought(deltas), said(deltas)) == ("why", "yes")


async def test_the_window_is_the_loaded_one_once_the_model_has_answered(
    fake: FakeOllama, model: OllamaModel
) -> None:
    fake.chat(ollama.answer("x"))
    assert (await model.learn()).context_window is None
    fake.loaded[TINY] = 4096
    await collected(model)
    assert model.facts.context_window == 4096


@requirement("U10")
async def test_a_window_that_changes_is_seen_in_the_next_turn_and_a_server_that_tells_none_changes_nothing(
    fake: FakeOllama, model: OllamaModel
) -> None:
    fake.answer("/api/chat", ollama.answer("x"))
    windows = []
    for loaded in ({TINY: 4096}, {TINY: 8192}, {}, {"other:latest": 512}, {TINY: 0}, {TINY: 2048}):
        fake.loaded = loaded
        await collected(model)
        windows.append(model.facts.context_window)
    assert windows == [4096, 8192, 8192, 8192, 8192, 2048]


@requirement("U10")
async def test_the_window_is_asked_for_once_a_turn(fake: FakeOllama, model: OllamaModel) -> None:
    fake.answer("/api/chat", ollama.answer("x"))
    read = Call(id="call_1", name="read_note", arguments={})
    answered = (AssistantMessage(text="", calls=(read,)), ToolMessage(call=read, text="found"))
    await collected(model)
    await collected(model, ask(UserMessage(text="hi"), *answered))
    assert len(fake.bodies("/api/ps")) == 1


@requirement("U10", "A6")
async def test_no_text_waits_for_the_window_and_an_end_only_for_a_moment(
    model: OllamaModel, fake: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.models.ollama.WINDOW_TIMEOUT_S", 0.05)
    fake._random = None  # the whole reply at once
    fake.chat(ollama.answer("all", " of it"))
    fake.answer("/api/ps", Reply(steps=[asyncio.Event()]))
    async with asyncio.timeout(DEADLINE_S):
        stream = model.stream(ask())
        assert await anext(stream) == TextDelta("all of it")
        assert fake.bodies("/api/ps") == []
        rest = [delta async for delta in stream]
    assert finish(rest) == Finish(FinishReason.STOP)
    assert len(fake.bodies("/api/ps")) == 1
    assert model.facts.context_window is None


@requirement("C1")
async def test_a_server_that_is_down_is_named_with_its_address() -> None:
    async with FakeOllama() as gone:
        address = gone.address
    model = OllamaModel(address, TINY)
    _, error = await failed(model)
    await model.close()
    assert error.kind is ErrorKind.UNREACHABLE
    assert address in str(error)
    assert "Ollama" in str(error)


@requirement("C9")
def test_a_model_elsewhere_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ModelError) as caught:
        OllamaModel("http://10.1.2.3:11434", TINY)
    assert caught.value.kind is ErrorKind.NOT_LOCAL
