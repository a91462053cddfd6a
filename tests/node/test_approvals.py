"""Approvals and permissions through the owner's doors, with a scripted model behind a real node."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from node.client import NodeError
from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply
from tests.fakes.scripted_server import Reply
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RawSocket, RunningNode, events, running_node
from tests.node.program import palaver

SHELL = {
    "name": "shell.run",
    "description": "Run a shell line.",
    "params": {"type": "object", "properties": {"line": {"type": "string"}}, "required": ["line"]},
    "specifierTemplate": "{line}",
    "specifierKind": "shell",
}
WRITE = {
    "name": "disk.put",
    "description": "Write a file.",
    "params": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    "specifierTemplate": "{path}",
    "specifierKind": "path",
}
NOTE = {"name": "inbox", "text": "the door is open"}


@asynccontextmanager
async def talking(
    data: Path, settings: Mapping[str, object] | None = None
) -> AsyncIterator[tuple[RunningNode, FakeOllama, RawSocket]]:
    async with (
        FakeOllama() as ollama,
        running_node(data, model=None, ollama_url=ollama.address, settings=settings) as node,
        node.socket() as ws,
    ):
        yield node, ollama, ws


async def asked_about(ws: RawSocket, prompt: str, turn_id: str = "t1", **more: object) -> dict[str, Any]:
    """Ask, and return what the owner is asked."""
    await ws.ask(prompt, turn_id, **{"sessionId": "s", **more})
    request: dict[str, Any] = (await ws.until("approval_request", turnId=turn_id))["data"]
    return request


async def say(ws: RawSocket, request: Mapping[str, Any], decision: str, **more: object) -> None:
    await ws.send("approval_response", {"approvalId": request["approvalId"], "decision": decision, **more})


def told_to_model(ollama: FakeOllama, index: int = 1) -> str:
    return str(ollama.asked[index]["messages"][-1]["content"])


def writes(ollama: FakeOllama, times: int = 1) -> None:
    for _ in range(times):
        ollama.chat(reply(calls(("notes.write", NOTE)), done()), answer("ok"))


# --- who is there to answer ----------------------------------------------------------------------------


@requirement("A15")
async def test_a_question_outlives_the_client_that_asked_while_another_one_is_there(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        writes(ollama)
        async with node.socket() as asking:
            request = await asked_about(asking, "note it")
            await ws.send("resume", {"sessionId": "s"})
            await ws.until("approval_request")
        await say(ws, request, "allow_once")
        await ws.until("done", reason="answered")
        assert "not permitted" not in told_to_model(ollama)


@requirement("A15")
async def test_a_question_that_nobody_is_left_to_answer_is_a_no_and_the_model_reads_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.desks.REJOIN_S", 0.05)
    told = asyncio.Event()

    def after_the_question(_: Any) -> Reply:
        told.set()
        return answer("ok")

    async with talking(tmp_path) as (node, ollama, _):
        ollama.chat(reply(calls(("notes.write", NOTE)), done()), after_the_question)
        async with node.socket() as asking:
            await asked_about(asking, "note it")
        async with asyncio.timeout(PATIENCE_S):
            await told.wait()
        assert "nobody is attached" in told_to_model(ollama)


@requirement("E13")
async def test_what_waits_is_listed_over_http_as_the_socket_tells_it(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        writes(ollama)
        request = await asked_about(ws, "write a note")
        listed: Any = await node.client.call("GET", "/api/approvals?sessionId=s")
        assert listed == [request]
        assert listed[0]["args"] == NOTE | {"mode": "append"}
        assert listed[0]["turnId"] == "t1"
        assert listed[0]["reason"]
        await node.client.answer_question(request["approvalId"], "deny")
        await ws.until("done")
        assert await node.client.call("GET", "/api/approvals") == []


# --- once, for the session, always ---------------------------------------------------------------------


@requirement("E7", "A11")
async def test_allowed_for_the_session_means_this_session_and_no_stored_rule(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        writes(ollama, 3)
        await say(ws, await asked_about(ws, "note it"), "allow_session")
        await ws.until("approval_resolved", decision="allow_session")
        await ws.until("done", turnId="t1")
        again = await ws.whole_turn("note it again", "t2", sessionId="s")
        assert "approval_request" not in events(again)
        assert await node.client.setting("agent.permissions.allow") == []
        assert (await node.client.permissions("s"))["session"]["allow"] == ["notes.write(inbox)"]
        await asked_about(ws, "note it elsewhere", "t3", sessionId="other")


@requirement("E7")
async def test_where_always_is_switched_off_it_is_neither_offered_nor_taken(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.permissions.allowAlways": False}) as (node, ollama, ws):
        writes(ollama)
        request = await asked_about(ws, "note it")
        assert request["decisions"] == ["allow_once", "allow_session", "deny"]
        await say(ws, request, "allow_always")
        assert "no answer here" in (await ws.until("error"))["data"]["message"]
        await say(ws, request, "allow_once")
        await ws.until("done", reason="answered")
        assert await node.client.setting("agent.permissions.allow") == []


@requirement("E3")
async def test_where_an_ask_rule_asks_no_rule_is_offered_because_none_would_help(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.permissions.ask": ["notes.*"]}) as (_, ollama, ws):
        writes(ollama)
        request = await asked_about(ws, "note it")
        assert request["decisions"] == ["allow_once", "deny"]
        assert "`ask notes.*`" in request["reason"]


@requirement("E15")
async def test_an_always_that_comes_second_leaves_no_rule(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws), node.socket() as other:
        writes(ollama)
        await other.send("resume", {"sessionId": "s"})
        request = await asked_about(ws, "note it")
        await other.until("approval_request")
        await say(ws, request, "deny")
        await ws.until("done")
        for decision in ("allow_always", "allow_session"):
            await say(other, request, decision)
            assert "closed" in (await other.until("error"))["data"]["message"]
        assert await node.client.setting("agent.permissions.allow") == []
        assert (await node.client.permissions("s"))["session"]["allow"] == []
        assert not (node.data / "notes" / "inbox.md").exists()


@requirement("E15")
async def test_of_answers_that_come_at_once_one_counts_and_all_clients_hear_the_same(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws), node.socket() as other:
        writes(ollama)
        await other.send("resume", {"sessionId": "s"})
        request = await asked_about(ws, "note it")
        await other.until("approval_request")
        await asyncio.gather(say(ws, request, "allow_always"), say(other, request, "deny"))
        here, there = await ws.until("approval_resolved"), await other.until("approval_resolved")
        assert here["data"] == there["data"]
        await ws.until("done")
        was_allowed = here["data"]["decision"] == "allow_always"
        assert (node.data / "notes" / "inbox.md").exists() is was_allowed
        assert bool(await node.client.setting("agent.permissions.allow")) is was_allowed


@requirement("E9")
async def test_an_answer_after_the_time_ran_out_keeps_no_rule(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.approvalTimeoutS": 0.1}) as (node, ollama, ws):
        writes(ollama)
        request = await asked_about(ws, "note it")
        await ws.until("approval_resolved", decision="timeout")
        await say(ws, request, "allow_always")
        assert "closed" in (await ws.until("error"))["data"]["message"]
        assert await node.client.setting("agent.permissions.allow") == []


# --- the owner's version of a call ---------------------------------------------------------------------


@requirement("E10")
async def test_the_edited_version_is_what_runs_what_is_shown_and_what_the_model_reads(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        writes(ollama)
        request = await asked_about(ws, "note it")
        assert request["editable"]
        edited = NOTE | {"text": "the door is shut"}
        await say(ws, request, "allow_once", args=edited)
        await ws.until("approval_resolved", edited=True)
        call = (await ws.until("tool_call", name="notes.write"))["data"]
        assert call["args"]["text"] == "the door is shut"
        await ws.until("done", reason="answered")
        written = (node.data / "notes" / "inbox.md").read_text()
        assert "shut" in written
        assert "open" not in written
        assert '"the door is shut"' in told_to_model(ollama)
        assert "the owner changed" in told_to_model(ollama)
        session: Any = await node.client.call("GET", "/api/chat/sessions/s")
        (logged,) = session["messages"][-1]["toolCalls"]
        assert logged["arguments"]["text"] == "the door is shut"


@requirement("E10")
async def test_an_edit_that_does_not_fit_the_tool_is_refused_and_the_question_stays(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        writes(ollama)
        request = await asked_about(ws, "note it")
        await say(ws, request, "allow_once", args={"name": "inbox", "text": {"no": "text"}})
        assert "text" in (await ws.until("error", code="approval_refused"))["data"]["message"]
        assert not (node.data / "notes" / "inbox.md").exists()
        await say(ws, request, "allow_once", args=NOTE | {"text": "now it fits"})
        await ws.until("done", reason="answered")
        assert "now it fits" in (node.data / "notes" / "inbox.md").read_text()


@requirement("E10")
async def test_an_edit_into_what_is_denied_does_not_run(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.permissions.deny": ["notes.write(secret)"]}) as (node, ollama, ws):
        writes(ollama)
        await say(ws, await asked_about(ws, "note it"), "allow_once", args=NOTE | {"name": "secret"})
        await ws.until("done", reason="answered")
        assert "`deny notes.write(secret)`" in told_to_model(ollama)
        assert not list((node.data / "notes").glob("*.md"))


@requirement("E10", "E5")
async def test_an_edit_into_something_ruinous_asks_again(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        ollama.chat(reply(calls(("shell.run", {"line": "touch a"})), done()), answer("ok"))
        await ws.send("manifest", {"tools": [SHELL]})
        await say(ws, await asked_about(ws, "touch"), "allow_once", args={"line": "rm -rf /"})
        second = (await ws.until("approval_request"))["data"]
        assert second["args"] == {"line": "rm -rf /"}
        assert "every mode" in second["reason"]
        await say(ws, second, "deny")
        await ws.until("done", reason="answered")
        assert "tool_call" not in events(ws.frames)


@requirement("E10")
async def test_a_rule_kept_with_an_edit_is_about_the_edited_call(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        writes(ollama)
        request = await asked_about(ws, "note it")
        await say(ws, request, "allow_always", args=NOTE | {"name": "diary"}, rule="notes.write(inbox)")
        assert "does not match" in (await ws.until("error"))["data"]["message"]
        await say(ws, request, "allow_always", args=NOTE | {"name": "diary"})
        await ws.until("done", reason="answered")
        assert await node.client.setting("agent.permissions.allow") == ["notes.write(diary)"]


# --- what a client's tools touch -----------------------------------------------------------------------

V12 = [
    "echo $(touch x)",
    "echo `touch x`",
    "ls\ntouch x",
    "find . -delete",
    "find . -exec touch {} +",
    "rm -f -r /",
    "rm --recursive --force /",
    "ls > x",
]


@requirement("E11", "E4")
@pytest.mark.parametrize("line", V12)
async def test_no_line_of_v12_runs_in_plan_mode(tmp_path: Path, line: str) -> None:
    async with talking(tmp_path, {"agent.permissions.mode": "plan"}) as (_, ollama, ws):
        ollama.chat(reply(calls(("shell.run", {"line": line})), done()), answer("ok"))
        await ws.send("manifest", {"tools": [SHELL]})
        frames = await ws.whole_turn("do it")
        assert "mode `plan` only reads" in told_to_model(ollama)
        assert not {"tool_call", "approval_request"} & set(events(frames))


@requirement("E5")
@pytest.mark.parametrize("line", ["rm -f -r /", "sh -c 'rm --recursive --force ~'", "dd if=x of=/dev/sda"])
async def test_ruinous_lines_ask_though_the_mode_is_autonomous_and_a_rule_allows_all(
    tmp_path: Path, line: str
) -> None:
    settings = {"agent.permissions.mode": "autonomous", "agent.permissions.allow": ["*"]}
    async with talking(tmp_path, settings) as (_, ollama, ws):
        ollama.chat(reply(calls(("shell.run", {"line": line})), done()), answer("ok"))
        await ws.send("manifest", {"tools": [SHELL]})
        request = await asked_about(ws, "do it")
        assert request["decisions"] == ["allow_once", "deny"]
        await say(ws, request, "deny")
        await ws.until("done", reason="answered")
        assert "tool_call" not in events(ws.frames)


@requirement("E11", "E7")
async def test_always_for_a_line_of_several_parts_keeps_a_rule_for_each(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        line = reply(calls(("shell.run", {"line": "npm ci && ls && npm test"})), done())
        ollama.chat(line, answer("ok"), line, answer("ok"))
        await ws.send("manifest", {"tools": [SHELL]})
        await say(ws, await asked_about(ws, "test it"), "allow_always")
        call = (await ws.until("tool_call", relay=True))["data"]
        await ws.send("tool_result", {"turnId": "t1", "callId": call["callId"], "ok": True, "result": "0"})
        await ws.until("done", reason="answered")
        kept = await node.client.setting("agent.permissions.allow")
        assert kept == ["shell.run(npm ci)", "shell.run(npm test)"]
        await ws.ask("again", "t2", sessionId="s")
        await ws.until("tool_call", turnId="t2", relay=True)
        assert events(ws.frames).count("approval_request") == 1


@requirement("E12")
async def test_a_path_rule_holds_against_dots_and_a_link_on_the_disk(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    (workspace / "notes").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    (workspace / "notes" / "out").symlink_to(tmp_path / "secret")
    settings = {"agent.workspace": str(workspace), "agent.permissions.allow": ["disk.put(/notes/**)"]}
    async with talking(tmp_path / "data", settings) as (_, ollama, ws):
        await ws.send("manifest", {"tools": [WRITE]})
        outside = [
            "notes/../../secret/x",
            "notes/out/x",
            "notes/out/../secret/x",
            str(tmp_path / "secret" / "x"),
        ]
        for turn, path in enumerate(outside):
            ollama.chat(reply(calls(("disk.put", {"path": path})), done()), answer("ok"))
            await say(ws, await asked_about(ws, "write", f"t{turn}"), "deny")
            await ws.until("done")
        ollama.chat(reply(calls(("disk.put", {"path": "notes/./new.md"})), done()), answer("ok"))
        await ws.ask("write", "last", sessionId="s")
        await ws.until("tool_call", turnId="last", relay=True)


@requirement("E13")
async def test_a_tool_of_an_unknown_kind_is_refused_by_itself(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, _, ws):
        await ws.send("manifest", {"tools": [SHELL | {"specifierKind": "regex"}, WRITE]})
        assert "specifierKind" in (await ws.until("error", code="bad_tool"))["data"]["message"]
        await ws.send("list_tools", {})
        listed = {tool["name"] for tool in (await ws.until("tools"))["data"]["tools"]}
        assert "disk.put" in listed
        assert "shell.run" not in listed


# --- what is in force, and what the gate would say -----------------------------------------------------


@requirement("E8")
async def test_mode_and_rules_are_settings_and_a_session_may_differ(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.permissions.deny": ["notes.write(secret)"]}) as (node, ollama, ws):
        await node.client.set_setting("agent.permissions.mode", "acceptEdits")
        override = {"mode": "plan", "allow": ["notes.*"]}
        await node.client.call("PUT", "/api/permissions/sessions/s", override)
        shown, own = await node.client.permissions(), await node.client.permissions("s")
        assert (shown["mode"], own["mode"]) == ("acceptEdits", "plan")
        assert (shown["allow"], own["allow"]) == ([], ["notes.*"])
        assert shown["deny"] == own["deny"] == ["notes.write(secret)"]
        writes(ollama, 2)
        await ws.whole_turn("note it", sessionId="s")
        assert "mode `plan`" in told_to_model(ollama)
        await ws.whole_turn("note it", "t2", sessionId="s", mode="default")
        assert (node.data / "notes" / "inbox.md").exists()
        await node.client.call("DELETE", "/api/permissions/sessions/s")
        assert (await node.client.permissions("s"))["mode"] == "acceptEdits"


@requirement("E3")
async def test_a_call_can_be_tested_and_the_deciding_rule_is_named(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.permissions.deny": ["notes.write(sec*)"]}) as (node, _, ws):
        denied = await node.client.test_permission("notes.write(secret)")
        assert (denied["verdict"], denied["known"]) == ("deny", True)
        assert "`deny notes.write(sec*)`" in denied["reason"]
        assert (await node.client.test_permission("notes.write(a)", "autonomous"))["verdict"] == "allow"
        await ws.send("manifest", {"tools": [SHELL]})
        await ws.send("list_tools", {})
        await ws.until("tools")
        ruinous = await node.client.test_permission("shell.run(ls; rm -r /)", "autonomous")
        assert (ruinous["verdict"], ruinous["mode"]) == ("ask", "autonomous")
        unknown = await node.client.test_permission("no.such(tool)")
        assert (unknown["verdict"], unknown["known"]) == ("ask", False)
        with pytest.raises(NodeError, match="cannot read the call"):
            await node.client.test_permission("rm -rf (")
        assert not list((node.data / "notes").glob("*.md"))


@requirement("E8", "E3")
async def test_the_command_lists_and_tests_permissions(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.permissions.deny": ["notes.write(secret)", "nots.*"]}):
        listed = await palaver("permissions", "list", data=tmp_path)
        assert listed.out.splitlines()[:3] == ["mode default", "deny  notes.write(secret)", "deny  nots.*"]
        assert "`deny nots.*` does nothing" in listed.out
        tested = await palaver(
            "permissions", "test", "notes.write(secret)", "--mode", "autonomous", data=tmp_path
        )
        assert tested.out.startswith("DENY  notes.write(secret)\n")
        assert "`deny notes.write(secret)`" in tested.out
        as_json = await palaver("permissions", "test", "clock.now()", "--json", data=tmp_path)
        assert as_json.json()["verdict"] == "allow"
        put = json.dumps(["notes.write(", "x"])
        assert (await palaver("config", "set", "agent.permissions.allow", put, data=tmp_path)).code == 1
        warned = await palaver("config", "set", "agent.permissions.allow", '["clock.now(x)"]', data=tmp_path)
        assert "`allow clock.now(x)` does nothing" in warned.err


@requirement("E2")
async def test_a_rule_that_can_match_nothing_is_reported_when_it_is_put_and_when_the_node_starts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with talking(tmp_path) as (node, _, _):
        put: Any = await node.client.call(
            "PUT", "/api/settings/agent.permissions.deny", {"value": ["notes.wirte", "notes.write(a)"]}
        )
        (warning,) = put["warnings"]
        assert "did you mean notes.write?" in warning
        assert (await node.client.permissions())["warnings"] == [warning]
    with caplog.at_level(logging.WARNING):
        async with talking(tmp_path):
            assert any("notes.wirte" in record.getMessage() for record in caplog.records)
