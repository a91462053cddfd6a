import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from agent.history import Call, UserMessage
from agent.models.base import (
    CallDelta,
    Delta,
    ErrorKind,
    Finish,
    FinishReason,
    Model,
    ModelError,
    ModelRequest,
    TextDelta,
)
from agent.models.scripted import ScriptedModel

REQUEST = ModelRequest(messages=[UserMessage(text="hello")])
CALL = CallDelta(Call(id="call_00000001", name="notes.read", arguments={}))


async def played(model: Model) -> list[Delta]:
    async with aclosing(model.stream(REQUEST)) as stream:
        return [delta async for delta in stream]


async def test_rounds_are_played_in_order_and_finished_for_the_script() -> None:
    model = ScriptedModel([[CALL], [TextDelta("done")]])
    assert await played(model) == [CALL, Finish(FinishReason.CALLS)]
    assert await played(model) == [TextDelta("done"), Finish(FinishReason.STOP)]
    assert model.requests == [REQUEST, REQUEST]


async def test_a_finish_in_the_script_is_the_only_finish() -> None:
    model = ScriptedModel([[TextDelta("cut"), Finish(FinishReason.LENGTH)]])
    assert await played(model) == [TextDelta("cut"), Finish(FinishReason.LENGTH)]


async def test_an_error_in_the_script_is_raised() -> None:
    error = ModelError(ErrorKind.BUSY, "busy")
    with pytest.raises(ModelError) as caught:
        await played(ScriptedModel([error]))
    assert caught.value is error


async def test_a_function_sees_the_request_and_may_stream() -> None:
    async def slowly() -> AsyncGenerator[Delta, None]:
        yield TextDelta("a")
        await asyncio.sleep(0)
        yield TextDelta("b")

    def first(request: ModelRequest) -> list[Delta]:
        assert isinstance(request.messages[0], UserMessage)
        return [TextDelta(request.messages[0].text)]

    model = ScriptedModel([first, lambda _: slowly()])
    assert await played(model) == [TextDelta("hello"), Finish(FinishReason.STOP)]
    assert await played(model) == [TextDelta("a"), TextDelta("b"), Finish(FinishReason.STOP)]


async def test_a_request_after_the_last_round_is_an_error_that_names_both_counts() -> None:
    model = ScriptedModel([[TextDelta("only")]])
    await played(model)
    with pytest.raises(ModelError, match="1 rounds, and this is request 2"):
        await played(model)
