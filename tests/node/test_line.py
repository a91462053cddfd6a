"""The line of messages before the agent: seen, edited, taken back, cleared, released, said again."""

import asyncio
import logging
from pathlib import Path

import pytest

from tests.fakes.ollama_server import FakeOllama, answer, done, error, reply, text
from tests.fakes.scripted_server import Reply
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, running_node
from tests.node.test_http import CHAT, http, turns_running

QUEUE = "/api/queue"


def held(gate: asyncio.Event) -> Reply:
    return reply(gate, *text("ok"), done())


@requirement("H13")
async def test_a_waiting_message_is_edited_and_taken_back_and_a_running_one_is_not(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        gate = asyncio.Event()
        ollama.chat(held(gate), answer("two"))
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
            node.socket() as socket,
        ):
            for turn in ("t1", "t2", "t3"):
                await socket.ask(f"prompt {turn}", turn, sessionId="s")
                await socket.until("queued", turnId=turn)
            await turns_running(node, 1)
            await socket.send("edit", {"turnId": "t2", "prompt": "another prompt"})
            await socket.until("queued", turnId="t2", prompt="another prompt", position=1)
            await socket.send("withdraw", {"turnId": "t3"})
            await socket.until("done", turnId="t3", reason="cancelled")
            for event in ("edit", "withdraw"):
                await socket.send(event, {"turnId": "t1", "prompt": "too late"})
                await socket.until("error", code="turn_has_begun")
            async with node.socket() as stranger:
                await stranger.send("withdraw", {"turnId": "t2"})
                await stranger.until("error", code="no_such_turn")
            gate.set()
            await socket.until("done", turnId="t2", reason="answered")
            assert ollama.asked[1]["messages"][-1]["content"] == "another prompt"
            hits = (await http(node, "GET", "/api/chat/sessions?q=another"))[1]
            assert [hit["id"] for hit in hits] == ["s"]


@requirement("H11", "H13")
async def test_the_queue_is_seen_edited_and_cleared_over_http(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeOllama() as ollama:
        gate = asyncio.Event()
        ollama.chat(held(gate), answer("two"))
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
            node.socket() as socket,
        ):
            for turn in ("t1", "t2", "t3", "t4"):
                await socket.ask(f"prompt {turn}", turn, sessionId="s")
                await socket.until("queued", turnId=turn)
            await turns_running(node, 1)
            listed = (await http(node, "GET", QUEUE))[1]
            assert [(turn["turnId"], turn["state"]) for turn in listed] == [
                ("t1", "dispatching"), ("t2", "pending"), ("t3", "pending"), ("t4", "pending"),
            ]  # fmt: skip
            status, edited, _ = await http(node, "PUT", f"{QUEUE}/t2", {"prompt": "new"})
            assert (status, edited["prompt"], edited["ahead"]) == (200, "new", 1)
            assert (await http(node, "DELETE", f"{QUEUE}/t2?sessionId=s"))[0] == 204
            assert (await http(node, "DELETE", f"{QUEUE}/t2?sessionId=s"))[0] == 404
            with caplog.at_level(logging.WARNING):
                _, cleared, _ = await http(node, "POST", f"{QUEUE}/clear", {"sessionId": "s"})
            assert cleared == {"cleared": ["t3", "t4"]}
            assert "cleared 2 waiting turns" in caplog.text
            for turn in ("t2", "t3", "t4"):
                await socket.until("done", turnId=turn, reason="cancelled")
            assert len((await http(node, "GET", QUEUE))[1]) == 1
            gate.set()
            await socket.until("done", turnId="t1", reason="answered")


@requirement("H11")
async def test_a_release_really_stops_the_turn_and_the_next_one_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeOllama() as ollama:
        ollama.chat(held(asyncio.Event()), answer("two"))
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
            node.socket() as socket,
        ):
            await socket.ask("one", "t1", sessionId="s")
            await turns_running(node, 1)
            await socket.ask("two", "t2", sessionId="s")
            await socket.until("queued", turnId="t2")
            with caplog.at_level(logging.WARNING):
                _, released, _ = await http(node, "POST", f"{QUEUE}/release", {"sessionId": "s"})
            assert released == {"released": ["t1"]}
            assert "released session 's'" in caplog.text
            await socket.until("done", turnId="t1", reason="cancelled")
            await socket.until("done", turnId="t2", reason="answered")
            async with asyncio.timeout(PATIENCE_S):
                await ollama.disconnected.wait()
            _, idle, _ = await http(node, "POST", f"{QUEUE}/release", {"sessionId": "idle"})
            assert idle == {"released": []}


