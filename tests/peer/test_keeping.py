"""Keeping links up, whatever comes of the dialling."""

import asyncio
from collections.abc import Iterator

import pytest

from peer.errors import Unreachable
from peer.keeping import keep_up
from tests.peer.nodes import in_time


class Dialling:
    """Fails as it is told, and is over once nothing is left to come of it."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self._outcomes = iter(outcomes)
        self.over = asyncio.Event()

    async def __call__(self) -> None:
        outcome = next(self._outcomes, self)
        if outcome is self:
            self.over.set()
            await asyncio.Event().wait()
        if isinstance(outcome, Exception):
            raise outcome


async def kept_up(dial: Dialling) -> None:
    """Keep a link up that is lost as soon as it is there, until the dialling is over."""

    async def lost() -> None:
        pass

    keeping = asyncio.create_task(keep_up(dial, lost, asyncio.Event()))
    await in_time(dial.over.wait())
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Wait for no time; return what was waited, a list for each time that the waits began anew."""
    counted: list[list[int]] = []

    def delays() -> Iterator[float]:
        own: list[int] = []
        counted.append(own)
        while True:
            own.append(len(own))
            yield 0.0

    monkeypatch.setattr("peer.keeping.delays", delays)
    return counted


async def test_an_error_that_nobody_foresaw_is_not_the_end_of_dialling(
    waits: list[list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    await kept_up(Dialling(RuntimeError("the disk is full"), Unreachable("no answer"), None))
    assert "the disk is full" in caplog.text
    assert waits == [[0, 1, 2]]


async def test_who_hangs_up_at_once_is_dialled_ever_more_seldom(waits: list[list[int]]) -> None:
    await kept_up(Dialling(None, None, None, None))
    assert waits == [[0, 1, 2, 3]]


async def test_after_a_link_that_lasted_the_waits_begin_anew(
    waits: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peer.keeping.STEADY_S", -1.0)
    await kept_up(Dialling(None, Unreachable("no answer"), None))
    assert waits == [[0, 1], [0]]
