"""The beat beside a long wait."""

import asyncio

import pytest

from agent.pulse import pulse

PATIENCE_S = 5


async def test_it_beats_while_the_block_runs_and_no_more_afterwards() -> None:
    beats = 0
    twice = asyncio.Event()

    async def beat() -> None:
        nonlocal beats
        beats += 1
        if beats == 2:
            twice.set()

    async with asyncio.timeout(PATIENCE_S), pulse(0.01, beat):
        await twice.wait()
    assert beats >= 2
    assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing is left that could beat"


async def test_a_beat_that_has_begun_is_let_finish() -> None:
    begun, go_on, finished = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def beat() -> None:
        begun.set()
        await go_on.wait()
        finished.set()

    async with asyncio.timeout(PATIENCE_S):
        async with pulse(0.01, beat):
            await begun.wait()
            asyncio.get_running_loop().call_soon(go_on.set)
        assert finished.is_set()


async def test_a_beat_that_fails_ends_the_pulse_and_not_the_block(caplog: pytest.LogCaptureFixture) -> None:
    failed = asyncio.Event()

    async def beat() -> None:
        failed.set()
        raise ConnectionError("nobody listens")

    async with asyncio.timeout(PATIENCE_S), pulse(0.01, beat):
        await failed.wait()
    assert "sign of life" in caplog.text
