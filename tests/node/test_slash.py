"""Slash commands that the node does, at its own door: what they change, what they refuse, what they leave alone."""

import asyncio
import re
import sqlite3
from pathlib import Path

import aiohttp
import pytest

from node.replies import NodeError
from tests.fakes.ollama_server import TINY, answer, calls, done, error, reply, text
from tests.flows.test_two_nodes import ALLOWED, pair
from tests.mission import requirement
from tests.node.nodes import RunningNode, Together, running_node, talking
from tests.node.program import palaver
from tests.node.slash import outcome_of, typed
from tests.node.terminal import on_a_terminal

NOTE = {"name": "bread", "text": "Feed it daily.", "mode": "replace"}


def stored(node: RunningNode, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(node.data / "palaver.db") as db:
        return db.execute(query).fetchall()


async def posted(node: RunningNode, body: object) -> tuple[int, dict[str, object]]:
    headers = {"Authorization": f"Bearer {node.token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{node.url}/api/commands", json=body, headers=headers) as response,
    ):
        return response.status, await response.json()


@requirement("O2", "O3")
async def test_the_list_names_every_command_with_its_class_and_no_model_hears_of_it(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(answer("hello"))
        await ws.whole_turn("hi", "t1", sessionId="s")
        listed = await node.client.call("GET", "/api/commands")
        assert isinstance(listed, list)
        kinds = {command["name"]: command["kind"] for command in listed}
        assert (kinds["help"], kinds["clear"], kinds["status"]) == ("info", "control", "prompt")
        before, session = len(ollama.asked), await node.client.session("s", 10)
        for line in ("/help", "/info", "/tools", "/peers", "/sessions", "/queue", "/model", "/llm", "/mode"):
            assert await typed(node.client, line, "s")
        assert len(ollama.asked) == before
        assert await node.client.session("s", 10) == session


@requirement("O14", "O15")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/mcp", "speaks no MCP"),
        ("/skills", "reads no skills"),
        ("/memory", "remembers nothing of itself"),
        ("/attach notes.txt", "takes no attachments"),
    ],
)
async def test_what_is_not_here_says_so(tmp_path: Path, line: str, said: str) -> None:
    async with running_node(tmp_path) as node:
        assert said in await typed(node.client, line)


