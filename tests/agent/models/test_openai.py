import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from agent.history import AssistantMessage, Call, Message, SystemMessage, ToolMessage, UserMessage
from agent.models.base import (
    Calling,
    ErrorKind,
    Finish,
    FinishReason,
    ModelError,
    ModelFacts,
    Options,
    TextDelta,
    Usage,
)
from agent.models.openai import OpenAIModel
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
from tests.fakes import openai_server as openai
from tests.fakes.openai_server import DONE, MODEL, PROVIDERS, FakeOpenAI, call, delta, event, text, usage
from tests.fakes.scripted_server import Break, Reply, html_reply, json_reply
from tests.mission import requirement

SEEDS = range(5)


def opened(fake: FakeOpenAI) -> OpenAIModel:
    return OpenAIModel(ModelFacts(provider=fake.provider, name=MODEL, label="tiny", address=fake.address))


@pytest.fixture(params=SEEDS)
async def fake(request: pytest.FixtureRequest) -> AsyncGenerator[FakeOpenAI, None]:
    """A server that cuts its streams differently with each seed."""
    async with FakeOpenAI("llama-server", seed=request.param) as server:
        yield server


@pytest.fixture
async def model(fake: FakeOpenAI) -> AsyncGenerator[OpenAIModel, None]:
    model = opened(fake)
    yield model
    await model.close()


@requirement("A5", "A6", "C5")
async def test_reasoning_text_calls_and_counts_come_out_of_a_stream_in_order(
    fake: FakeOpenAI, model: OpenAIModel
) -> None:
    fake.chat(
        openai.reply(
            delta(role="assistant", content=None),
            b":\n\n",
            delta(reasoning_content="let "),
            delta(reasoning_content="me"),
            b'event: progress\ndata: {"choices":[{"delta":{"content":"not text"}}]}\n\n',
            *text("ü\u0085", "\u2028<b>"),
            call(0, "srv0", name="agent_ask_peer", arguments=""),
            *[call(0, arguments=piece) for piece in ('{"pe', 'er": ', '"b', 'ob"', "}")],
            call(1, "srv1", name="read_note", arguments="{}"),
            delta("tool_calls"),
            usage(20, 7, prompt_tokens_details={"cached_tokens": 12}),
            DONE,
        )
    )
    deltas = await collected(model, ask(tools=[ASK_PEER, READ_NOTE]))
    assert thought(deltas) == "let me"
    assert said(deltas) == "ü\u0085\u2028<b>"
    assert [(call.name, call.arguments, call.server_id) for call in called(deltas)] == [
        ("agent.ask_peer", {"peer": "bob"}, "srv0"),
        ("read_note", {}, "srv1"),
    ]
    assert counted(deltas) == Usage(prompt=20, completion=7, cached=12)
    assert finish(deltas) == Finish(FinishReason.CALLS)


@requirement("A6")
async def test_each_piece_is_handed_on_before_the_next_is_sent(fake: FakeOpenAI, model: OpenAIModel) -> None:
    gates = [asyncio.Event() for _ in range(5)]
    steps = [step for gate in gates for step in (gate, event(delta(content="x")))]
    fake.chat(openai.reply(*steps, delta("stop"), DONE))
    async with asyncio.timeout(DEADLINE_S):
        stream = model.stream(ask())
        for gate in gates:
            gate.set()
            assert await anext(stream) == TextDelta("x")
        await stream.aclose()


@pytest.mark.parametrize(
    "fields",
    [
        {"thinking": "a"},
        {"reasoning": "a"},
        {"reasoning_content": "a"},
        {"reasoning": "a", "reasoning_content": "a"},
        {"reasoning_content": "", "reasoning": "a", "thinking": None},
    ],
)
async def test_reasoning_is_read_from_one_field_never_two(
    fake: FakeOpenAI, model: OpenAIModel, fields: dict[str, Any]
) -> None:
    fake.chat(openai.reply(delta(**fields), *text("b"), delta("stop"), DONE))
    deltas = await collected(model)
    assert (thought(deltas), said(deltas)) == ("a", "b")


@requirement("C14")
async def test_think_tags_left_in_the_text_go_to_reasoning(fake: FakeOpenAI, model: OpenAIModel) -> None:
    fake.chat(openai.reply(*text("<th", "ink>why</thi", "nk>", "\nyes"), delta("stop"), DONE))
    deltas = await collected(model)
    assert (thought(deltas), said(deltas)) == ("why", "yes")


