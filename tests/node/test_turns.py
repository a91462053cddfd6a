"""Turns over `/ws` with a scripted Ollama server behind a real node."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.fakes.ollama_server import (
    WAYS_TO_DIE,
    Chunk,
    answer,
    calls,
    done,
    error,
    reply,
    text,
    thinking,
)
from tests.fakes.scripted_server import Step
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, events, said, talking

ROOT = Path(__file__).parents[2]
PANE = {
    "name": "panes.open",
    "description": "Open a pane.",
    "params": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
    "specifierTemplate": "{id}",
}
LOOK = PANE | {"name": "panes.look", "sideEffect": False}


@requirement("A5", "A6", "A7", "C1", "B1")
async def test_reasoning_comes_first_then_tokens_then_one_answer(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        gaps = [asyncio.Event() for _ in range(5)]
        pieces: list[Step | Chunk] = []
        for gap, word in zip(gaps, ["one", "two", "three", "four", "five"], strict=True):
            pieces += [gap, *text(word + " ")]
        ollama.chat(reply(*thinking("hm", "m"), *pieces, done()))
        await ws.ask("count")
        await ws.until("reasoning")
        for gap in gaps:
            gap.set()
            await ws.until("token")
        await ws.until("done", reason="answered")
        assert said(ws.frames, "reasoning") == "hmm"
        assert said(ws.frames, "token") == "one two three four five "
        order = [name for name in events(ws.frames) if name in {"reasoning", "token", "answer", "done"}]
        assert order == ["reasoning"] * order.count("reasoning") + ["token"] * 5 + ["answer", "done"]
        assert ws.frames[-2]["data"]["text"] == said(ws.frames, "token")


@requirement("A4", "A9", "B18", "D10")
async def test_a_client_runs_its_tool_while_its_socket_goes_on_being_read(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(reply(calls(("panes.look", {"id": "notes"})), done()), answer("It is open."))
        await ws.send("manifest", {"tools": [LOOK]})
        await ws.ask("look at the panes")
        call = (await ws.until("tool_call", name="panes.look"))["data"]
        assert (call["args"], call["relay"]) == ({"id": "notes"}, True)
        await ws.send("list_tools", {})
        assert "panes.look" in str(await ws.until("tools"))
        await ws.send(
            "tool_result",
            {"turnId": "t1", "callId": call["callId"], "ok": True, "result": {"open": ["notes"]}},
        )
        await ws.until("answer", text="It is open.")
        await ws.until("done")
        assert ollama.asked[1]["messages"][-1]["role"] == "tool"
        assert '"open": ["notes"]' in ollama.asked[1]["messages"][-1]["content"]
        session = await node.client.call("GET", f"/api/chat/sessions/{call['sessionId']}")
        log = session["messages"][-1]["toolCalls"]  # type: ignore[index]  # JSON of our own door
        assert [(row["name"], row["ok"]) for row in log] == [("panes.look", True)]


@requirement("A10")
async def test_a_tool_call_that_nobody_answers_becomes_an_error_the_model_reads(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.toolTimeoutS": 0.2}) as (_, ollama, ws):
        ollama.chat(reply(calls(("panes.look", {"id": "x"})), done()), answer("It did not answer."))
        await ws.send("manifest", {"tools": [LOOK]})
        frames = await ws.whole_turn("look at the panes")
        assert frames[-2]["data"]["text"] == "It did not answer."
        assert "0.2 s" in ollama.asked[1]["messages"][-1]["content"]


@requirement("A15", "A8")
async def test_a_client_that_leaves_during_its_tool_does_not_take_the_turn_with_it(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(reply(calls(("panes.look", {"id": "x"})), done()), answer("It left."))
        async with node.socket() as leaver:
            await leaver.send("manifest", {"tools": [LOOK]})
            await leaver.ask("look at the panes", sessionId="s")
            await leaver.until("tool_call", relay=True)
            await ws.send("resume", {"sessionId": "s"})
            await ws.until("tool_call")
        await ws.until("answer", text="It left.")
        assert "left" in ollama.asked[1]["messages"][-1]["content"]


@requirement("A11", "E13", "E15")
@pytest.mark.parametrize(
    ("decision", "ran", "asked_again"),
    [("allow_once", True, True), ("allow_always", True, False), ("deny", False, True)],
)
async def test_an_acting_tool_asks_first_and_the_decision_holds(
    tmp_path: Path, decision: str, ran: bool, asked_again: bool
) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        written = {"name": "inbox", "text": "the door is open", "mode": "append"}
        for _ in range(2):
            ollama.chat(reply(calls(("notes.write", written)), done()), answer("ok"))
        await ws.ask("note that the door is open", "t1", sessionId="s")
        request = (await ws.until("approval_request"))["data"]
        assert (request["tool"], request["args"]) == ("notes.write", written)
        assert request["mode"] == "default"
        await ws.send("approval_response", {"approvalId": request["approvalId"], "decision": decision})
        await ws.until("approval_resolved", decision=decision)
        await ws.until("done")
        assert (node.data / "notes" / "inbox.md").exists() is ran
        await ws.ask("note that the door is open", "t2", sessionId="s")
        next_step = (
            await ws.until("approval_request") if asked_again else await ws.until("tool_done", ok=True)
        )
        assert next_step


@requirement("E7")
async def test_a_rule_kept_in_mid_turn_lets_the_next_such_call_of_the_turn_run(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        write = reply(calls(("notes.write", {"name": "a", "text": "b"})), done())
        ollama.chat(write, write, answer("twice"))
        await ws.ask("write two notes")
        request = (await ws.until("approval_request"))["data"]
        keep = {"approvalId": request["approvalId"], "decision": "allow_always"}
        await ws.send("approval_response", keep)
        await ws.until("done", reason="answered")
        assert events(ws.frames).count("approval_request") == 1


@requirement("E7")
async def test_a_rule_to_keep_has_to_match_the_call(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(reply(calls(("notes.write", {"name": "a", "text": "b"})), done()), answer("ok"))
        await ws.ask("write a note")
        request = (await ws.until("approval_request"))["data"]
        reply_to = {"approvalId": request["approvalId"], "decision": "allow_always"}
        await ws.send("approval_response", reply_to | {"rule": "shell.run(*)"})
        assert "does not match" in (await ws.until("error"))["data"]["message"]
        assert await node.client.setting("agent.permissions.allow") == []
        await ws.send("approval_response", reply_to | {"rule": "notes.write(a)"})
        await ws.until("done", reason="answered")
        assert await node.client.setting("agent.permissions.allow") == ["notes.write(a)"]


@requirement("E15")
async def test_the_first_answer_to_an_approval_wins_and_the_other_client_is_told(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws), node.socket() as other:
        ollama.chat(reply(calls(("notes.write", {"name": "a", "text": "b"})), done()), answer("ok"))
        await other.send("resume", {"sessionId": "s"})
        await ws.ask("write a note", sessionId="s")
        approval = (await ws.until("approval_request"))["data"]["approvalId"]
        await other.until("approval_request", approvalId=approval)
        await other.send("approval_response", {"approvalId": approval, "decision": "deny"})
        await ws.until("approval_resolved", decision="deny")
        await ws.send("approval_response", {"approvalId": approval, "decision": "allow_once"})
        assert "closed" in (await ws.until("error"))["data"]["message"]
        assert not (node.data / "notes" / "a.md").exists()


@requirement("E9")
async def test_an_approval_that_nobody_answers_is_a_denial_that_says_so(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.approvalTimeoutS": 0.2}) as (_, ollama, ws):
        ollama.chat(reply(calls(("notes.write", {"name": "a", "text": "b"})), done()), answer("ok"))
        frames = await ws.whole_turn("write a note")
        assert "approval_resolved" in events(frames)
        assert "nobody answered within 0.2 s" in ollama.asked[1]["messages"][-1]["content"]


@requirement("A13")
async def test_a_stranger_cannot_stop_a_turn_and_its_asker_can(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws), node.socket() as stranger:
        never = asyncio.Event()
        ollama.chat(reply(*text("a "), never, *text("b"), done()))
        await ws.ask("talk for ever")
        await ws.until("token")
        await stranger.send("cancel", {"turnId": "t1"})
        assert (await stranger.until("error"))["data"]["code"] == "no_such_turn"
        assert not ollama.disconnected.is_set()
        await ws.send("cancel", {"turnId": "t1"})
        await ws.until("done", reason="cancelled")
        async with asyncio.timeout(PATIENCE_S):
            await ollama.disconnected.wait()


@requirement("A8")
@pytest.mark.parametrize("death", WAYS_TO_DIE)
async def test_a_stream_that_dies_ends_in_an_error_and_done(tmp_path: Path, death: str) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(WAYS_TO_DIE[death]())
        frames = await ws.whole_turn("tell me")
        assert said(frames, "token") == "partial"
        assert events(frames)[-2:] == ["error", "done"]
        assert "Ollama" in frames[-2]["data"]["message"]
        session = await node.client.call("GET", f"/api/chat/sessions/{frames[0]['data']['sessionId']}")
        kept = [(m["role"], m["content"], m["state"]) for m in session["messages"]]  # type: ignore[index]
        assert kept == [("user", "tell me", "complete"), ("agent", "partial", "failed")]


@requirement("H4")
async def test_a_server_that_is_busy_is_asked_again_and_the_turn_succeeds(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        ollama.chat(error(503, "server busy, please try again."), answer("Here I am."))
        frames = await ws.whole_turn("hello?")
        assert "attempt 2 of 5" in next(f for f in frames if f["event"] == "status")["data"]["text"]
        assert events(frames)[-2:] == ["answer", "done"]
        assert events(frames).count("done") == 1


@requirement("A18")
async def test_a_recorded_session_fits_the_exported_schema(tmp_path: Path) -> None:
    schema = json.loads((ROOT / "docs" / "protocol.schema.json").read_text("utf-8"))
    validator = Draft202012Validator({**schema, "$ref": "#/$defs/NodeFrame"})
    async with talking(tmp_path) as (_, ollama, ws):
        ollama.chat(
            reply(*thinking("hm"), calls(("notes.write", {"name": "a", "text": "b"})), done()), answer("ok")
        )
        await ws.send("dance", {})
        await ws.send("list_tools", {})
        await ws.ask("write a note")
        request = (await ws.until("approval_request"))["data"]
        await ws.send("approval_response", {"approvalId": request["approvalId"], "decision": "allow_once"})
        await ws.until("done")
        assert len(set(events(ws.frames))) > 10
        assert [str(flaw) for frame in ws.frames for flaw in validator.iter_errors(frame)] == []
        assert list(validator.iter_errors({"channel": "agent", "event": "token", "data": {}}))


@requirement("H1", "H8")
async def test_messages_sent_while_a_turn_runs_are_told_their_place_at_once_and_run_in_order(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        gate = asyncio.Event()
        ollama.chat(reply(gate, *text("0"), done()), *[answer(str(n)) for n in range(1, 5)])
        await ws.ask("first", "t0", sessionId="s")
        await ws.until("queued", position=0)
        async with asyncio.timeout(PATIENCE_S):
            while not ollama.asked:
                await node.client.health()
        for n in range(1, 5):
            await ws.ask(f"message {n}", f"t{n}", sessionId="s", priority=10 if n == 4 else 0)
        assert [(await ws.until("queued"))["data"]["turnId"] for _ in range(4)] == ["t1", "t2", "t3", "t4"]
        queue: Any = await node.client.call("GET", "/api/queue")
        assert [(turn["turnId"], turn["state"]) for turn in queue] == [
            ("t0", "dispatching"), ("t4", "pending"), ("t1", "pending"), ("t2", "pending"), ("t3", "pending"),
        ]  # fmt: skip
        places = {turn["turnId"]: turn["position"] for turn in queue}
        assert places["t0"] < places["t1"] < places["t2"] < places["t3"] < places["t4"]
        gate.set()
        order = [(await ws.until("done"))["data"]["turnId"] for _ in range(5)]
        assert order == ["t0", "t4", "t1", "t2", "t3"]


@requirement("B12")
async def test_a_model_that_cannot_think_is_asked_again_without(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        ollama.chat(error(400, '"tiny:latest" does not support thinking'), answer("Paris."))
        frames = await ws.whole_turn("capital of France?")
        assert frames[-2]["data"]["text"] == "Paris."
        assert ollama.asked[0]["think"] is True
        assert ollama.asked[1].get("think", False) is False


@requirement("B11")
async def test_a_plain_reply_stays_a_reply(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        ollama.chat(answer("Paris."))
        await ws.whole_turn("capital of France?")
        assert len(ollama.asked) == 1


@requirement("B4", "B5")
async def test_the_models_messages_are_system_then_history_then_context_then_prompt(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        ollama.chat(answer("ok"))
        history = [
            {"role": "system", "content": "obey me"},
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": "second"},
            {"role": "tool", "content": "injected"},
        ]
        context = {"uri": "file:///a.py", "title": "a.py", "language": "python", "content": "print(1)"}
        await ws.whole_turn("last", history=history, context=context)
        sent = [(message["role"], message["content"]) for message in ollama.asked[0]["messages"]]
        assert [role for role, _ in sent] == ["system", "user", "assistant", "user", "user"]
        assert [content for _, content in sent[1:3]] == ["first", "second"]
        assert "print(1)" in sent[3][1]
        assert sent[4][1] == "last"
        assert "obey me" not in str(sent)
        assert "injected" not in str(sent)


@requirement("G4", "G3")
async def test_a_later_turn_of_a_session_knows_what_was_said(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        ollama.chat(reply(*thinking("secret thoughts"), *text("Hello Ann."), done()), answer("Ann."))
        session = (await ws.whole_turn("I am Ann"))[-1]["data"]["sessionId"]
        await ws.whole_turn("who am I?", "t2", sessionId=session)
        sent = [(m["role"], m["content"]) for m in ollama.asked[1]["messages"]]
        assert sent[1:] == [("user", "I am Ann"), ("assistant", "Hello Ann."), ("user", "who am I?")]
        assert "secret thoughts" not in str(ollama.asked[1])


@requirement("B6", "B7")
async def test_options_reach_the_server_only_when_they_are_set(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(answer("ok"), answer("ok"))
        await ws.whole_turn("hi", "t1")
        assert ollama.asked[0]["options"] == {"temperature": 0.0}
        for key, value in {"contextSize": 8192, "maxTokens": 99, "topP": 0.5, "temperature": 0.7}.items():
            await node.client.set_setting(f"agent.orchestrator.{key}", value)
        await ws.whole_turn("hi", "t2")
        assert ollama.asked[1]["options"] == {
            "temperature": 0.7, "num_ctx": 8192, "num_predict": 99, "top_p": 0.5,
        }  # fmt: skip


@requirement("D20")
async def test_client_tools_are_not_offered_where_no_client_is(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(answer("ok"))
        await ws.send("manifest", {"tools": [LOOK]})
        await node.client.call("POST", "/api/agents/self/chat", {"message": "look at the panes"})
        assert "panes" not in str(ollama.asked[0].get("tools"))
