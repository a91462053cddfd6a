"""A paired peer that sends much which belongs to nothing: it loses its link, and the owner hears of it."""

import secrets
from collections.abc import Callable
from contextlib import suppress

import pytest

from peer.connection import IDLE_PER_MINUTE
from peer.messages import About, AgentCancel, AgentCredit, AgentEvent, ModelDelta, OpenFrame, Ping, Pong
from tests.mission import requirement
from tests.peer.nodes import nodes, pair
from tests.peer.test_hostile_walks import request
from tests.peer.wire import hand_driven

RID = "x" * 16


@requirement("F21")
@pytest.mark.parametrize(
    "idle",
    [
        lambda: Ping(n=1),
        lambda: Pong(n=1),
        lambda: About(name="mallory", caps=[]),
        lambda: AgentCancel(rid=secrets.token_urlsafe(16)),
        lambda: AgentCredit(rid=RID, n=1),
        lambda: AgentEvent(rid=RID, n=0, kind="token", text="unasked"),
        lambda: ModelDelta(rid=RID, n=0, text="unasked"),
        request,
    ],
    ids=["pings", "pongs", "profiles", "cancels", "credits", "events", "pieces", "refused asks"],
)
async def test_a_flood_of_frames_about_nothing_ends_the_link_with_a_reason_and_no_other(
    idle: Callable[[], OpenFrame],
) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        mallory = await hand_driven(anna)
        anna.policy = type(anna.policy)(allowed=False)
        with suppress(ConnectionError):
            for _ in range(IDLE_PER_MINUTE + 100):
                await mallory.send(idle())
        assert await mallory.hear_close() == (4429, "link_refused")
        await anna.until(lambda: "link_refused" in anna.incidents)
        assert anna.is_linked(ben)
        assert (await anna.hub.ask(ben.id, "still there?")).text == "ben heard still there?"


async def test_as_many_frames_that_belong_to_an_ask_are_no_flood() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)

        async def answer(ask: object) -> str:
            for _ in range(IDLE_PER_MINUTE * 2):
                await ask.emit("token", "x")  # type: ignore[attr-defined]
            return "done"

        ben.answer = answer
        assert (await anna.hub.ask(ben.id, "much, please")).text == "done"
        assert anna.incidents == ben.incidents == []