@requirement("C11")
async def test_usage_that_the_server_rejects_is_left_out_and_not_asked_for_again(
    fake: FakeOpenAI, model: OpenAIModel
) -> None:
    plain = openai.reply(*text("ok"), delta("stop"), DONE)
    fake.chat(openai.error(400, "Unrecognized request argument: stream_options"), plain, plain)
    for _ in range(2):
        deltas = await collected(model)
        assert said(deltas) == "ok"
        assert counted(deltas) == Usage(prompt=None, completion=None, cached=None)
    assert [body.get("stream_options") for body in fake.asked] == [{"include_usage": True}, None, None]


async def test_a_server_that_goes_on_rejecting_is_asked_twice_and_no_more(
    fake: FakeOpenAI, model: OpenAIModel
) -> None:
    fake.answer("/v1/chat/completions", openai.error(400, "stream_options is not supported"))
    _, error = await failed(model)
    assert error.kind is ErrorKind.REFUSED
    assert len(fake.asked) == 2


@requirement("C11")
async def test_counts_come_from_timings_where_usage_is_missing(fake: FakeOpenAI, model: OpenAIModel) -> None:
    timings = {"cache_n": 15, "prompt_n": 5, "predicted_n": 3}
    fake.chat(openai.reply(*text("x"), {**delta("stop"), "timings": timings}, DONE))
    assert counted(await collected(model)) == Usage(prompt=20, completion=3, cached=15)


@requirement("C11")
async def test_usage_counts_more_than_timings(fake: FakeOpenAI, model: OpenAIModel) -> None:
    timings = {"timings": {"cache_n": 1, "prompt_n": 1, "predicted_n": 1}}
    fake.chat(openai.reply(*text("x"), {**delta("stop"), **timings}, usage(20, 3), timings, DONE))
    assert counted(await collected(model)) == Usage(prompt=20, completion=3)


@requirement("A8")
@pytest.mark.parametrize(
    "ending",
    [
        [],
        [Break.ABORT],
        [b'data: {"choices": [{"delta"'],
        [b"data: junk\n\n"],
        [b"data: [1]\n\n"],
        [event({"error": {"message": "engine died", "code": 500}}), DONE],
        [b'event: error\ndata: {"error": "engine died"}\n\n'],
        [b'event: error\ndata: {"message": "engine died"}\n\n'],
    ],
    ids=repr,
)
async def test_a_stream_that_dies_is_an_error_after_what_it_had_said(
    fake: FakeOpenAI, model: OpenAIModel, ending: list[bytes | Break]
) -> None:
    fake.chat(openai.reply(*text("par", "tial"), *ending))
    seen, error = await failed(model)
    assert "partial".startswith(said(seen))
    assert said(seen) == "partial" or ending == [Break.ABORT]
    assert error.kind is ErrorKind.BROKEN
    assert fake.address in str(error)
    assert ("engine died" in str(error)) == any(
        b"engine died" in part for part in ending if isinstance(part, bytes)
    )


@requirement("A8")
@pytest.mark.parametrize("at", range(5))
async def test_an_error_event_ends_the_stream_at_every_position(
    fake: FakeOpenAI, model: OpenAIModel, at: int
) -> None:
    chunks = [delta(reasoning="t"), *text("x"), call(0, "i", name="a"), delta("tool_calls"), usage(1, 1)]
    chunks.insert(at, {"error": {"message": "engine died"}})
    fake.chat(openai.reply(*chunks, DONE))
    _, error = await failed(model, ask(tools=[READ_NOTE]))
    assert "engine died" in str(error)


async def test_a_call_cut_at_the_length_is_left_out_with_a_notice(
    fake: FakeOpenAI, model: OpenAIModel
) -> None:
    fake.chat(
        openai.reply(
            call(0, "a", name="read_note", arguments="{}"),
            call(1, "b", name="read_note", arguments="5.777"),
            delta("length"),
            DONE,
        )
    )
    deltas = await collected(model)
    assert [call.server_id for call in called(deltas)] == ["a"]
    assert "limit of tokens" in notices(deltas)[0]
    assert finish(deltas) == Finish(FinishReason.LENGTH)


