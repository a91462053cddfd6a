"""The `/ws` channel protocol as a raw websocket client sees it."""

import asyncio
import io
import json
from pathlib import Path

import aiohttp
import pytest

from tests.fakes.ollama_server import answer, calls, done, reply
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, running_node, talking

PANE = {"name": "panes.open", "description": "Open a pane.", "params": {"type": "object", "properties": {}}}


@requirement("A19", "A18")
async def test_the_first_frame_greets_with_version_and_node(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as ws:
        assert (ws.hello["channel"], ws.hello["event"]) == ("system", "hello")
        assert ws.hello["data"]["nodeId"] == node.node_id
        assert ws.hello["data"]["protocol"] == 1


@requirement("A1")
async def test_junk_is_answered_with_an_error_and_the_socket_stays(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as ws:
        for junk in ("", "{", "[]", "null", '{"channel":1}', '{"channel":"agent"}', "\u2028" * 10):
            await ws.raw.send_str(junk)
            assert (await ws.next())["event"] == "error"
        await ws.raw.send_bytes(b"\x00\xff")
        assert (await ws.next())["data"]["code"] == "bad_frame"
        await ws.send("list_tools", {})
        assert (await ws.next())["event"] == "tools"


@requirement("A1")
async def test_unknown_channels_events_and_wrong_schemas_say_what_is_wrong(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as ws:
        await ws.send("ask", {}, channel="nowhere")
        assert (await ws.next())["data"]["code"] == "unknown_channel"
        await ws.send("dance", {})
        refusal = (await ws.next())["data"]
        assert refusal["code"] == "unknown_event"
        assert "ask" in refusal["message"]
        await ws.send("ask", {"turnId": "t"})
        refusal = (await ws.next())["data"]
        assert (refusal["code"], refusal["about"], refusal["turnId"]) == ("bad_data", "ask", "t")
        assert "prompt" in refusal["message"]
        assert (await ws.whole_turn("what time is it"))[-1]["event"] == "done"


@requirement("A25")
async def test_a_frame_of_twenty_megabytes_closes_its_socket_and_nothing_else(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as other, node.socket() as ws:
        await ws.raw.send_str("x" * (20 << 20))
        async with asyncio.timeout(PATIENCE_S):
            message = await ws.raw.receive()
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1009)
        await other.send("list_tools", {})
        assert (await other.next())["event"] == "tools"


@requirement("A25")
async def test_a_body_of_twenty_megabytes_is_refused(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {node.token}"}
        url = node.url + "/api/agents/self/chat"
        async with http.post(url, headers=headers, data=io.BytesIO(bytes(20 << 20))) as response:
            assert response.status == 413


@requirement("A25")
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"message": "caf\xe9"}', "application/json"),
        (b"{}", "application/json; charset=nonsense"),
        (b"{}", "application/json; charset=base64"),
        (b"{}", "application/json; charset=undefined"),
    ],
    ids=["other-encoding", "unknown-encoding", "no-text-encoding", "unusable-encoding"],
)
async def test_a_body_in_another_encoding_than_it_says_does_not_fit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, body: bytes, kind: str
) -> None:
    async with running_node(tmp_path) as node, aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {node.token}", "Content-Type": kind}
        for method, path in (("POST", "agents/self/chat"), ("PUT", "settings/chat.maxRunning")):
            async with http.request(method, f"{node.url}/api/{path}", headers=headers, data=body) as response:
                refused = await response.json()
                assert (response.status, refused["code"]) == (400, "bad_request")
                assert "UTF-8" in refused["error"]
        assert caplog.text == ""


@requirement("A25")
async def test_a_client_that_does_not_read_is_dropped_and_the_others_live(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as other:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(node.url.rpartition(":")[2]), limit=1024
        )
        writer.write(handshake(node.url, node.token))
        await reader.readuntil(b"\r\n\r\n")
        ask = json.dumps({"channel": "agent", "event": "list_tools", "data": {}}).encode()
        async with asyncio.timeout(PATIENCE_S * 2):
            while not reader.at_eof() and not writer.is_closing():
                try:
                    writer.write(masked(ask) * 200)
                    await writer.drain()
                except ConnectionError:
                    break
                await other.send("list_tools", {})
                assert (await other.next())["event"] == "tools"
        writer.close()


def handshake(url: str, token: str) -> bytes:
    host = url.removeprefix("http://")
    return (
        f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    ).encode()


def masked(payload: bytes) -> bytes:
    """Return a client's text frame under an all-zero mask."""
    assert len(payload) < 126
    return bytes([0x81, 0x80 | len(payload)]) + b"\x00\x00\x00\x00" + payload


