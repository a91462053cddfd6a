"""The agent arranges a cockpit that is played by a raw websocket client."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply
from tests.mission import requirement
from tests.node.cockpit import Cockpit
from tests.node.nodes import talking

CORE = {"show", "list_open_panes", "open_pane", "close_pane"}


@asynccontextmanager
async def cockpit(
    data: Path, settings: dict[str, object] | None = None
) -> AsyncIterator[tuple[FakeOllama, Cockpit]]:
    async with talking(data, settings) as (_, ollama, ws):
        attached = Cockpit(ws)
        await attached.attach()
        yield ollama, attached


async def done_by(
    ollama: FakeOllama, page: Cockpit, *wanted: tuple[str, dict[str, Any]], turn_id: str = "t1"
) -> list[Any]:
    """Have the model make these calls, one per round, and return what it read of each."""
    before = len(ollama.asked)
    ollama.chat(*(reply(calls(call), done()) for call in wanted), answer("Done."))
    frames = await page.turn("arrange my screen", turn_id)
    assert not [frame for frame in frames if frame["event"] == "approval_request"]
    return [asked["messages"][-1]["content"] for asked in ollama.asked[before + 1 :]]


def offered(request: dict[str, Any]) -> set[str]:
    return {tool["function"]["name"] for tool in request.get("tools", [])}


@requirement("D11", "D12")
async def test_panes_and_workspaces_are_listed_read_opened_and_closed(tmp_path: Path) -> None:
    async with cockpit(tmp_path) as (ollama, page):
        read = await done_by(
            ollama,
            page,
            ("list_available_panes", {}),
            ("open_pane", {"id": "files"}),
            ("open_pane", {"id": "chat"}),
            ("list_open_panes", {}),
            ("get_pane_context", {"instanceId": "files-1"}),
            ("close_pane", {"id": "chat-1"}),
            ("create_workspace", {"name": "research"}),
            ("switch_workspace", {"id": "main"}),
            ("list_workspaces", {}),
        )
        assert [kind["id"] for kind in json.loads(read[0])] == ["chat", "peers", "files"]
        assert json.loads(read[3]) == [
            {"id": "files", "instanceId": "files-1", "title": "Files", "context": True},
            {"id": "chat", "instanceId": "chat-1", "title": "Chat", "context": False},
        ]
        assert json.loads(read[4]) == {"pane": "files", "text": "what is in it"}
        assert json.loads(read[8]) == {"shown": "main", "workspaces": ["main", "research"]}
        assert list(page.panes) == ["files-1"]


@requirement("D13")
@pytest.mark.parametrize(
    ("given", "side"),
    [
        ("vertical", "right"),
        ("horizontal", "below"),
        ("left", "left"),
        ("right", "right"),
        ("above", "above"),
        ("below", "below"),
    ],
)
async def test_a_split_reaches_the_cockpit_as_one_of_four_sides(
    tmp_path: Path, given: str, side: str
) -> None:
    async with cockpit(tmp_path) as (ollama, page):
        page.open_pane("chat")
        await done_by(
            ollama, page, ("split_pane", {"instanceId": "chat-1", "direction": given, "paneId": "peers"})
        )
        assert page.seen == [("split_pane", {"instanceId": "chat-1", "direction": side, "paneId": "peers"})]
        assert page.panes["peers-1"]["at"] == [side, "chat-1"]


@requirement("D14")
async def test_a_pane_is_resized_in_one_direction_or_two_but_not_in_none(tmp_path: Path) -> None:
    async with cockpit(tmp_path) as (ollama, page):
        page.open_pane("chat")
        read = await done_by(
            ollama,
            page,
            ("resize_pane", {"instanceId": "chat-1"}),
            ("resize_pane", {"instanceId": "chat-1", "width": 300}),
            ("resize_pane", {"instanceId": "chat-1", "height": 200}),
        )
        assert read[0].startswith("error: Wrong arguments: give width, height, or both.")
        assert len(page.seen) == 2, "a call without a size does not reach the cockpit"
        assert (page.panes["chat-1"]["width"], page.panes["chat-1"]["height"]) == (300, 200)


@requirement("D15", "D16", "D17")
async def test_panes_are_moved_floated_docked_maximized_and_restored(tmp_path: Path) -> None:
    async with cockpit(tmp_path) as (ollama, page):
        page.open_pane("chat")
        page.open_pane("peers")
        await done_by(
            ollama,
            page,
            ("move_pane", {"instanceId": "peers-1", "reference": "chat-1", "direction": "left"}),
            ("float_pane", {"instanceId": "chat-1"}),
            ("maximize_pane", {"instanceId": "peers-1"}),
        )
        assert page.panes == {
            "chat-1": {"id": "chat", "title": "Chat", "floats": True},
            "peers-1": {"id": "peers", "title": "Peers", "at": ["left", "chat-1"], "maximized": True},
        }
        await done_by(
            ollama,
            page,
            ("dock_pane", {"instanceId": "chat-1"}),
            ("restore_pane", {"instanceId": "peers-1"}),
            turn_id="t2",
        )
        assert page.panes == {
            "chat-1": {"id": "chat", "title": "Chat"},
            "peers-1": {"id": "peers", "title": "Peers", "at": ["left", "chat-1"]},
        }


async def test_arranging_the_screen_asks_nobody_not_even_in_plan_mode(tmp_path: Path) -> None:
    async with cockpit(tmp_path, {"agent.permissions.mode": "plan"}) as (ollama, page):
        await done_by(ollama, page, ("open_pane", {"id": "chat"}))
        assert list(page.panes) == ["chat-1"]


async def test_a_deny_rule_of_the_owner_holds_for_the_layout_too(tmp_path: Path) -> None:
    async with cockpit(tmp_path, {"agent.permissions.deny": ["close_pane"]}) as (ollama, page):
        page.open_pane("chat")
        (read,) = await done_by(ollama, page, ("close_pane", {"id": "chat-1"}))
        assert "deny close_pane" in read
        assert list(page.panes) == ["chat-1"]


async def test_what_the_cockpit_cannot_do_is_read_by_the_model(tmp_path: Path) -> None:
    async with cockpit(tmp_path) as (ollama, page):
        (read,) = await done_by(ollama, page, ("close_pane", {"id": "nothing-7"}))
        assert read == "error: there is no 'nothing-7'"


@requirement("D2")
async def test_with_a_cockpit_its_four_main_verbs_are_in_the_first_request_and_not_the_rest(
    tmp_path: Path,
) -> None:
    async with cockpit(tmp_path) as (ollama, page):
        ollama.chat(answer("Hello."))
        await page.turn("hello")
        assert offered(ollama.asked[0]) == CORE | {"search_tools", "load_tools", "list_tool_groups"}


@requirement("D21")
async def test_a_loaded_group_brings_its_guide(tmp_path: Path) -> None:
    async with cockpit(tmp_path) as (ollama, page):
        ollama.chat(reply(calls(("load_tools", {"groups": ["layout", "clock"]})), done()), answer("Well."))
        await page.turn("hello")
        loaded = json.loads(ollama.asked[1]["messages"][-1]["content"])
        assert loaded["loaded"] == ["layout", "clock"]
        assert list(loaded["guides"]) == ["layout"]
        assert "instanceId" in loaded["guides"]["layout"]


async def test_the_other_verbs_come_by_their_group_by_a_search_and_by_the_prompt(tmp_path: Path) -> None:
    async with cockpit(tmp_path) as (ollama, page):
        ollama.chat(
            reply(calls(("search_tools", {"query": "float a pane", "limit": 1})), done()),
            reply(calls(("load_tools", {"groups": "layout"})), done()),
            answer("There."),
        )
        await page.turn("hello")
        first, second, third = map(offered, ollama.asked)
        assert second - first == {"float_pane"}
        assert third - second >= {"split_pane", "dock_pane", "list_workspaces"}
        ollama.chat(answer("ok"))
        await page.ws.whole_turn("split the pane vertically", "t2", sessionId="another")
        assert "split_pane" in offered(ollama.asked[-1])


@requirement("D20")
async def test_without_a_cockpit_no_verb_is_offered_and_a_call_fails_at_once_with_the_reason(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as (node, ollama, _):
        ollama.chat(reply(calls(("open_pane", {"id": "chat"})), done()), answer("No screen."))
        await node.client.call("POST", "/api/agents/self/chat", {"message": "open the chat pane"})
        assert not offered(ollama.asked[0]) & {*CORE, "split_pane"}
        assert (
            ollama.asked[1]["messages"][-1]["content"]
            == "error: open_pane arranges the owner's cockpit, and none is attached"
        )


@requirement("D20")
async def test_a_cockpit_that_leaves_takes_its_verbs_along(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        async with node.socket() as leaving:
            await Cockpit(leaving).attach()
            ollama.chat(answer("Hello."))
            await leaving.whole_turn("hello", sessionId="s1")
            assert offered(ollama.asked[0]) >= CORE
        ollama.chat(answer("Hello."))
        await ws.whole_turn("hello", "t2", sessionId="s1")
        assert not offered(ollama.asked[1]) & CORE