async def test_a_finish_of_stop_with_calls_is_a_round_of_calls(fake: FakeOpenAI, model: OpenAIModel) -> None:
    fake.chat(openai.reply(call(0, "a", name="read_note", arguments="[1]"), delta("stop"), DONE))
    deltas = await collected(model)
    (made,) = called(deltas)
    assert (made.arguments, made.raw) == (None, "[1]")
    assert finish(deltas) == Finish(FinishReason.CALLS)


async def test_the_end_mark_alone_ends_a_reply_of_a_server_that_gives_no_reason_to_finish(
    fake: FakeOpenAI, model: OpenAIModel
) -> None:
    fake.chat(openai.reply(*text("par", "tial"), DONE))
    deltas = await collected(model)
    assert (said(deltas), finish(deltas)) == ("partial", Finish(FinishReason.STOP))


@requirement("B22")
async def test_each_piece_of_a_call_is_a_sign_of_life_that_names_the_tool(
    fake: FakeOpenAI, model: OpenAIModel
) -> None:
    gate = asyncio.Event()
    first = call(0, "a", name="read_note", arguments="")
    fake.chat(openai.reply(first, gate, call(0, arguments="{}"), delta("tool_calls"), DONE))
    async with asyncio.timeout(DEADLINE_S), aclosing(model.stream(ask(tools=[READ_NOTE]))) as stream:
        assert await anext(stream) == Calling("read_note")
        gate.set()
        assert await anext(stream) == Calling("read_note")


async def test_odd_chunks_are_survived(fake: FakeOpenAI, model: OpenAIModel) -> None:
    odd: list[dict[str, object]] = [
        {},
        {"choices": None, "usage": None, "timings": 3},
        {"choices": [None]},
        {"choices": [{"delta": None, "finish_reason": None, "logprobs": None}]},
        {"choices": [{"delta": {"content": ["x"], "tool_calls": [None, 7], "reasoning": 3}}]},
        {"usage": {"prompt_tokens": None, "prompt_tokens_details": None}},
    ]
    fake.chat(openai.reply(*odd, *text("ok"), delta("stop"), DONE))
    deltas = await collected(model)
    assert said(deltas) == "ok"
    assert counted(deltas) == Usage()


async def test_a_server_that_does_not_stream_is_read_all_the_same(
    fake: FakeOpenAI, model: OpenAIModel
) -> None:
    whole = {"choices": [{"message": {"content": "hi", "reasoning": "t"}, "finish_reason": "stop"}]}
    fake.chat(json_reply(whole), json_reply({"error": "Unexpected endpoint or method. (POST /v1)"}))
    deltas = await collected(model)
    assert (thought(deltas), said(deltas)) == ("t", "hi")
    _, error = await failed(model)
    assert "Unexpected endpoint" in str(error)


@requirement("C13", "A8")
@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (openai.error(404, "The model `x` does not exist.", code=404), ErrorKind.NO_MODEL, "does not exist"),
        (openai.error(503, "Loading model", type="unavailable_error"), ErrorKind.LOADING, "Loading model"),
        (openai.error(400, "request (5019 tokens) exceeds", type="exceed_context_size_error", n_ctx=1024),
         ErrorKind.TOO_LONG, "5019 tokens"),
        (openai.error(500, "Failed to parse tools: x"), ErrorKind.BROKEN, "Failed to parse tools"),
        (json_reply({"detail": "Not Found"}, 404), ErrorKind.REFUSED, "Not Found"),
        (html_reply(), ErrorKind.REFUSED, "a web page answers there"),
    ],
)  # fmt: skip
async def test_a_refused_request_tells_what_the_server_said(
    fake: FakeOpenAI, model: OpenAIModel, reply: Reply, kind: ErrorKind, words: str
) -> None:
    fake.chat(reply)
    seen, error = await failed(model)
    assert seen == []
    assert error.kind is kind
    assert words in str(error)
    assert len(fake.seen) == 1


@pytest.mark.parametrize(
    "refusal",
    [
        '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
        "tools param requires --jinja flag",
    ],
)
async def test_tools_are_left_out_with_a_notice_after_the_server_refused_them(
    fake: FakeOpenAI, model: OpenAIModel, refusal: str
) -> None:
    fake.chat(openai.error(400, refusal), openai.answer("ok"), openai.answer("x"))
    first = await collected(model, ask(tools=[ASK_PEER]))
    second = await collected(model, ask(tools=[ASK_PEER], must_call=True))
    assert said(first) == "ok"
    assert "cannot call tools" in notices(first)[0]
    assert notices(second) == []
    assert ["tools" in body for body in fake.asked] == [True, False, False]
    assert "tool_choice" not in fake.asked[2]


