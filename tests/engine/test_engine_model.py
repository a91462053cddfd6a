"""The engine as a model: loading, crashing, being shared and given up, in one process with the test."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from agent.history import UserMessage
from agent.models.base import ErrorKind, ModelError, Notice, TextDelta
from node.engine import EngineModel, Engines, manner
from tests.agent.models.play import ask, collected, failed, said
from tests.engine.tiny import TINY
from tests.node.test_child import gone

WANTED = f"gguf:{TINY}"
OK = ask(UserMessage(text="say ok"))
PATIENCE_S = 20.0


@pytest.fixture
async def engines(engine: object) -> AsyncIterator[Engines]:
    """The engines of a node; `engine` only says that the wheel is there."""
    running = Engines()
    yield running
    await running.close()


def pid(model: EngineModel) -> int:
    assert model._child is not None
    return model._child.pid


async def test_a_first_reply_waits_for_the_model_and_says_so(engines: Engines) -> None:
    model = await engines.open(WANTED, None)
    assert model.problem is None or model.problem.kind is ErrorKind.LOADING
    deltas = await collected(model, OK)
    assert isinstance(deltas[0], Notice)
    assert deltas[0].text.startswith("loading tiny, 0 s")
    assert said(deltas) == "ok"
    assert model.problem is None
    assert not any(isinstance(delta, Notice) for delta in await collected(model, OK))


async def test_one_file_is_loaded_once_for_all_and_freed_when_the_last_leaves(engines: Engines) -> None:
    one, two = await engines.open(WANTED, None), await engines.open(WANTED, None)
    assert one is two
    await collected(one, OK)
    child = pid(one)
    await engines.leave(one)
    assert said(await collected(two, OK)) == "ok"
    await engines.leave(two)
    await gone(child)
    other = await engines.open(WANTED, None)
    assert other is not one


async def test_a_turn_in_the_middle_keeps_an_engine_that_nobody_else_wants(engines: Engines) -> None:
    model = await engines.open(WANTED, None)
    stream = model.stream(ask(UserMessage(text="repeat ab forever")))
    async with asyncio.timeout(PATIENCE_S):
        while not isinstance(await anext(stream), TextDelta):
            pass
        child = pid(model)
        await engines.leave(model)
        assert isinstance(await anext(stream), TextDelta)
        await stream.aclose()
    await gone(child)


async def test_an_engine_that_ends_between_turns_is_reported_and_comes_back(engines: Engines) -> None:
    model = await engines.open(WANTED, None)
    await collected(model, OK)
    child = pid(model)
    os.kill(child, signal.SIGKILL)
    assert model._watch is not None
    async with asyncio.timeout(PATIENCE_S):
        await model._watch
    assert "killed, perhaps for want of memory" in str(model.problem)
    assert said(await collected(model, OK)) == "ok"
    assert model.problem is None


async def test_an_answer_between_two_crashes_counts(engines: Engines) -> None:
    model = await engines.open(WANTED, None)
    for _ in range(3):
        await collected(model, OK)
        os.kill(pid(model), signal.SIGSEGV)
        assert model._watch is not None
        async with asyncio.timeout(PATIENCE_S):
            await model._watch
    assert said(await collected(model, OK)) == "ok"


async def test_a_load_that_takes_too_long_is_given_up(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.engine.LOAD_LIMIT_S", 0.0)
    model = await engines.open(WANTED, None)
    for hope in ("with the next turn", "not started again by itself"):
        _, error = await failed(model, OK)
        assert "took longer than 0 s to load" in str(error)
        assert hope in str(error)


async def test_a_file_that_is_not_there_opens_nothing(engines: Engines) -> None:
    with pytest.raises(ModelError, match="No such file"):
        await engines.open("gguf:/no/such/model.gguf", None)


@pytest.mark.parametrize(
    ("code", "said"),
    [(-9, "killed, perhaps for want of memory"), (-11, "by signal 11"), (1, "with exit code 1")],
)
def test_how_a_process_ended_is_said_in_words(code: int, said: str) -> None:
    assert manner(code) == said
