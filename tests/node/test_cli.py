"""The command line as a script sees it: streams, JSON and exit codes."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path

import pytest

from agent.events import (
    ApprovalRequest,
    ApprovalResolved,
    Done,
    ErrorEvent,
    Token,
    ToolCallEvent,
    ToolDone,
    UsageEvent,
)
from tests.mission import requirement
from tests.node import fake_node
from tests.node.fake_node import FakeNode, FakeTurn
from tests.node.program import palaver, started


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[FakeNode]:
    async with fake_node.running(tmp_path) as fake:
        yield fake


def test_help_loads_neither_the_network_nor_the_schema_library() -> None:
    code = "import sys; sys.argv = ['palaver']; from node.cli import main; main(); print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(shown.splitlines()[-1].split())
    assert "palaver up" in shown
    assert not loaded & {"aiohttp", "pydantic", "prompt_toolkit", "cryptography", "asyncio"}


async def test_it_tells_its_version_without_a_node(tmp_path: Path) -> None:
    finished = await palaver("--version", data=tmp_path)
    assert (finished.code, finished.out) == (0, f"palaver {version('palaver')}\n")


@pytest.mark.parametrize("arguments", [["peers"], ["ask", "hello"], ["console"], ["invite"], ["open"]])
async def test_without_a_node_it_says_how_to_start_one(arguments: list[str], tmp_path: Path) -> None:
    finished = await palaver(*arguments, data=tmp_path)
    assert finished.code == 3
    assert "palaver up" in finished.err
    assert not finished.out


async def test_wrong_usage_is_told_on_stderr(tmp_path: Path) -> None:
    finished = await palaver("ask", data=tmp_path)
    assert (finished.code, finished.out) == (2, "")
    assert "TEXT" in finished.err


@requirement("S4")
async def test_an_answer_is_all_that_is_on_stdout(node: FakeNode, tmp_path: Path) -> None:
    finished = await palaver("ask", "how are you", data=tmp_path)
    assert (finished.code, finished.out.split(), finished.err) == (0, ["how", "are", "you"], "")


@requirement("S4")
async def test_ask_as_json_is_one_line_with_the_session(node: FakeNode, tmp_path: Path) -> None:
    async def with_a_tool(turn: FakeTurn) -> None:
        await turn.emit(ToolCallEvent, call_id="c1", name="clock.now", args={})
        await turn.emit(ToolDone, call_id="c1", name="clock.now", ok=True, result="12:00", duration_ms=3)
        await turn.emit(UsageEvent, prompt_tokens=7, completion_tokens=None, context_window=None, model="m")
        await turn.answer("It is noon.")

    node.play = with_a_tool
    finished = await palaver(
        "ask", "what time is it", "--json", "--session", "s9", "--mode", "plan", data=tmp_path
    )
    assert finished.code == 0
    assert finished.json() == {
        "ok": True,
        "sessionId": "s9",
        "turnId": node.asks[0].turn_id,
        "answer": "It is noon.",
        "usage": {"promptTokens": 7, "completionTokens": None, "contextWindow": None, "model": "m"},
        "citations": [],
        "toolCalls": [{"name": "clock.now", "ok": True, "durationMs": 3}],
    }
    assert (node.asks[0].session_id, node.asks[0].mode) == ("s9", "plan")


async def test_tokens_arrive_before_the_turn_is_done(node: FakeNode, tmp_path: Path) -> None:
    seen = asyncio.Event()

    async def pause(turn: FakeTurn) -> None:
        await turn.emit(Token, delta="first ")
        await seen.wait()
        await turn.emit(Token, delta="second")
        await turn.answer("first second")

    node.play = pause
    async with asyncio.timeout(20), started("ask", "go", data=tmp_path) as process:
        assert process.stdout
        assert await process.stdout.readexactly(6) == b"first "
        seen.set()
        assert await process.stdout.read() == b"second\n"


async def test_the_answer_has_the_last_word_over_its_tokens(node: FakeNode, tmp_path: Path) -> None:
    async def corrected(turn: FakeTurn) -> None:
        await turn.emit(Token, delta="Lon")
        await turn.answer("Paris.")

    node.play = corrected
    assert (await palaver("ask", "capital?", data=tmp_path)).out == "Lon\nParis.\n"


async def test_the_question_is_read_from_stdin_for_a_dash(node: FakeNode, tmp_path: Path) -> None:
    await palaver("ask", "-", data=tmp_path, stdin="two\nlines\n")
    assert node.asks[0].prompt == "two\nlines\n"


NO_TEXT = pytest.mark.skipif(sys.platform == "win32", reason="there, arguments are text")


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize(
    ("arguments", "stdin", "why"),
    [
        (["hi", "--session", ""], b"", "session_id"),
        (["hi", "--session", "x" * 129], b"", "at most 128 characters"),
        (["-"], b"x" * 1_000_001, "at most 1000000 characters"),
        (["-"], b"caf\xe9", "prompt"),
        pytest.param(["caf\udce9"], b"", "no text in UTF-8", marks=NO_TEXT),
    ],
    ids=["session-empty", "session-long", "stdin-long", "stdin-no-text", "argument-no-text"],
)
async def test_what_cannot_be_asked_is_refused_in_one_sentence(
    node: FakeNode, tmp_path: Path, *, arguments: list[str], stdin: bytes, why: str, form: list[str]
) -> None:
    finished = await palaver("ask", *arguments, *form, data=tmp_path, stdin=stdin)
    assert (finished.code, finished.out, finished.err.count("\n")) == (2, "", 1)
    assert why in finished.err
    assert not node.asks


@pytest.mark.parametrize(
    "arguments",
    [["revoke", "\udce9"], ["config", "get", "\udce9"], ["ask-peers", "hi", "--peer", "\udce9"]],
    ids=lambda arguments: arguments[0],
)
@NO_TEXT
async def test_no_command_takes_an_argument_that_is_no_text(arguments: list[str], tmp_path: Path) -> None:
    finished = await palaver(*arguments, data=tmp_path)
    assert (finished.code, finished.err.count("\n")) == (2, 1)
    assert "no text in UTF-8" in finished.err


async def test_a_reader_that_leaves_early_is_no_crash(node: FakeNode, tmp_path: Path) -> None:
    said = asyncio.Event()

    async def much(turn: FakeTurn) -> None:
        await turn.emit(Token, delta="first")
        await said.wait()
        for _ in range(100):
            await turn.emit(Token, delta="more " * 1000)
        await turn.answer("")

    node.play = much
    async with asyncio.timeout(20), started("ask", "go", data=tmp_path) as process:
        assert process.stdout
        assert process.stderr
        await process.stdout.readexactly(5)
        process.stdout._transport.close()  # type: ignore[attr-defined]  # as `head` closes its end
        said.set()
        assert await process.wait() == 1
        assert await process.stderr.read() == b""


@requirement("S4")
async def test_a_failed_turn_is_exit_code_1_and_its_reason_on_stderr(node: FakeNode, tmp_path: Path) -> None:
    async def fail(turn: FakeTurn) -> None:
        await turn.emit(ErrorEvent, message="the model server is gone", code="unreachable")
        await turn.emit(Done, reason="failed")

    node.play = fail
    finished = await palaver("ask", "hello", data=tmp_path)
    assert (finished.code, finished.out, finished.err) == (1, "", "the model server is gone\n")
    as_json = await palaver("ask", "hello", "--json", data=tmp_path)
    assert (as_json.code, as_json.json()["error"], as_json.json()["code"]) == (
        1,
        "the model server is gone",
        "unreachable",
    )


async def test_an_approval_is_denied_with_a_note_when_nobody_is_at_the_terminal(
    node: FakeNode, tmp_path: Path
) -> None:
    async def write(turn: FakeTurn) -> None:
        await turn.emit(
            ApprovalRequest, approval_id="a1", call_id="c1", tool="notes.add", args={"text": "the door"},
            specifier="", mode="default", reason="it writes",
        )  # fmt: skip
        response = await turn.received("approval_response")
        await turn.emit(ApprovalResolved, approval_id="a1", decision=response["decision"])
        await turn.answer("I may not.")

    node.play = write
    finished = await palaver("ask", "note it", data=tmp_path)
    assert (finished.code, finished.out) == (0, "I may not.\n")
    assert "notes.add asks to run (it writes)\n  text: the door\ndenied notes.add" in finished.err


async def test_ctrl_c_stops_the_turn_at_the_node(node: FakeNode, tmp_path: Path) -> None:
    async def endless(turn: FakeTurn) -> None:
        await turn.emit(Token, delta="...")

    node.play = endless
    async with asyncio.timeout(20), started("ask", "go", data=tmp_path) as process:
        assert process.stdout
        await process.stdout.readexactly(3)
        process.send_signal(signal.SIGINT)
        assert await node.received("cancel") == {"turnId": node.asks[0].turn_id}
        assert await process.wait() == 130


async def test_nothing_that_a_model_says_steers_the_terminal(node: FakeNode, tmp_path: Path) -> None:
    async def attack(turn: FakeTurn) -> None:
        await turn.emit(ToolCallEvent, call_id="c", name="x", args={"a": "\x1b[2J\n\x1b]0;owned\x07"})
        await turn.emit(Token, delta="\x1b[31mred\u202e\x9b2J\r\n")
        await turn.emit(ErrorEvent, message="\x1b[2Jgone")
        await turn.emit(Done, reason="failed")

    node.play = attack
    finished = await palaver("ask", "hello", data=tmp_path)
    assert finished.out == "\\x1b[31mred\\u202e\\x9b2J\n"
    assert not set(finished.err) & {"\x1b", "\x07", "\r"}


@requirement("S4")
async def test_peers_are_a_table_or_json(node: FakeNode, tmp_path: Path) -> None:
    assert (await palaver("peers", "--json", data=tmp_path)).json() == [fake_node.PEER]
    shown = (await palaver("peers", data=tmp_path)).out.splitlines()
    assert shown[1].split() == ["bob", "trusted", "online", "3", "ms", "ask", "127.0.0.1:9", "b" * 52]
    node.peers = []
    finished = await palaver("peers", data=tmp_path)
    assert (finished.code, finished.out) == (0, "")
    assert "palaver invite" in finished.err


async def test_a_peers_answer_stands_under_its_name(node: FakeNode, tmp_path: Path) -> None:
    finished = await palaver("ask-peer", "bob", "what time is it", data=tmp_path)
    assert finished == type(finished)(0, "you asked: what time is it\n", "bob answers:\n")


async def test_a_peers_refusal_is_exit_code_1(node: FakeNode, tmp_path: Path) -> None:
    finished = await palaver("ask-peer", "carol", "hello", "--json", data=tmp_path)
    assert (finished.code, finished.json()["code"]) == (1, "no_peer")
    assert "no peer called carol" in finished.err


async def test_an_invitation_says_what_the_other_owner_does_and_how_to_let_peers_ask(
    node: FakeNode, tmp_path: Path
) -> None:
    finished = await palaver("invite", data=tmp_path)
    assert finished.out == "pal1-x\n"
    assert "palaver join TICKET" in finished.err
    assert "palaver config set network.allowRemoteAgent true" in finished.err
    allowed = await palaver("invite", "--json", "--allow-asks", data=tmp_path)
    assert allowed.json()["ticket"] == "pal1-x"
    assert node.settings["network.allowRemoteAgent"] is True
    assert "palaver config" not in allowed.err


async def test_joining_says_who_it_was(node: FakeNode, tmp_path: Path) -> None:
    finished = await palaver("join", "pal1-x", "--allow-asks", data=tmp_path)
    assert finished.out == f"Paired with bob ({'b' * 52}).\n"
    assert "palaver ask-peer bob 'what" in finished.err
    assert node.settings["network.allowRemoteAgent"] is True


async def test_settings_are_listed_read_and_changed(node: FakeNode, tmp_path: Path) -> None:
    assert (await palaver("config", "get", "agent.permissions.mode", data=tmp_path)).out == '"default"\n'
    await palaver("config", "set", "agent.permissions.mode", "plan", data=tmp_path)
    await palaver("config", "set", "network.allowRemoteAgent", "true", data=tmp_path)
    listed = (await palaver("config", "list", data=tmp_path)).out
    assert 'agent.permissions.mode = "plan"\n    what' in listed
    assert "network.allowRemoteAgent = true\n    what" in listed
    unknown = await palaver("config", "get", "nope", data=tmp_path)
    assert (unknown.code, unknown.err) == (1, "no setting 'nope'\n")


@requirement("S1")
async def test_a_console_without_a_terminal_takes_a_line_at_a_time(node: FakeNode, tmp_path: Path) -> None:
    finished = await palaver("console", data=tmp_path, stdin="first\n\n/ask bob hi\n//slash\n/quit\nnever\n")
    assert finished.code == 0
    assert finished.out.split("\n") == ["first ", "bob: you asked: hi", "/slash ", ""]
    assert [ask.prompt for ask in node.asks] == ["first", "/slash"]
    assert node.asks[1].session_id == "session-1"
    assert "\x1b" not in finished.out + finished.err


async def test_a_line_that_is_no_text_fails_and_the_next_one_is_asked(node: FakeNode, tmp_path: Path) -> None:
    finished = await palaver("console", data=tmp_path, stdin=b"caf\xe9\nstill here\n")
    assert (finished.code, finished.out) == (1, "still here \n")
    assert [ask.prompt for ask in node.asks] == ["still here"]


async def test_a_script_that_fails_at_one_line_goes_on_and_tells_at_the_end(
    node: FakeNode, tmp_path: Path
) -> None:
    finished = await palaver("console", data=tmp_path, stdin="/nonsense\n/ask bob\nstill here\n")
    assert finished.code == 1
    assert finished.out == "still here \n"
    assert "there is no command /nonsense" in finished.err
    assert "usage: /ask PEER TEXT" in finished.err
