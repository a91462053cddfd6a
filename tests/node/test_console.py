"""The console on a real terminal: what stays on the screen, what the keys do, and that nothing typed is lost."""

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from agent.events import (
    ApprovalRequest,
    ApprovalResolved,
    Done,
    Reasoning,
    Status,
    Token,
    ToolCallEvent,
    ToolDone,
)
from tests.mission import requirement
from tests.node import fake_node
from tests.node.fake_node import FakeNode, FakeTurn
from tests.node.terminal import Terminal, on_a_terminal

WORDS = [f"tok{i} " for i in range(300)]
CTRL_C, CTRL_D, ESC, ENTER, F2 = "\x03", "\x04", "\x1b", "\r", "\x1bOQ"


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[FakeNode]:
    async with fake_node.running(tmp_path) as fake:
        yield fake


def console(
    data: Path, **environment: str
) -> AbstractAsyncContextManager[tuple[Terminal, asyncio.Task[int]]]:
    return on_a_terminal(["console", "--data", str(data)], environment)


async def tell_words(turn: FakeTurn) -> None:
    for word in WORDS:
        await turn.emit(Token, delta=word)
    await turn.answer("".join(WORDS))


def told(terminal: Terminal) -> list[str]:
    return [word for line in terminal.lines() for word in line.split() if word.startswith("tok")]


@requirement("S1")
async def test_the_scrollback_is_the_answer_exactly_once_and_in_order(node: FakeNode, tmp_path: Path) -> None:
    node.play = tell_words
    async with console(tmp_path) as (terminal, exited):
        await terminal.until_shows("connected to alice")
        terminal.type("go" + ENTER)
        await terminal.until_shows("tok299")
        terminal.type("/quit" + ENTER)
        async with asyncio.timeout(10):
            assert await exited == 0
        assert told(terminal) == [word.strip() for word in WORDS]
        assert terminal.lines().count("> go") == 1


@requirement("S1")
async def test_a_terminal_that_cannot_move_its_cursor_is_answered_and_left_by_its_command(
    node: FakeNode, tmp_path: Path
) -> None:
    node.play = tell_words
    async with console(tmp_path, TERM="dumb") as (terminal, exited):
        await terminal.until_shows("connected to alice")
        terminal.type("go" + ENTER)
        await terminal.until_shows("tok299")
        terminal.type("/quit" + ENTER)
        async with asyncio.timeout(10):
            assert await exited == 0
        assert b"Traceback" not in terminal.raw


async def test_what_is_being_typed_stays_while_an_answer_streams(node: FakeNode, tmp_path: Path) -> None:
    half, whole = asyncio.Event(), asyncio.Event()

    async def in_two_parts(turn: FakeTurn) -> None:
        for i, word in enumerate(WORDS):
            await (half if i == 100 else whole).wait() if i in {100, 200} else None
            await turn.emit(Token, delta=word)
        await turn.answer("".join(WORDS))

    node.play = in_two_parts
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("connected to alice")
        terminal.type("go" + ENTER)
        await terminal.until_shows("tok99")
        terminal.type("half a li")
        await terminal.until_shows("> half a li")
        half.set()
        await terminal.until_shows("tok199")
        assert "> half a li" in terminal.screen()
        terminal.type("ne" + ENTER)
        await terminal.until_shows("waits: half a line")
        whole.set()
        await terminal.until(lambda: "> half a line" in terminal.lines(), "the second prompt's turn")
        assert told(terminal)[:300] == [word.strip() for word in WORDS]
    assert [ask.prompt for ask in node.asks] == ["go", "half a line"]
    assert node.asks[1].session_id == "session-1"


async def test_keys_pressed_while_lines_are_committed_neither_get_lost_nor_land_in_the_transcript(
    node: FakeNode, tmp_path: Path
) -> None:
    terminals: list[Terminal] = []

    async def tell_and_type(turn: FakeTurn) -> None:
        for i, word in enumerate(WORDS):
            await turn.emit(Token, delta=word + "\n")
            terminals[0].type("x" if i % 10 else "y")
        await turn.answer("".join(word + "\n" for word in WORDS))

    node.play = tell_and_type
    async with console(tmp_path) as (terminal, _):
        terminals.append(terminal)
        await terminal.until_shows("connected to alice")
        terminal.type("go" + ENTER)
        await terminal.until_shows("tok299")
        typed = "".join("x" if i % 10 else "y" for i in range(300))
        await terminal.until(lambda: typed in "".join(terminal.screen().split()), "all that was typed")
        assert told(terminal) == [word.strip() for word in WORDS]


