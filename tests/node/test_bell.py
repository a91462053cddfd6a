"""The console calls its owner back to the terminal: when, and with which bytes."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.output.vt100 import Vt100_Output

from agent.events import ApprovalRequest, ApprovalResolved, Done, Event, Queued, Token
from node.console.bell import Bell
from node.console.conversation import Conversation
from node.console.news import NewsWatch
from tests.mission import requirement
from tests.node import fake_node
from tests.node.fake_node import FakeNode, FakeTurn
from tests.node.terminal import Terminal, on_a_terminal
from tests.node.test_console import ENTER, asks_to_write
from tests.node.test_console_conversation import approval, of, sent

BELL = b"\x07"
HOSTILE = "\x1b]2;I am root\x07\a"
KNOWS_ITS_NODE = "1 of 1 peers online"


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[FakeNode]:
    async with fake_node.running(tmp_path) as fake:
        yield fake


def titles(terminal: Terminal) -> list[str]:
    return [title.decode() for title in re.findall(rb"\x1b\]2;(.*?)\x07", terminal.raw)]


def rings(terminal: Terminal) -> int:
    """Return how often the bell was rung; what ends a title is the same byte."""
    return re.sub(rb"\x1b\].*?\x07", b"", terminal.raw).count(BELL)


async def ask_and_go_on(turn: FakeTurn) -> None:
    await turn.emit(
        ApprovalRequest, approval_id="a1", call_id="c1", tool="notes.add", args={}, specifier="",
        mode="default", reason="it writes",
    )  # fmt: skip
    await turn.emit(Token, delta="and more\n")


async def fail(turn: FakeTurn) -> None:
    await turn.emit(Token, delta=HOSTILE)
    await turn.emit(Done, reason="failed")


@requirement("R2")
async def test_a_question_rings_and_stands_in_the_title_until_the_next_key(
    node: FakeNode, tmp_path: Path
) -> None:
    asks_to_write(node, [])
    async with on_a_terminal(["console", "--data", str(tmp_path)], {}) as (terminal, exited):
        await terminal.until_shows(KNOWS_ITS_NODE)
        assert (titles(terminal), rings(terminal)) == ([], 0)
        terminal.type("note it" + ENTER)
        await terminal.until_shows("[y] once")
        await terminal.until(lambda: rings(terminal) == 1, "the bell")
        assert titles(terminal) == ["alice asks you"]
        terminal.type("y")
        await terminal.until_shows("So be it.")
        # The turn was short, so its end is no news.
        assert (titles(terminal), rings(terminal)) == (["alice asks you", "Palaver"], 1)
        terminal.type("/quit" + ENTER)
        async with asyncio.timeout(10):
            assert await exited == 0
        # The title that was there before is kept first, and put back last.
        kept, back = terminal.raw.index(b"\x1b[22;2t"), terminal.raw.index(b"\x1b[23;2t")
        assert kept < terminal.raw.index(b"\x1b]2;") < terminal.raw.rindex(b"\x1b]2;") < back


@requirement("R2")
async def test_the_end_of_a_turn_that_took_as_long_as_is_set_rings_and_no_stranger_writes_the_title(
    node: FakeNode, tmp_path: Path
) -> None:
    node.name = f"mara{HOSTILE}"
    node.settings["console.bellAfterS"] = 0
    async with on_a_terminal(["console", "--data", str(tmp_path)], {}) as (terminal, _):
        await terminal.until_shows(KNOWS_ITS_NODE)
        terminal.type("hello" + ENTER)
        await terminal.until(lambda: rings(terminal) == 1, "the bell")
        node.play = fail
        terminal.type(f"again{ENTER}")
        await terminal.until(lambda: rings(terminal) == 2, "the bell")
        name = r"mara\x1b]2;I am root\x07\x07"
        assert titles(terminal) == [f"{name} has answered", "Palaver", f"{name} has failed"]


@requirement("R2")
async def test_an_owner_who_wants_no_bell_gets_none(node: FakeNode, tmp_path: Path) -> None:
    node.settings["console.bellAfterS"] = None
    node.play = ask_and_go_on
    async with on_a_terminal(["console", "--data", str(tmp_path)], {}) as (terminal, _):
        await terminal.until_shows(KNOWS_ITS_NODE)
        terminal.type("note it" + ENTER)
        # What came after the question is shown, so the question was dealt with.
        await terminal.until_shows("and more")
        assert b"\x1b]" not in terminal.raw
        assert BELL not in terminal.raw


@requirement("R2")
@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("xterm", "\x1b[22;2t\x1b]2;alice asks you\x07\x07\x1b]2;Palaver\x07\x1b[23;2t"),
        ("linux", "\x07"),  # which has no title
        ("dumb", ""),
    ],
)
def test_a_terminal_gets_only_what_it_knows(kind: str, written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", kind)
    screen = io.StringIO()
    bell = Bell(Vt100_Output(screen, lambda: Size(rows=24, columns=80), term=kind))
    bell.ring("alice asks you")
    bell.seen()
    bell.seen()
    bell.close()
    assert screen.getvalue() == written


def news(*heard: tuple[float, Event], conversation: Conversation) -> list[tuple[str, float]]:
    """Return what is news in events that come at these times, as the console hears them."""
    watch, found = NewsWatch(), []
    for now, event in heard:
        conversation.receive(event)
        if told := watch.of(event, conversation, now=now):
            found.append((told.what, told.took_s))
    return found


@requirement("R2")
def test_a_turn_is_as_long_as_it_ran_and_one_that_its_owner_stopped_is_no_news() -> None:
    conversation = Conversation()
    first = sent(conversation, "one")
    heard = news(
        (0.0, of(first, Queued, position=0)),
        (10.0, of(first, Token, delta="a")),
        (17.5, of(first, Done, reason="answered")),
        (17.6, of(first, Done, reason="answered")),
        conversation=conversation,
    )
    assert heard == [("has answered", 7.5)]
    stopped = sent(conversation, "two")
    assert news(
        (20.0, of(stopped, Token, delta="a")),
        (90.0, of(stopped, Done, reason="cancelled")),
        conversation=conversation,
    ) == []  # fmt: skip


def test_a_question_is_told_once_and_not_again_when_another_is_answered() -> None:
    conversation = Conversation()
    ask = sent(conversation, "one")
    heard = news(
        (0.0, approval(ask, "a1")),
        (0.0, approval(ask, "a1")),
        (1.0, approval(ask, "a2")),
        (2.0, of(ask, ApprovalResolved, approval_id="a1", decision="deny")),
        conversation=conversation,
    )
    assert [what for what, _ in heard] == ["asks you", "asks you"]
