"""The clock at a fixed moment."""

from datetime import UTC, datetime

import pytest

from tools.clock import clock_tools
from tools.spec import Effect, ToolContext, ToolError

MOMENT = datetime(2026, 11, 20, 23, 5, tzinfo=UTC)


async def ask(**arguments: object) -> object:
    (tool,) = clock_tools(lambda: MOMENT)
    assert tool.handler is not None
    return await tool.handler(ToolContext(turn_id="turn", call_id="call"), arguments)


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "europe/berlin", "Berlin", "berlin ", "Berlin, Germany", "'Berlin'"]
)
async def test_a_zone_is_known_by_its_name_or_its_city(name: str) -> None:
    assert await ask(timezone=name) == {
        "time": "00:05",
        "weekday": "Saturday",
        "date": "2026-11-21",
        "timezone": "Europe/Berlin",
        "iso": "2026-11-21T00:05:00+01:00",
    }


async def test_a_city_of_two_words_is_found() -> None:
    found = await ask(timezone="New York")

    assert isinstance(found, dict)
    assert (found["timezone"], found["time"]) == ("America/New_York", "18:05")


async def test_without_a_zone_the_local_time_is_told() -> None:
    found = await ask()

    assert isinstance(found, dict)
    assert datetime.fromisoformat(found["iso"]) == MOMENT
    assert found["timezone"]


@pytest.mark.parametrize(
    "name", ["Atlantis", "../../etc/passwd", "/etc/localtime", "Europe", "\0", "x" * 5_000]
)
async def test_an_unknown_zone_is_a_plain_error(name: str) -> None:
    with pytest.raises(ToolError, match="no time zone called") as caught:
        await ask(timezone=name)
    assert len(str(caught.value)) < 300


def test_the_clock_may_be_read_by_peers() -> None:
    (tool,) = clock_tools()

    assert (tool.effect, tool.remote) == (Effect.READ, "ask")