@requirement("S2")
async def test_ctrl_c_stops_the_turn_then_clears_the_line_and_twice_on_an_empty_one_leaves(
    node: FakeNode, tmp_path: Path
) -> None:
    async def until_cancelled(turn: FakeTurn) -> None:
        await turn.emit(Token, delta="endless")
        cancel = await turn.received("cancel")
        assert cancel["turnId"] == turn.ask.turn_id
        await turn.emit(Done, reason="cancelled")

    node.play = until_cancelled
    async with console(tmp_path) as (terminal, exited):
        await terminal.until_shows("connected to alice")
        terminal.type("go" + ENTER)
        await terminal.until_shows("endless")
        terminal.type("kept" + CTRL_C)
        await terminal.until_shows("(cancelled)")
        await terminal.until_shows("> kept")
        terminal.type(CTRL_C)
        await terminal.until(lambda: "kept" not in terminal.screen(), "an empty line")
        terminal.type(CTRL_C)
        await terminal.until_shows("Ctrl-C again leaves")
        terminal.type(CTRL_C)
        async with asyncio.timeout(10):
            assert await exited == 0


@requirement("S2")
async def test_ctrl_c_twice_at_once_stops_the_turn_and_leaves(node: FakeNode, tmp_path: Path) -> None:
    cancelled = asyncio.Event()

    async def until_cancelled(turn: FakeTurn) -> None:
        await turn.emit(Token, delta="endless")
        await turn.received("cancel")
        cancelled.set()

    node.play = until_cancelled
    async with console(tmp_path) as (terminal, exited):
        await terminal.until_shows("connected to alice")
        terminal.type("go" + ENTER)
        await terminal.until_shows("endless")
        terminal.type(CTRL_C + CTRL_C)
        async with asyncio.timeout(10):
            assert await exited == 0
            await cancelled.wait()


def asks_to_write(node: FakeNode, decisions: list[str]) -> None:
    async def play(turn: FakeTurn) -> None:
        await turn.emit(
            ApprovalRequest, approval_id=turn.ask.turn_id, call_id="c1", tool="notes.add",
            args={"text": "the door is open", "name": "door"}, specifier="", mode="default", reason="it writes",
        )  # fmt: skip
        response = await turn.received("approval_response")
        decisions.append(response["decision"])
        await turn.emit(ApprovalResolved, approval_id=turn.ask.turn_id, decision=response["decision"])
        await turn.answer("So be it.")

    node.play = play


async def test_one_key_answers_an_approval_that_shows_every_argument(node: FakeNode, tmp_path: Path) -> None:
    decisions: list[str] = []
    asks_to_write(node, decisions)
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("connected to alice")
        for key, said in (
            ("y", "allowed once"),
            ("s", "allowed for this session"),
            ("a", "allowed always"),
            ("n", "denied"),
        ):
            terminal.type("note it" + ENTER)
            await terminal.until_shows("[y] once  [s] session  [a] always  [e] edit  [n] no")
            assert "text: the door is open" in terminal.screen()
            assert "name: door" in terminal.screen()
            terminal.type(key)
            await terminal.until_shows(f"{said}: notes.add")
            await terminal.until(lambda: "[y] once" not in terminal.screen(), "the question's end")
    assert decisions == ["allow_once", "allow_session", "allow_always", "deny"]


@requirement("E10")
async def test_a_call_can_be_edited_in_the_line_and_the_line_before_comes_back(
    node: FakeNode, tmp_path: Path
) -> None:
    async def play(turn: FakeTurn) -> None:
        await turn.emit(
            ApprovalRequest, approval_id="a1", call_id="c1", tool="notes.add",
            args={"text": "open"}, specifier="", mode="default", reason="it writes",
        )  # fmt: skip
        response = await turn.received("approval_response")
        assert (response["decision"], response["args"]) == ("allow_once", {"text": "shut"})
        await turn.emit(ApprovalResolved, approval_id="a1", decision="allow_once", edited=True)
        await turn.answer("So be it.")

    node.play = play
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("connected to alice")
        terminal.type("note it" + ENTER + "half a li")
        await terminal.until_shows("(after Esc)")
        terminal.type(ESC + "e")
        await terminal.until_shows('"text": "open"')
        terminal.type(CTRL_C)
        await terminal.until_shows("> half a li")
        terminal.type(ESC + "e")
        await terminal.until(lambda: '"text": "open"' in terminal.screen(), "the arguments again")
        terminal.type("\x7f" + ENTER)
        await terminal.until_shows("this is no JSON")
        terminal.type("\x7f" * 60 + '{"text": "shut"}' + ENTER)
        await terminal.until_shows("So be it.")
        await terminal.until_shows("> half a li")
        assert "shut" not in (tmp_path / "console_history").read_text()


