"""The list of sessions as a client keeps it: page by page, and told of what changes in it."""

import asyncio
from pathlib import Path
from typing import Any

from node.channels.sessions import CHANGED_MAX, Missed
from tests.fakes.ollama_server import answer, calls, done, reply
from tests.mission import requirement
from tests.node.nodes import RawSocket, running_node, talking
from tests.node.test_http import http
from tests.node.test_sessions import ROOT, get

NOTE = {"name": "bread", "text": "Feed it daily.", "mode": "replace"}


async def changed(socket: RawSocket, **fields: object) -> dict[str, Any]:
    """Return the session that is told of next with these fields."""
    while True:
        frame = await socket.until("changed")
        for session in frame["data"]["sessions"]:
            if frame["channel"] == "sessions" and fields.items() <= session.items():
                return dict(session)


async def bring(node: Any, title: str, at: float, **more: object) -> str:
    body = {"title": title, "lastMessageAt": at, "messages": [{"role": "user", "content": title}], **more}
    status, session, _ = await http(node, "POST", f"{ROOT}/import", body)
    assert status == 201
    return str(session["id"])


async def test_a_long_list_is_read_page_by_page_in_one_order(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        # Two were spoken in at the same moment, and one is pinned.
        for number, at in enumerate((10.0, 30.0, 30.0, 20.0, 5.0)):
            await bring(node, f"s{number}", at, pinned=number == 4)
        first = await get(node, "?limit=2")
        second = await get(node, f"?limit=2&after={first[-1]['id']}")
        third = await get(node, f"?limit=2&after={second[-1]['id']}")
        assert [one["title"] for one in (*first, *second, *third)] == ["s4", "s2", "s1", "s3", "s0"]
        assert await get(node, f"?limit=2&after={third[-1]['id']}") == []
        status, refused, _ = await http(node, "GET", f"{ROOT}?after=gone")
        assert (status, refused["code"]) == (404, "no_such_session")
        assert (await http(node, "GET", f"{ROOT}?limit=many"))[0] == 400


@requirement("Q2")
async def test_a_subscriber_sees_a_turn_wait_run_ask_and_end_in_sessions_it_does_not_follow(
    tmp_path: Path,
) -> None:
    gate = asyncio.Event()
    async with talking(tmp_path) as (node, ollama, other), node.socket() as socket:
        ollama.chat(reply(gate, calls(("notes.write", NOTE)), done()), answer("Noted."), answer("This, too."))
        await socket.send("subscribe", {}, channel="sessions")
        assert (await socket.until("changed"))["data"] == {"sessions": [], "gone": [], "hasMore": False}
        await other.ask("write it down", sessionId="s")
        assert (await changed(socket, id="s", doing="running"))["title"] == "write it down"
        async with node.socket() as late:
            await late.send("subscribe", {}, channel="sessions")
            assert (await changed(late, id="s"))["doing"] == "running"
        await other.ask("and this, too", "t2", sessionId="s")
        assert (await changed(socket, id="s", waiting=1))["doing"] == "running"
        gate.set()
        question = await other.until("approval_request")
        await changed(socket, id="s", doing="asking")
        await other.send(
            "approval_response", {"approvalId": question["data"]["approvalId"], "decision": "allow_once"}
        )
        ended = await changed(socket, id="s", doing=None)
        assert (ended["messageCount"], ended["waiting"]) == (4, 0)


async def test_a_subscriber_hears_what_the_owner_does_to_sessions(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as socket:
        await socket.send("subscribe", {}, channel="sessions")
        await socket.until("changed")
        session_id = await bring(node, "bread", 10.0)
        await changed(socket, id=session_id, title="bread")
        await http(node, "PUT", f"{ROOT}/{session_id}", {"title": "Sourdough", "pinned": True})
        await changed(socket, id=session_id, title="Sourdough", pinned=True)
        await http(node, "DELETE", f"{ROOT}/{session_id}")
        assert (await socket.until("changed", gone=[session_id]))["data"]["sessions"] == []
        await socket.send("unsubscribe", {}, channel="sessions")
        await bring(node, "unheard", 10.0)
        await socket.send("list_tools", {})
        assert (await socket.next())["event"] == "tools"


def test_of_very_many_changes_a_subscriber_hears_that_there_are_more() -> None:
    missed = Missed()
    for number in range(CHANGED_MAX):
        missed.add(f"s{number}")
    missed.add("s0")
    assert not missed.has_more
    missed.add("one more")
    assert (missed.has_more, len(missed.ids)) == (True, CHANGED_MAX)


async def test_settings_say_what_fits_them(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        listed = {one["key"]: one for one in (await http(node, "GET", "/api/settings"))[1]}
        assert listed["ui.theme"]["schema"]["enum"] == ["auto", "light", "dark"]
        assert (
            listed["chat.maxRunning"]["schema"] | {"minimum": 1, "maximum": 64, "type": "integer"}
            == (listed["chat.maxRunning"]["schema"])
        )
        one = (await http(node, "GET", "/api/settings/ui.theme"))[1]
        assert one == listed["ui.theme"]
