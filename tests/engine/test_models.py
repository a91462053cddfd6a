"""The provider layer at a real server: its traps, its figures, and how thinking is turned on and off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from agent.history import AssistantMessage, Call, ToolMessage, UserMessage
from agent.models.base import ErrorKind, FinishReason, Model, Options, TextDelta
from agent.models.find import find_model
from tests.agent.models.play import (
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
from tests.engine.servers import Dialect, Engine
from tests.engine.tiny import WINDOW

READ = replace(
    READ_NOTE,
    parameters={"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
)
PATIENCE_S = 20.0
THINGS = ("milk", "bread", "note", "node", "sky", "house", "tree", "water")


@pytest.fixture
async def model(dialect: Dialect) -> AsyncIterator[Model]:
    found = await find_model([dialect.address], "tiny")
    assert found.model is not None
    yield found.model
    await found.model.close()


async def test_the_facts_of_a_model_are_the_servers_own(model: Model, dialect: Dialect) -> None:
    await collected(model, ask(UserMessage(text="say ok")))  # Ollama knows the window of a loaded model alone
    assert model.facts.provider == dialect.provider
    assert model.facts.context_window == WINDOW
    assert model.facts.address == dialect.address


async def test_tokens_are_counted_by_the_server_with_the_cached_ones_among_them(model: Model) -> None:
    request = ask(UserMessage(text="say the sky is blue"), options=Options(think=False))
    first, again = counted(await collected(model, request)), counted(await collected(model, request))
    assert first.prompt is not None
    assert first.completion == len("the sky is blue") + 1  # a token of this model is one byte; one more ends
    assert (again.prompt, again.completion) == (first.prompt, first.completion)
    if again.cached is not None:  # Ollama does not say
        assert 0 < again.cached < first.prompt


@pytest.mark.parametrize("think", [None, True, False])
async def test_a_model_thinks_unless_it_is_told_not_to(model: Model, think: bool | None) -> None:
    request = ask(UserMessage(text="say ok"), options=Options(think=think))
    deltas = await collected(model, request)
    assert said(deltas) == "ok"
    assert thought(deltas).strip() == ("" if think is False else "just answer")


async def test_reasoning_of_the_same_turn_goes_back_to_the_server(model: Model) -> None:
    history = UserMessage(text="call read_note with name=alpha")
    deltas = await collected(model, ask(history, tools=[READ]))
    (call,) = called(deltas)
    assert (call.name, call.arguments) == ("read_note", {"name": "alpha"})
    assert finish(deltas).reason is FinishReason.CALLS
    asked = AssistantMessage(text="", reasoning=thought(deltas), calls=(call,))
    result = ToolMessage(call=call, text="green tea")
    answered = await collected(model, ask(history, asked, result, tools=[READ]))
    assert said(answered) == "read_note returned: green tea"


async def test_arguments_that_were_no_object_are_answered_and_the_model_goes_on(model: Model) -> None:
    """A server that let 5.77 through as arguments; what the history says of the call must suit every server."""
    history = UserMessage(text="call read_note with name=alpha")
    broken = Call(id="c1", name="read_note", arguments=None, raw="5.77")
    error = ToolMessage(call=broken, text="error: arguments are no object")
    deltas = await collected(
        model, ask(history, AssistantMessage(text="", calls=(broken,)), error, tools=[READ])
    )
    assert said(deltas) == "read_note failed: error: arguments are no object"


async def test_a_tool_is_called_as_often_as_it_answers_at_once(model: Model) -> None:
    """llama-server promises keep-alive and closes after every stream: a reused connection would fail here."""
    request = ask(UserMessage(text="say ok"), options=Options(think=False))
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(40):
            assert said(await collected(model, request)) == "ok"


async def test_a_reply_that_is_no_longer_wanted_is_stopped_at_the_server(
    model: Model, engine: Engine
) -> None:
    async with asyncio.timeout(PATIENCE_S):
        async with aclosing(model.stream(ask(UserMessage(text="repeat ab forever")))) as stream:
            async for delta in stream:
                if isinstance(delta, TextDelta):
                    assert await engine.busy_slots() == 1
                    break
        while await engine.busy_slots():
            pass


@pytest.mark.parametrize("prompt", ["hello", "repeat ab forever", "call read_note with name=alpha"])
async def test_a_forced_call_comes_to_an_end_whatever_the_model_wants(model: Model, prompt: str) -> None:
    """A grammar forbids llama-server's model to end without a call, and not to talk before it."""
    request = ask(UserMessage(text=prompt), tools=[READ], must_call=True)
    deltas = await collected(model, request)
    assert called(deltas) or finish(deltas).reason is FinishReason.LENGTH
    completion = counted(deltas).completion
    assert completion is not None
    assert completion <= 512


async def test_a_reply_ends_at_the_limit_that_was_set(model: Model) -> None:
    request = ask(UserMessage(text="repeat ab forever"), options=Options(think=False, max_tokens=20))
    deltas = await collected(model, request)
    assert finish(deltas).reason is FinishReason.LENGTH
    assert counted(deltas).completion == 20


async def test_a_prompt_that_does_not_fit_is_refused_with_the_figures(model: Model) -> None:
    _, error = await failed(model, ask(UserMessage(text="say " + "long " * 1000)))
    assert error.kind is ErrorKind.TOO_LONG
    assert f"({WINDOW} tokens)" in str(error)
    assert "{" not in str(error)
    assert str(error).endswith("Start a new session, or give the model a larger context.")


async def test_thirty_two_replies_at_once_are_all_exact(model: Model) -> None:
    words = [f"{colour} {thing}" for colour in ("red", "green", "blue", "tea") for thing in THINGS]
    requests = [ask(UserMessage(text=f"say {text}"), options=Options(think=False)) for text in words]
    replies = await asyncio.gather(*(collected(model, request) for request in requests))
    assert [said(reply) for reply in replies] == words
    assert not any(notices(reply) for reply in replies)