@requirement("H12")
async def test_whoever_waits_is_told_each_new_place(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        gates = [asyncio.Event() for _ in range(4)]
        ollama.chat(*[held(gate) for gate in gates])
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
            node.socket() as socket,
        ):
            for turn in ("t1", "t2", "t3", "t4"):
                await socket.ask("hi", turn, sessionId="s")
                await socket.until("queued", turnId=turn)
            await turns_running(node, 1)
            await socket.ask("first", "urgent", sessionId="s", priority=5)
            await socket.until("queued", turnId="t4", position=4)
            await socket.send("withdraw", {"turnId": "urgent"})
            await socket.until("queued", turnId="t4", position=3)
            await socket.send("withdraw", {"turnId": "t2"})
            await socket.until("queued", turnId="t4", position=2)
            gates[0].set()
            await socket.until("queued", turnId="t4", position=1)
            for gate in gates:
                gate.set()
            await socket.until("done", turnId="t4")
            for turn in ("t3", "t4"):
                mine = [frame["event"] for frame in socket.frames if frame["data"].get("turnId") == turn]
                assert "queued" not in mine[mine.index("token") :]


@requirement("H12")
async def test_a_message_over_http_leaves_the_queue_after_its_time_and_says_so(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        gate = asyncio.Event()
        ollama.chat(held(gate), answer("patient"))
        async with (
            running_node(
                tmp_path, model=None, ollama_url=ollama.address, settings={"chat.waitMaxS": 0.2}
            ) as node,
            node.socket() as socket,
        ):
            await socket.ask("one", "t1", sessionId="s")
            await turns_running(node, 1)
            await socket.ask("two", "t2", sessionId="s")
            await socket.until("queued", turnId="t2")
            async with asyncio.timeout(PATIENCE_S):
                body = {"message": "three", "sessionId": "s"}
                status, refused, headers = await http(node, "POST", CHAT, body)
            assert (status, refused["code"], headers["Retry-After"]) == (503, "waited_too_long", "30")
            assert "left the queue" in refused["error"]
            gate.set()
            await socket.until("done", turnId="t2", reason="answered")


@requirement("H14")
async def test_a_failed_message_is_said_again_with_one_action_and_a_new_count(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        ollama.chat(error(400, "broken"), answer("other"), error(400, "still broken"), answer("at last"))
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
            node.socket() as socket,
        ):
            await socket.whole_turn("hello", "t1", sessionId="s")
            await socket.whole_turn("between", "t2", sessionId="s")
            await socket.send("retry", {"turnId": "t2"})
            await socket.until("error", code="turn_not_failed")
            await socket.send("retry", {"turnId": "t1"})
            await socket.until("queued", turnId="t1", prompt="hello")
            await socket.until("done", turnId="t1", reason="failed")
            status, again, _ = await http(node, "POST", f"{QUEUE}/t1/retry")
            assert (status, again["attempts"]) == (202, 0)
            await socket.until("answer", turnId="t1", text="at last")
            await socket.until("done", turnId="t1", reason="answered")
            messages = (await http(node, "GET", "/api/chat/sessions/s"))[1]["messages"]
            assert [(m["content"], m["state"]) for m in messages] == [
                ("between", "complete"), ("other", "complete"), ("hello", "complete"), ("at last", "complete"),
            ]  # fmt: skip


@requirement("H15")
async def test_the_same_send_key_twice_is_one_message_with_one_reply(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        gate = asyncio.Event()
        ollama.chat(held(gate))
        async with running_node(tmp_path, model=None, ollama_url=ollama.address) as node:
            body = {"message": "hi", "sendKey": "my-key"}
            posts = [asyncio.create_task(http(node, "POST", CHAT, body)) for _ in range(2)]
            await turns_running(node, 1)
            gate.set()
            replies = [(await post)[1] for post in posts]
            replies.append((await http(node, "POST", CHAT, body))[1])
            assert {(said["answer"], said["sessionId"], said["turnId"]) for said in replies} == {
                ("ok", replies[0]["sessionId"], "my-key")
            }
            [session] = (await http(node, "GET", "/api/chat/sessions"))[1]
            assert session["messageCount"] == 2
            assert len(ollama.asked) == 1
            status, refused, _ = await http(node, "POST", CHAT, {**body, "message": "something else"})
            assert (status, refused["code"]) == (409, "turn_id_reused")


@requirement("H15")
async def test_the_same_turn_id_twice_on_the_socket_is_one_message(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as socket:
        await socket.whole_turn("what time is it", "t1", sessionId="s")
        await socket.ask("what time is it", "t1", sessionId="s")
        await socket.until("done", turnId="t1")
        assert (await http(node, "GET", "/api/chat/sessions/s"))[1]["messageCount"] == 2