@requirement("B6", "B7", "C18")
async def test_options_are_sent_only_when_set_and_temperature_is_zero_by_default(
    fake: FakeOpenAI, model: OpenAIModel
) -> None:
    fake.chat(openai.answer("x"), openai.answer("x"))
    await collected(model)
    chosen = Options(temperature=0.7, top_p=0.9, context_size=8192, max_tokens=99, think=False)
    await collected(model, ask(options=chosen))
    assert fake.asked[0] == {
        "model": MODEL,
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.0,
    }
    added = {key: value for key, value in fake.asked[1].items() if key not in fake.asked[0]}
    assert fake.asked[1]["temperature"] == 0.7
    assert added == {"top_p": 0.9, "max_tokens": 99, "chat_template_kwargs": {"enable_thinking": False}}


@requirement("C15", "B20")
@pytest.mark.parametrize(
    ("provider", "replayed"),
    [("llama-server", "reasoning_content"), ("vllm", "reasoning"), ("lmstudio", None)],
)
async def test_a_history_leaves_with_safe_names_and_reasoning_where_the_server_takes_it(
    provider: str, replayed: str | None
) -> None:
    made = Call(id="call_1", name="notes.read", arguments={"name": "ä"}, server_id="srv7")
    async with FakeOpenAI(provider) as fake:
        model = opened(fake)
        fake.chat(openai.answer("x"))
        await collected(
            model,
            ask(
                SystemMessage(text="one"),
                UserMessage(text="u"),
                AssistantMessage(text="", reasoning="thought", calls=(made,)),
                ToolMessage(call=made, text="found"),
                SystemMessage(text="two"),
                tools=[ASK_PEER],
            ),
        )
        await model.close()
    (body,) = fake.asked
    system, user, assistant, result = body["messages"]
    assert system == {"role": "system", "content": "one\n\ntwo"}
    assert user == {"role": "user", "content": "u"}
    function = assistant["tool_calls"][0]["function"]
    assert function["name"] == "notes_read"
    assert json.loads(function["arguments"]) == {"name": "ä"}
    assert assistant["tool_calls"][0]["id"] == result["tool_call_id"] == "srv7"
    assert set(assistant) == {"role", "content", "tool_calls"} | ({replayed} if replayed else set())
    assert body["tools"][0]["function"]["name"] == "agent_ask_peer"


async def test_a_forced_call_is_required_and_short(fake: FakeOpenAI, model: OpenAIModel) -> None:
    fake.chat(openai.answer("x"), openai.answer("x"))
    await collected(model, ask(tools=[ASK_PEER], must_call=True))
    await collected(model, ask(tools=[ASK_PEER], must_call=True, options=Options(max_tokens=40)))
    assert [body["tool_choice"] for body in fake.asked] == ["required", "required"]
    assert [body["max_tokens"] for body in fake.asked] == [512, 40]


@requirement("C2", "C3", "C5")
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_round_of_tools_goes_through_every_server_of_the_dialect(provider: str) -> None:
    async with FakeOpenAI(provider, seed=7) as fake:
        model = opened(fake)
        fake.chat(openai.reply(call(0, "i", name="agent_ask_peer", arguments='{"peer":'), call(0, arguments='"b"}'),
                               delta("tool_calls"), DONE), openai.answer("b ", "says hi"))  # fmt: skip
        (made,) = called(await collected(model, ask(tools=[ASK_PEER])))
        history: list[Message] = [
            UserMessage(text="u"),
            AssistantMessage(text="", calls=(made,)),
            ToolMessage(call=made, text="hi"),
        ]
        assert said(await collected(model, ask(*history, tools=[ASK_PEER]))) == "b says hi"
        await model.close()
    assert made.arguments == {"peer": "b"}


@requirement("C9")
def test_a_model_elsewhere_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ModelError) as caught:
        OpenAIModel(ModelFacts(provider="openai", name="x", label="x", address="https://api.example.com"))
    assert caught.value.kind is ErrorKind.NOT_LOCAL