@requirement("O15")
async def test_diag_shows_what_answers_depend_on_and_what_failed_last(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        fresh = await typed(node.client, "/diag")
        for told in (f"{TINY} on Ollama", f"ollama at {ollama.address}", "none yet", "none of the last"):
            assert told in fresh
        ollama.chat(error(500, "CUDA out of memory"), answer("Better."))
        await ws.whole_turn("first", "t1", sessionId="s")
        await ws.whole_turn("second", "t2", sessionId="s")
        told = await typed(node.client, "/diag", "s")
        assert re.search(r"last turn .*, answered: second", told)
        assert re.search(r"last failure, .*CUDA out of memory", told)
        assert "0 running, 0 waiting" in told


async def test_usage_shows_the_tokens_of_a_session(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(reply(*text("hello"), done(prompt_eval_count=40, eval_count=2)))
        await ws.whole_turn("hi", "t1", sessionId="s")
        told = await typed(node.client, "/usage", "s")
        assert re.search(r"messages +2\ntokens in +40\ntokens out +2\nwindow +context 40 / ", told)


@requirement("O4")
async def test_clear_erases_all_that_was_said_and_done_once_its_owner_said_yes(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(
            reply(calls(("clock.now", {})), done()), answer("It is noon."), answer("bread"), answer("short")
        )
        await ws.whole_turn("what time is it", "t1", sessionId="s")
        await ws.whole_turn("what is in bread", "t2", sessionId="s")
        await typed(node.client, "/compact", "s")
        await ws.whole_turn("other words", "t3", sessionId="other")
        await node.client.change_session("s", title="Bread")
        question = (await outcome_of(node.client, "/clear", "s"))["confirm"]
        assert question is not None
        assert "“Bread”" in question["question"]
        assert stored(node, "SELECT count(*) FROM messages WHERE session_id = 's'") != [(0,)]
        await typed(node.client, question["line"], "s")
        await ws.until("emptied", sessionId="s")
        for table in ("messages", "turns", "calls"):
            assert stored(node, f"SELECT count(*) FROM {table} WHERE session_id = 's'") == [(0,)], table
        left = {row[0] for row in stored(node, "SELECT event FROM events WHERE session_id = 's'")}
        assert left <= {"emptied"}
        assert stored(node, "SELECT title FROM sessions WHERE id = 's'") == [("Bread",)]
        assert len((await node.client.session("other", 10))["messages"]) == 2
        assert await node.client.found_sessions("noon") == []


@requirement("O4", "O15")
async def test_clear_and_stop_end_what_runs(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        never = asyncio.Event()
        ollama.chat(reply(*text("endless"), never, done()), reply(*text("endless"), never, done()))
        await ws.ask("count", "t1", sessionId="s")
        await ws.until("token", turnId="t1")
        assert await typed(node.client, "/stop", "s") == "stopped"
        await ws.until("done", turnId="t1", reason="cancelled")
        assert await typed(node.client, "/stop", "s") == "nothing runs"
        await ws.ask("count", "t2", sessionId="s")
        await ws.until("token", turnId="t2")
        await typed(node.client, "/clear yes", "s")
        await ws.until("emptied", sessionId="s")
        assert stored(node, "SELECT count(*) FROM messages WHERE session_id = 's'") == [(0,)]


@requirement("O15")
async def test_approve_answers_the_oldest_call_that_waits_with_an_answer_that_counts(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        assert "nothing waits" in await typed(node.client, "/approve", "s")
        ollama.chat(reply(calls(("notes.write", NOTE)), done()), answer("Noted."))
        await ws.ask("note it", "t1", sessionId="s")
        await ws.until("approval_request")
        with pytest.raises(NodeError, match="usage: /approve"):
            await typed(node.client, "/approve perhaps", "s")
        assert "nothing waits" in await typed(node.client, "/approve", "another")
        assert await typed(node.client, "/approve deny", "s") == "denied: notes.write(bread)"
        await ws.until("approval_resolved", decision="deny")
        await ws.until("done", turnId="t1")
        assert not (tmp_path / "notes" / "bread.md").exists()


@requirement("O8", "O9")
async def test_status_and_summarize_are_messages_and_compact_stores_a_summary(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as ws:
        for number, prompt in enumerate(("what time is it", "list peers")):
            await ws.whole_turn(prompt, f"t{number}", sessionId="s")
        for line in ("/status", "/summarize"):
            outcome = await outcome_of(node.client, line, "s")
            assert (outcome["shown"], bool(outcome["prompt"])) == ([], True)
        assert "summarised" in await typed(node.client, "/compact", "s")
        assert stored(node, "SELECT count(*) FROM messages WHERE seam_at IS NOT NULL") == [(1,)]
        with pytest.raises(NodeError, match="nothing to summarise"):
            await typed(node.client, "/compact", "s")


@requirement("O14")
async def test_llm_shows_sets_and_resets_and_panes_says_when_there_is_no_cockpit(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        assert "topP" in await typed(node.client, "/llm topp 0.9")
        assert await node.client.setting("agent.orchestrator.topP") == 0.9
        assert "tiny" in await typed(node.client, "/llm tiny")
        assert await node.client.setting("agent.orchestrator.model") == "tiny"
        for wrong, says in (
            ("temperature", "say the value"),
            ("temperature hot", "cannot be"),
            ("a b", "knows no"),
        ):
            with pytest.raises(NodeError, match=says):
                await typed(node.client, f"/llm {wrong}")
        await typed(node.client, "/llm reset")
        assert await node.client.setting("agent.orchestrator.topP") is None
        assert await node.client.setting("agent.orchestrator.model") == ""
        assert "no cockpit is attached" in await typed(node.client, "/panes")


async def test_a_mode_holds_in_its_session_and_keeps_the_rules_there(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        rules = {"deny": ["notes.write"], "ask": [], "allow": []}
        await node.client.call("PUT", "/api/permissions/sessions/s", rules)
        assert (await outcome_of(node.client, "/mode PLAN", "s"))["mode"] == "plan"
        shown = await node.client.permissions("s")
        assert (shown["mode"], shown["deny"]) == ("plan", ["notes.write"])
        assert (await node.client.permissions("another"))["mode"] == "default"
        with pytest.raises(NodeError, match="no session is open yet"):
            await typed(node.client, "/mode plan")
        with pytest.raises(NodeError, match="a mode is one of plan"):
            await typed(node.client, "/mode wild", "s")


@requirement("O15")
async def test_peers_are_asked_and_explained_and_a_stranger_is_not(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        assert (await typed(alice.client, "/ask bob what time is it")).startswith("bob: ")
        assert (await typed(alice.client, "/askall what time is it")).startswith("bob:\n")
        explained = await typed(bob.client, "/trust alice")
        assert "trusted" in explained
        assert "/revoke alice ends the trust" in explained
        with pytest.raises(NodeError, match="no peer is called 'zoe'"):
            await typed(bob.client, "/trust zoe")


async def test_a_ticket_is_shown_to_who_asked_and_recorded_nowhere(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        (block, _) = (await outcome_of(node.client, "/invite"))["shown"]
        assert block["ticket"].startswith("palaver1:")
        assert block["ticket"] not in str(await node.client.call("GET", "/api/telemetry"))


async def test_a_line_that_cannot_be_done_is_refused_in_words(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        for body, status, says in (
            ({"line": "/hlep"}, 400, "did you mean /help?"),
            ({"line": "/quit"}, 400, "by the console or the cockpit"),
            ({"line": "/open nowhere"}, 409, "no session"),
            ({"line": "/help", "folder": "here"}, 400, "whole path"),
            ({"line": "/" + "x" * 40_000}, 400, "the body does not fit"),
        ):
            found, said = await posted(node, body)
            assert (found, says in str(said["error"])) == (status, True), said
        assert (await posted(node, {"line": "/peers"}))[1]["shown"] != []


@requirement("S7")
async def test_a_console_joins_a_session_and_sees_another_clients_turns_live(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        first, second = asyncio.Event(), asyncio.Event()
        ollama.chat(
            answer("hello"),
            reply(*text("first half, "), first, *text("second half"), done()),
            reply(*text("begun, "), second, *text("ended"), done()),
        )
        await ws.whole_turn("hi", "t1", sessionId="s")
        arguments = ["console", "--session", "s", "--data", str(tmp_path)]
        async with on_a_terminal(arguments, {}) as (terminal, _):
            await terminal.until(lambda: "> hi" in terminal.lines(), "what was said before")
            await ws.ask("say something long", "t2", sessionId="s")
            await terminal.until_shows("first half,")
            first.set()
            await terminal.until_shows("second half")
            terminal.type("/new\r")
            await terminal.until_shows("a new session begins")
            await ws.ask("once more", "t3", sessionId="s")
            await ws.until("token", turnId="t3")
            terminal.type("/open s\r")
            await terminal.until_shows("begun,")
            second.set()
            await terminal.until_shows("begun, ended")
            terminal.type("/clear yes\r")
            await terminal.until_shows("(everything above is erased from this session)")
            await ws.until("emptied", sessionId="s")
        unknown = await palaver("console", "--session", "nowhere", data=tmp_path)
        assert (unknown.code, "no session" in unknown.err) == (1, True)


@requirement("S2")
async def test_a_call_is_answered_inline_and_by_the_command_on_a_real_node(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, _ws):
        ollama.chat(
            reply(calls(("notes.write", NOTE)), done()), answer("Noted."),
            reply(calls(("notes.write", NOTE)), done()), answer("Not again."),
        )  # fmt: skip
        async with on_a_terminal(["console", "--data", str(tmp_path)], {}) as (terminal, _):
            await terminal.until_shows("connected to alice")
            terminal.type("note it\r")
            await terminal.until_shows("[y] once")
            terminal.type("y")
            await terminal.until_shows("Noted.")
            terminal.type("note it again\r")
            await terminal.until_shows("[y] once")
            terminal.type("/approve deny\r")
            await terminal.until_shows("denied: notes.write(bread)")
            await terminal.until_shows("Not again.")
