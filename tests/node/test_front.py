"""Open pages are asked to come to the front: who is asked, and what counts of what they say."""

import asyncio
from pathlib import Path
from typing import Any

from tests.mission import requirement
from tests.node.cockpit import Cockpit
from tests.node.nodes import RawSocket, RunningNode, running_node
from tests.node.test_http import http

FRONT = "/api/cockpit/front"


async def asked(node: RunningNode) -> Any:
    status, answer, _ = await http(node, "POST", FRONT)
    assert status == 200
    return answer["came"]


async def attached(socket: RawSocket) -> RawSocket:
    await Cockpit(socket).attach()
    await socket.send("list_tools", {})
    await socket.until("tools")
    return socket


async def come(socket: RawSocket, *, tell: bool, came: str) -> None:
    front = await socket.until("front", tell=tell)
    await socket.send("fronted", {"asked": front["data"]["asked"], "came": came}, channel="cockpit")


@requirement("R4")
async def test_one_page_on_the_screen_is_enough_and_nobody_is_notified(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as back, node.socket() as front:
        came, *_ = await asyncio.gather(
            asked(node),
            come(await attached(back), tell=False, came="hidden"),
            come(await attached(front), tell=False, came="shown"),
        )
        assert came == "shown"


@requirement("R4")
async def test_a_page_in_the_background_is_asked_to_notify_only_when_none_is_on_the_screen(
    tmp_path: Path,
) -> None:
    async def in_the_background(page: RawSocket) -> None:
        await come(page, tell=False, came="hidden")
        await come(page, tell=True, came="told")

    async with running_node(tmp_path) as node, node.socket() as socket:
        came, _ = await asyncio.gather(asked(node), in_the_background(await attached(socket)))
        assert came == "told"


@requirement("R4")
async def test_consoles_are_not_asked_and_a_page_that_sleeps_counts_as_none(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as console:
        assert await asked(node) is None
        async with node.socket() as socket:
            page = await attached(socket)
            assert await asked(node) is None
            # What it says when it wakes is too late, and says nothing of the next time.
            await come(page, tell=False, came="shown")
            answered = asyncio.create_task(asked(node))
            await come(page, tell=False, came="hidden")
            await come(page, tell=True, came="hidden")
            assert await answered == "hidden"
        await console.send("list_tools", {})
        await console.until("tools")
        assert all(frame["event"] != "front" for frame in console.frames)