async def test_a_question_never_takes_the_letters_of_a_half_typed_line(
    node: FakeNode, tmp_path: Path
) -> None:
    decisions: list[str] = []
    asks_to_write(node, decisions)
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("connected to alice")
        terminal.type("note it" + ENTER + "ma")
        await terminal.until_shows("(after Esc)")
        terminal.type("ny")
        await terminal.until_shows("> many")
        assert decisions == []
        terminal.type(ESC + "n")
        await terminal.until_shows("denied: notes.add")
        await terminal.until(lambda: "> many" in terminal.screen(), "the line that was being typed")
    assert decisions == ["deny"]


@requirement("S1")
async def test_tools_are_logged_and_reasoning_is_shown_on_demand(node: FakeNode, tmp_path: Path) -> None:
    async def think(turn: FakeTurn) -> None:
        await turn.emit(Status, text="thinking")
        await turn.emit(Reasoning, delta="hm, the clock")
        await turn.emit(ToolCallEvent, call_id="c1", name="clock.now", args={"zone": "UTC"})
        await turn.emit(ToolDone, call_id="c1", name="clock.now", ok=True, result="12:00", duration_ms=3)
        await turn.answer("It is noon.")

    node.play = think
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("connected to alice")
        terminal.type("time?" + ENTER)
        await terminal.until_shows("It is noon.")
        assert '→ clock.now {"zone": "UTC"}' in terminal.lines()
        assert "✓ clock.now (3 ms) 12:00" in terminal.lines()
        assert "hm, the clock" not in terminal.screen()
        terminal.type(F2)
        await terminal.until_shows("reasoning shown")
        terminal.type("again" + ENTER)
        await terminal.until_shows("hm, the clock")


@requirement("O3")
async def test_slash_commands_answer_without_a_turn(node: FakeNode, tmp_path: Path) -> None:
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("Rules (no model)")
        terminal.type("/help" + ENTER)
        await terminal.until(
            lambda: any(line.split()[1:2] == ["info"] for line in terminal.lines()), "a class"
        )
        terminal.type("/tools" + ENTER)
        await terminal.until_shows("*  clock.now  read  24  Tell the time.")
        await terminal.until_shows("1 tool, 24 tokens; the last turn showed 1 (*), 20 tokens")
        terminal.type("/tools forget" + ENTER)
        await terminal.until_shows("forgot the words of requests that 3 tools had")
        terminal.type("/peers" + ENTER)
        await terminal.until_shows("online")
        terminal.type("/sessions" + ENTER)
        await terminal.until_shows("the door")
        terminal.type("/ask bob hello" + ENTER)
        await terminal.until_shows("bob: you asked: hello")
        terminal.type("/invite" + ENTER)
        await terminal.until_shows("pal1-x")
        terminal.type("/join pal1-y" + ENTER)
        await terminal.until_shows("paired with bob")
        terminal.type("/hlep" + ENTER)
        await terminal.until_shows("did you mean /help?")
    assert node.asks == []


async def test_a_slash_opens_the_list_arrows_walk_it_tab_and_enter_accept_and_escape_closes(
    node: FakeNode, tmp_path: Path
) -> None:
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("connected to alice")
        terminal.type("/")
        await terminal.until_shows("info: show this node")
        terminal.type("pee")
        await terminal.until(lambda: "/tools" not in terminal.screen(), "a shorter list")
        terminal.type("\t")
        await terminal.until_shows("> /peers")
        terminal.type(ENTER)
        await terminal.until(lambda: "list the peers" not in terminal.screen(), "a closed list")
        terminal.type(ENTER)
        await terminal.until_shows("online")
        terminal.type("/")
        await terminal.until_shows("info: show this node")
        terminal.type("\x1b[B\x1b[B")
        await terminal.until_shows("> /info")
        terminal.type(ESC)
        await terminal.until(lambda: "info: show this node" not in terminal.screen(), "a closed list")
        terminal.type(CTRL_C + "hello @b\t")
        await terminal.until_shows("> hello @bob")


