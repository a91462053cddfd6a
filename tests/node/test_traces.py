"""How a turn went, over HTTP: its rounds, its calls and who allowed them, while it runs and afterwards."""

import asyncio
from pathlib import Path
from typing import Any

from tests.fakes.ollama_server import answer, calls, done, reply, text, thinking
from tests.mission import requirement
from tests.node.nodes import RunningNode, talking
from tests.node.test_http import http

NOTE = {"name": "bread", "text": "Feed it daily.", "mode": "replace"}
CLOCK = calls(("clock.now", {}))


async def trace(node: RunningNode, turn_id: str = "t1") -> Any:
    return await node.client.call("GET", f"/api/chat/sessions/s/turns/{turn_id}")


@requirement("B18", "C11", "G9")
async def test_a_turn_that_ended_is_told_round_by_round(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(reply(*thinking("hm"), CLOCK, done(prompt_eval_count=12, eval_count=3)), answer("Noon."))
        await ws.whole_turn("what time is it", sessionId="s")
        told = await trace(node)
        assert (told["state"], told["prompt"], told["text"]) == ("sent", "what time is it", "Noon.")
        assert (told["reasoning"], told["attempts"], told["mode"]) == ("hm", 1, None)
        (call,) = told["calls"]
        assert (call["name"], call["state"], call["permission"]) == ("clock.now", "ok", "it only reads")
        first, second = told["rounds"]
        assert (first["calls"], second["calls"]) == ([call["callId"]], [])
        assert not first["failed"]
        assert first["startedMs"] <= call["startedMs"] <= second["startedMs"]
        assert all(each["promptTokens"] and each["completionTokens"] for each in told["rounds"])
        assert told["tokensIn"] == second["promptTokens"]
        assert told["tokensOut"] == first["completionTokens"] + second["completionTokens"]
        assert told["shownTools"]["clock.now"] > 0
        session: Any = await node.client.call("GET", "/api/chat/sessions/s")
        assert "shownTools" not in session["messages"][-1], "a transcript is no place for it"


@requirement("B18", "E13")
async def test_a_turn_that_runs_tells_what_it_asks_and_then_who_allowed_it(
    tmp_path: Path,
) -> None:
    gate = asyncio.Event()
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(
            reply(calls(("notes.write", NOTE)), done()), reply(*text("No"), gate, *text("ted."), done())
        )
        await ws.ask("note it", sessionId="s")
        request = (await ws.until("approval_request"))["data"]
        told = await trace(node)
        (call,) = told["calls"]
        assert (told["state"], call["state"], call["arguments"]) == ("dispatching", "asking", NOTE)
        assert "mode `default` asks" in call["permission"]
        await ws.send("approval_response", {"approvalId": request["approvalId"], "decision": "allow_once"})
        await ws.until("token")
        told = await trace(node)
        (call,) = told["calls"]
        assert (call["state"], told["text"], len(told["rounds"])) == ("ok", "No", 1)
        assert call["permission"].startswith("allowed by the owner; asked because ")
        gate.set()
        await ws.until("done")
        assert (await trace(node))["calls"][0]["permission"] == call["permission"]


@requirement("B18", "E13", "Q7")
async def test_a_call_that_was_denied_is_told_as_denied_and_not_as_failed(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(
            reply(calls(("notes.write", NOTE)), done()), reply(*text("Then"), gate, *text(" not."), done())
        )
        await ws.ask("note it", sessionId="s")
        request = (await ws.until("approval_request"))["data"]
        await ws.send("approval_response", {"approvalId": request["approvalId"], "decision": "deny"})
        answered = (await ws.until("tool_done"))["data"]
        assert (answered["ok"], answered["denied"]) == (False, True)
        await ws.until("token")
        assert [call["state"] for call in (await trace(node))["calls"]] == ["denied"]
        gate.set()
        await ws.until("done")
        assert [call["state"] for call in (await trace(node))["calls"]] == ["denied"]
        listed: Any = await node.client.call("GET", "/api/chat/turns")
        assert [call["state"] for call in listed[0]["calls"]] == ["denied"]


@requirement("C11")
async def test_a_round_that_broke_off_is_kept_as_failed_and_its_tokens_as_unknown(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(reply(*text("Once"), gate, done()))
        await ws.ask("tell a story", sessionId="s")
        await ws.until("token")
        await ws.send("cancel", {"turnId": "t1"})
        await ws.until("done", reason="cancelled")
        told = await trace(node)
        (broken,) = told["rounds"]
        assert (broken["failed"], broken["promptTokens"], told["text"]) == (True, None, "Once")


@requirement("Q7")
async def test_the_last_turns_of_all_sessions_are_listed_with_their_calls(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(reply(CLOCK, done()), answer("Noon."), answer("Hello."))
        await ws.whole_turn("what time is it", sessionId="s")
        await ws.send("ask", {"turnId": "t2", "prompt": "hello", "sessionId": "other"})
        await ws.until("done", turnId="t2")
        listed: Any = await node.client.call("GET", "/api/chat/turns")
        assert [(turn["turnId"], turn["sessionId"], turn["title"]) for turn in listed] == [
            ("t2", "other", "hello"),
            ("t1", "s", "what time is it"),
        ]
        assert listed[0]["calls"] == []
        (call,) = listed[1]["calls"]
        assert (call["name"], call["state"]) == ("clock.now", "ok")
        only: Any = await node.client.call("GET", "/api/chat/turns?session=other&limit=1")
        assert [turn["turnId"] for turn in only] == ["t2"]


async def test_a_turn_that_is_not_there_is_said_to_be_unknown(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, _, _ws):
        status, told, _headers = await http(node, "GET", "/api/chat/sessions/s/turns/none")
        assert (status, told["code"]) == (404, "no_such_turn")
