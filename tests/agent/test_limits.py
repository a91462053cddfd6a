import asyncio

import pytest

from agent.errors import IdleLimitError
from agent.limits import MAX_ROUNDS, TOOL_TIMEOUT_S, Limits, idle_limit
from tests.mission import requirement


@requirement("B1")
@pytest.mark.parametrize(("setting", "rounds"), [(0, MAX_ROUNDS), (1, 1), (7, 7), (-1, 1), (-99, 1)])
def test_rounds_zero_is_the_default_and_below_zero_is_one(setting: int, rounds: int) -> None:
    assert Limits(rounds=setting).max_rounds == rounds


def test_asking_a_peer_has_its_own_longer_limit() -> None:
    assert Limits().tool_timeout("files.read") == TOOL_TIMEOUT_S
    assert Limits().tool_timeout("agent.ask_peer") > 120


async def test_silence_ends_the_wait_and_names_the_limit() -> None:
    with pytest.raises(IdleLimitError, match=r"0\.01 s"):
        async with idle_limit(0.01):
            await asyncio.Event().wait()


async def test_signs_of_life_keep_the_wait_going() -> None:
    """The block lasts longer than the limit, and is ended by itself, not by the limit."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(5), idle_limit(0.5) as seen:
        until = loop.time() + 0.8
        while loop.time() < until:
            ticked = loop.create_future()
            loop.call_later(0.05, ticked.set_result, None)
            await ticked
            seen()


async def test_a_timeout_of_the_block_itself_stays_what_it_is() -> None:
    with pytest.raises(TimeoutError, match="inner"):
        async with idle_limit(60):
            raise TimeoutError("inner")


async def test_a_cancel_is_not_mistaken_for_silence() -> None:
    async def wait() -> None:
        async with idle_limit(60):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