async def test_tab_completes_what_was_typed_in_the_same_moment(node: FakeNode, tmp_path: Path) -> None:
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("connected to alice")
        terminal.type("/pee\t")
        await terminal.until_shows("> /peers")


@requirement("S3")
async def test_a_pasted_text_of_three_lines_is_one_message(node: FakeNode, tmp_path: Path) -> None:
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("connected to alice")
        terminal.type("\x1b[200~one\ntwo\nthree\x1b[201~")
        await terminal.until_shows("three")
        terminal.type(ESC + ENTER + "four" + ENTER)
        await terminal.until(lambda: bool(node.asks), "the ask")
        assert node.asks[0].prompt == "one\ntwo\nthree\nfour"


async def test_new_begins_a_new_session(node: FakeNode, tmp_path: Path) -> None:
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("connected to alice")
        terminal.type("first" + ENTER)
        await terminal.until(lambda: terminal.lines().count("first") == 1, "the answer")
        terminal.type("/new" + ENTER)
        await terminal.until_shows("a new session")
        terminal.type("second" + ENTER)
        await terminal.until(lambda: terminal.lines().count("second") == 1, "the answer")
        await terminal.until(lambda: len(node.asks) == 2, "the second ask")
    assert [ask.session_id for ask in node.asks] == [None, None]


async def test_after_a_lost_connection_it_says_so_and_asks_for_what_it_missed(
    node: FakeNode, tmp_path: Path
) -> None:
    async def cut(turn: FakeTurn) -> None:
        await turn.emit(Token, delta="before the cut")

    node.play = cut
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("connected to alice")
        terminal.type("go" + ENTER)
        await terminal.until_shows("before the cut")
        await node.hang_up()
        await terminal.until_shows("the connection to the node is lost")
        await terminal.until(
            lambda: terminal.lines().count("connected to alice; /help") == 2, "a new connection"
        )
        resumed = await node.received("resume")
    assert resumed == {"sessionId": "session-1", "lastSeq": 2}


@requirement("S3")
async def test_the_history_is_private_and_comes_back(node: FakeNode, tmp_path: Path) -> None:
    async with console(tmp_path) as (terminal, exited):
        await terminal.until_shows("connected to alice")
        terminal.type("remember me" + ENTER)
        await terminal.until(lambda: bool(node.asks), "the ask")
        terminal.type(CTRL_D)
        async with asyncio.timeout(10):
            await exited
    assert stat.S_IMODE((tmp_path / "console_history").stat().st_mode) == 0o600
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("connected to alice")
        terminal.type("\x1b[A")
        await terminal.until_shows("> remember me")


async def test_a_line_that_begins_with_a_space_is_not_kept(node: FakeNode, tmp_path: Path) -> None:
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("connected to alice")
        terminal.type(" my secret" + ENTER)
        await terminal.until(lambda: bool(node.asks), "the ask")
    assert "secret" not in (tmp_path / "console_history").read_text()


async def test_a_new_session_does_not_begin_in_the_middle_of_a_line(node: FakeNode, tmp_path: Path) -> None:
    async def half(turn: FakeTurn) -> None:
        await turn.emit(Token, delta="half an ans")

    node.play = half
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows("connected to alice")
        terminal.type("go" + ENTER)
        await terminal.until_shows("half an ans")
        terminal.type("/new" + ENTER)
        await terminal.until_shows("a new session")
        assert "half an ans" in terminal.lines()


async def test_the_foot_says_that_there_is_no_model_yet(node: FakeNode, tmp_path: Path) -> None:
    node.status = {
        **node.status,
        "model": None,
        "readiness": {"state": "unresolved", "text": "looking for a model", "remedy": "wait a moment"},
    }
    async with console(tmp_path) as (terminal, _):
        await terminal.until_shows(
            "alice · looking for a model: wait a moment · default · 1 of 1 peers online"
        )


async def test_no_color_means_no_colour(node: FakeNode, tmp_path: Path) -> None:
    async with console(tmp_path, NO_COLOR="1") as (terminal, _):
        await terminal.until_shows("Rules (no model)")
        terminal.type("/nonsense" + ENTER)
        await terminal.until_shows("there is no command")
        assert b"\x1b[0;31m" not in terminal.raw
        assert b"\x1b[0;90m" not in terminal.raw