@requirement("A12")
async def test_the_catalogue_lists_every_tool_by_group(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as ws:
        await ws.send("manifest", {"tools": [PANE]})
        await ws.send("list_tools", {})
        tools = (await ws.next())["data"]["tools"]
        named = {tool["name"]: tool for tool in tools}
        core = {name for name, tool in named.items() if tool["source"] == "core"}
        assert core == {"search_tools", "list_tool_groups", "load_tools"}
        assert {"notes.write", "sessions.search", "clock.now"} <= named.keys()
        assert named["notes.write"]["source"] == "notes"
        assert named["notes.write"]["effect"] == "write"
        assert named["panes.open"]["source"] == "panes"
        assert all(tool["description"] for tool in tools)


@requirement("A2", "A3")
async def test_a_manifest_replaces_the_one_before_and_ends_with_its_socket(tmp_path: Path) -> None:
    async def names() -> set[str]:
        await ws.send("list_tools", {})
        return {tool["name"] for tool in (await ws.until("tools"))["data"]["tools"]}

    async with running_node(tmp_path) as node:
        async with node.socket() as ws:
            await ws.send("manifest", {"tools": [PANE, PANE | {"name": "panes.close"}]})
            assert {"panes.open", "panes.close"} <= await names()
            await ws.send("manifest", {"tools": [PANE]})
            assert "panes.close" not in await names()
        async with node.socket() as ws:
            assert "panes.open" not in await names()


@requirement("A3")
async def test_one_bad_tool_in_a_manifest_is_refused_and_the_others_kept(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as ws:
        bad = [
            {"name": "bad name!"},
            {"name": "broken.schema", "params": {"type": "nonsense"}},
            {"name": "notes.write", "params": {}},
            {"name": "load_tools", "params": {}},
            "not a tool",
        ]
        await ws.send("manifest", {"tools": [*bad, PANE]})
        refused = [(await ws.next())["data"] for _ in range(5)]
        assert {refusal["code"] for refusal in refused} == {"bad_tool"}
        taken = [refusal["message"] for refusal in refused if "has a tool of this name" in refusal["message"]]
        assert [text.split("'")[1] for text in taken] == ["notes.write", "load_tools"]
        await ws.send("list_tools", {})
        named = {tool["name"] for tool in (await ws.until("tools"))["data"]["tools"]}
        assert "panes.open" in named
        assert "broken.schema" not in named


@requirement("A9")
async def test_only_the_client_that_was_asked_gives_a_tools_result(tmp_path: Path) -> None:
    look = PANE | {"name": "panes.look", "sideEffect": False}
    async with talking(tmp_path) as (node, ollama, ws), node.socket() as other:
        await ws.send("manifest", {"tools": [look]})
        ollama.chat(reply(calls(("panes.look", {})), done()), answer("Seen."))
        await ws.ask("look at the pane")
        call = (await ws.until("tool_call"))["data"]
        result = {"turnId": call["turnId"], "callId": call["callId"], "ok": True}
        await other.send("tool_result", result | {"result": "nothing"})
        await other.send("list_tools", {})
        await other.until("tools")  # by now what came before is dealt with
        await ws.send("tool_result", result | {"result": "a map"})
        await ws.until("done", reason="answered")
        assert ollama.asked[-1]["messages"][-1]["content"] == "a map"


@requirement("A14")
async def test_a_hundred_events_at_once_never_interleave(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as ws:
        await asyncio.gather(*(ws.ask("what time is it", f"t{n}", sessionId=f"s{n}") for n in range(100)))
        done = 0
        while done < 100:
            frame = await ws.next()
            assert frame.keys() >= {"channel", "event", "data"}
            done += frame["event"] == "done"


@requirement("A17")
async def test_all_clients_of_a_session_see_the_same_numbered_events(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as one, node.socket() as two:
        await two.send("resume", {"sessionId": "shared"})
        await two.send("list_tools", {})
        await two.until("tools")
        frames = await one.whole_turn("what time is it", sessionId="shared")
        await two.until("done")
        seen = [frame for frame in two.frames if "seq" in frame]
        assert seen == frames
        assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))


async def test_a_client_that_was_away_gets_what_it_missed_in_order(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as ws:
        frames = await ws.whole_turn("what time is it", sessionId="s")
        async with node.socket() as back:
            await back.send("resume", {"sessionId": "s", "lastSeq": 2})
            await back.until("done")
            assert back.frames[1:] == frames[2:]
