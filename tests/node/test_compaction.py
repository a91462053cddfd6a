"""A long conversation through the node's doors: it stays within the window, and nothing of it is lost."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.compact import SUMMARY_ASKED, WITHOUT_A_MODEL
from tests.fakes.ollama_server import TINY, answer, done, error, reply, text
from tests.fakes.scripted_server import Reply
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RunningNode, events, running_node, talking
from tests.node.terminal import on_a_terminal

WINDOW = 4_096
SUMMARY = "Ann plans a garden with 12 beds."


def is_summary(body: Any) -> bool:
    return "Summarise this conversation" in body["messages"][-1]["content"]


def counting(said: Callable[[Any], str]) -> Callable[[Any], Reply]:
    """Answer as `said` does, and count what was read as a tokenizer would."""

    def script(body: Any) -> Reply:
        words = SUMMARY if is_summary(body) else said(body)
        return reply(*text(words), done(prompt_eval_count=size(body), eval_count=len(words) // 4))

    return script


def size(body: Any) -> int:
    return len(json.dumps([body["messages"], body.get("tools")])) // 4


async def session(node: RunningNode, session_id: str) -> Any:
    return await node.client.call("GET", f"/api/chat/sessions/{session_id}")


async def talk(node: RunningNode, *prompts: str) -> None:
    for prompt in prompts:
        body = {"message": prompt, "sessionId": "s"}
        await node.client.call("POST", "/api/agents/self/chat", body)


@requirement("B21")
async def test_sixty_turns_stay_within_the_window_and_all_of_them_stay_in_the_session(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.loaded[TINY] = WINDOW
        ollama.answer("/api/chat", counting(lambda _: "It will be so. " * 20))
        for n in range(60):
            await ws.whole_turn(f"Bed {n} gets carrots. " * 10, f"t{n}", sessionId="s")
        sizes = [size(body) for body in ollama.asked]
        assert max(sizes) <= WINDOW
        compacted = [frame["data"] for frame in ws.frames if frame["event"] == "compacted"]
        assert 2 <= len(compacted) < 30
        assert {(told["summary"], told["byModel"]) for told in compacted} == {(SUMMARY, True)}
        messages = (await session(node, "s"))["messages"]
        asked = [message["content"] for message in messages if message["role"] == "user"]
        assert asked == [f"Bed {n} gets carrots. " * 10 for n in range(60)]
        assert len([message for message in messages if message["role"] == "agent"]) == 60


@requirement("B21")
async def test_the_summary_stands_at_its_seam_and_later_turns_read_it_instead_of_what_is_before(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.answer("/api/chat", counting(lambda _: "ok"))
        for n in range(3):
            await ws.whole_turn(f"question {n}", f"t{n}", sessionId="s")
        await ws.send("compact", {"sessionId": "s"})
        told = (await ws.until("compacted"))["data"]
        assert (told["summary"], told["turns"], told["byModel"]) == (SUMMARY, 2, True)
        roles = [
            (message["role"], message["content"], message["seamAt"] is not None)
            for message in (await session(node, "s"))["messages"]
        ]
        assert roles == [
            ("user", "question 0", False), ("agent", "ok", False),
            ("user", "question 1", False), ("agent", "ok", False),
            ("system", SUMMARY, True),
            ("user", "question 2", False), ("agent", "ok", False),
        ]  # fmt: skip
        await ws.whole_turn("and now?", "t9", sessionId="s")
        sent = [(message["role"], message["content"]) for message in ollama.asked[-1]["messages"]]
        assert sent[1:] == [
            ("user", SUMMARY_ASKED), ("assistant", SUMMARY),
            ("user", "question 2"), ("assistant", "ok"),
            ("user", "and now?"),
        ]  # fmt: skip


@requirement("B21")
async def test_a_summary_is_written_without_tools_and_without_thinking_in_the_same_window(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path, {"agent.orchestrator.contextSize": 8_192}) as (node, ollama, _):
        ollama.answer("/api/chat", counting(lambda _: "ok"))
        await talk(node, "one", "two")
        told: Any = await node.client.call("POST", "/api/chat/sessions/s/compact")
        assert (told["summary"], told["turns"], told["byModel"]) == (SUMMARY, 1, True)
        asked = ollama.asked[-1]
        assert "tools" not in asked
        assert (asked["think"], asked["options"]["num_ctx"]) == (False, 8_192)
        assert asked["options"]["num_predict"] <= 1_000


@requirement("B21")
@pytest.mark.parametrize("failure", [error(500, "out of memory"), reply(done()), reply(*text("half"))])
async def test_a_model_that_cannot_summarise_leaves_the_first_words_and_it_is_said(
    tmp_path: Path, failure: Reply
) -> None:
    async with talking(tmp_path) as (node, ollama, _):
        ollama.chat(answer("a"), answer("b"), failure)
        await talk(node, "The door code is 4711.", "two")
        told: Any = await node.client.call("POST", "/api/chat/sessions/s/compact")
        assert told["byModel"] is False
        assert told["summary"].startswith(WITHOUT_A_MODEL)
        assert "The door code is 4711." in told["summary"]


async def test_a_server_that_is_away_for_a_moment_leaves_no_poor_summary_behind(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        count = counting(lambda _: "It will be so. " * 60)
        missed: list[Any] = []

        def away_at_the_first_summary(body: Any) -> Reply:
            if not missed and is_summary(body):
                missed.append(body)
                ollama.chat(error(404, f"model '{TINY}' not found"))
                return error(404, f"model '{TINY}' not found")
            return count(body)

        ollama.loaded[TINY] = WINDOW
        ollama.answer("/api/chat", away_at_the_first_summary)
        for n in range(9):
            await ws.whole_turn("Carrots. " * 200, f"t{n}", sessionId="s")
        messages = (await session(node, "s"))["messages"]
        assert [message["state"] for message in messages].count("failed") == len(missed) == 1
        assert {message["content"] for message in messages if message["seamAt"] is not None} == {SUMMARY}


@requirement("B21")
async def test_a_node_without_a_model_compacts_too(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        await talk(node, "what time is it", "what day is it")
        told: Any = await node.client.call("POST", "/api/chat/sessions/s/compact")
        assert told["summary"].startswith(WITHOUT_A_MODEL)
        assert "User: what time is it" in told["summary"]


async def test_compacting_twice_summarises_the_first_summary_with_what_came_after(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, _):
        ollama.answer("/api/chat", counting(lambda _: "ok"))
        await talk(node, "one", "two")
        await node.client.call("POST", "/api/chat/sessions/s/compact")
        await talk(node, "three")
        await node.client.call("POST", "/api/chat/sessions/s/compact")
        read = ollama.asked[-1]["messages"][-1]["content"]
        assert SUMMARY in read
        assert "User: two" in read
        assert "User: one" not in read
        messages = (await session(node, "s"))["messages"]
        assert [message["content"] for message in messages if message["role"] == "user"] == [
            "one",
            "two",
            "three",
        ]


async def test_there_may_be_nothing_to_compact(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as ws:
        await ws.whole_turn("what time is it", sessionId="s")
        await ws.send("compact", {"sessionId": "s"})
        assert (await ws.until("error"))["data"]["code"] == "not_compacted"
        for path, code in (("s", "nothing_to_compact"), ("nowhere", "no_such_session")):
            with pytest.raises(Exception) as caught:
                await node.client.call("POST", f"/api/chat/sessions/{path}/compact")
            assert getattr(caught.value, "code", "") == code


async def test_a_second_wish_while_the_first_is_at_work_is_refused(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        gate = asyncio.Event()
        ollama.chat(answer("a"), answer("b"), reply(gate, *text(SUMMARY), done()))
        await ws.whole_turn("one", "t1", sessionId="s")
        await ws.whole_turn("two", "t2", sessionId="s")
        await ws.send("compact", {"sessionId": "s"})
        await ws.send("compact", {"sessionId": "s"})
        assert "already" in (await ws.until("error"))["data"]["message"]
        gate.set()
        await ws.until("compacted")


async def test_turns_that_wait_are_not_summarised_away(tmp_path: Path) -> None:
    """A later question may be answered first; the earlier one still has to be read by those after it."""
    async with talking(tmp_path) as (node, ollama, ws):
        gate = asyncio.Event()
        ollama.chat(answer("0"), answer("1"), reply(gate, *text("2"), done()))
        ollama.answer("/api/chat", counting(lambda _: "ok"))
        await ws.whole_turn("first", "t0", sessionId="s")
        await ws.whole_turn("second", "t1", sessionId="s")
        await ws.ask("third", "t2", sessionId="s")
        await ws.until("queued")
        async with asyncio.timeout(PATIENCE_S):
            while len(ollama.asked) < 3:
                await node.client.health()
        await ws.ask("fourth", "t3", sessionId="s")
        await ws.ask("urgent", "t4", sessionId="s", priority=9)
        told: Any = await node.client.call("POST", "/api/chat/sessions/s/compact")
        assert told["turns"] == 1
        gate.set()
        for turn in ("t2", "t4", "t3"):
            await ws.until("done", turnId=turn)
        last = [message["content"] for message in ollama.asked[-1]["messages"]]
        assert last[2:] == [SUMMARY, "second", "1", "third", "2", "urgent", "ok", "fourth"]


async def test_compacting_by_itself_can_be_turned_off(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.compactAt": 0}) as (_, ollama, ws):
        ollama.loaded[TINY] = WINDOW
        ollama.answer("/api/chat", counting(lambda _: "It will be so. " * 100))
        for n in range(8):
            frames = await ws.whole_turn("Carrots. " * 200, f"t{n}", sessionId="s")
            assert "compacted" not in events(frames)
        assert size(ollama.asked[-1]) > WINDOW


@requirement("B21")
async def test_the_console_compacts_and_shows_the_seam(tmp_path: Path) -> None:
    async with (
        running_node(tmp_path),
        on_a_terminal(["console", "--data", str(tmp_path)], {}) as (terminal, _),
    ):
        await terminal.until_shows("connected to alice")
        terminal.type("/compact\r")
        await terminal.until_shows("no session is open yet")
        for prompt, shows in (("what time is it", "It is"), ("list peers", "No peer is")):
            terminal.type(prompt + "\r")
            await terminal.until_shows(shows)
        terminal.type("/compact\r")
        await terminal.until_shows("1 earlier turn is read as a summary from here on; no model wrote it")
