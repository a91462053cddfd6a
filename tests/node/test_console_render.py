"""What a turn looks like in a terminal, whatever a stranger put into it."""

import unicodedata
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agent.events import (
    Answer,
    ApprovalRequest,
    ApprovalResolved,
    Done,
    ErrorEvent,
    Event,
    Reasoning,
    Token,
    ToolCallEvent,
    ToolDone,
)
from node.console.render import Style, escape, one_line, rest_of_answer
from node.console.transcript import Transcript

TURN = {"turn_id": "t", "session_id": "s"}


def shown(events: list[Event], *, show_reasoning: bool = False) -> str:
    transcript = Transcript(show_reasoning=show_reasoning)
    return "".join(piece.text for event in events for piece in transcript.receive(event))


@given(st.text(st.characters()))
def test_escaped_text_holds_nothing_that_steers_a_terminal(text: str) -> None:
    safe = escape(text)
    assert all(c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"} for c in safe)
    assert not set(safe) & set("\u200e\u200f\u202a\u202e\u2066\u2069")
    assert escape(safe) == safe
    safe.encode()


def test_plain_text_of_any_language_stays_as_it_is() -> None:
    text = "tab\tnew\nline, Ünïcode, 漢字, עברית, 👩‍👧"
    assert escape(text) == text


def test_what_is_escaped_can_still_be_read() -> None:
    assert escape("\x1b[31m \x9b \u202e \U000e0041") == "\\x1b[31m \\x9b \\u202e \\ue0041"


@given(st.text(), st.integers(1, 50))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert "\n" not in line
    assert len(line) <= limit


@given(st.lists(st.text(min_size=1)))
def test_an_answer_that_was_streamed_is_not_told_twice(deltas: list[str]) -> None:
    assert rest_of_answer("".join(deltas), "".join(deltas)) == ""


def test_only_what_is_missing_of_an_answer_is_added() -> None:
    assert rest_of_answer("", "all") == "all"
    assert rest_of_answer("It is ", "It is noon.") == "noon."
    assert rest_of_answer("Let me look. It is noon.", "It is noon.") == ""
    assert rest_of_answer("London", "Paris.") == "\nParis."


def test_a_turn_reads_as_lines_in_the_order_of_its_events() -> None:
    events: list[Event] = [
        Reasoning(**TURN, delta="hm"),
        Token(**TURN, delta="Let me "),
        Token(**TURN, delta="look."),
        ToolCallEvent(**TURN, call_id="c", name="clock.now", args={"zone": "UTC"}),
        ToolDone(**TURN, call_id="c", name="clock.now", ok=False, result="no\nclock", duration_ms=2),
        Token(**TURN, delta="No idea."),
        Answer(**TURN, text="No idea."),
        Done(**TURN, reason="answered"),
    ]
    told = 'Let me look.\n→ clock.now {"zone": "UTC"}\n✗ clock.now (2 ms) no clock\nNo idea.\n'
    assert shown(events) == told
    assert shown(events, show_reasoning=True) == "hm\n" + told


def test_an_approval_shows_every_argument_in_full_and_how_it_ended() -> None:
    request = ApprovalRequest(
        **TURN, approval_id="a", call_id="c", tool="files.write", args={"path": "x", "text": "y" * 500 + "\n  path: z"},
        specifier="x", mode="default", reason="it writes",
    )  # fmt: skip
    text = shown([request, ApprovalResolved(**TURN, approval_id="a", decision="timeout")])
    assert text.startswith("files.write asks to run (it writes)\n  path: x\n")
    assert "y" * 500 + "\n      path: z\n" in text, "further lines stand further in than an argument"
    assert text.endswith("denied: nobody answered in time: files.write\n")


def test_an_approval_shows_what_would_change() -> None:
    request = ApprovalRequest(
        **TURN, approval_id="a", call_id="c", tool="notes.write", args={"name": "plan"},
        change="@@ -1 +1 @@\n-old\n+new\x1b[2J", specifier="plan", mode="default", reason="it acts",
    )  # fmt: skip
    assert shown([request]).endswith("  what it changes:\n    @@ -1 +1 @@\n    -old\n    +new\\x1b[2J\n")


def test_a_failed_and_a_stopped_turn_say_so() -> None:
    assert shown(
        [Token(**TURN, delta="half"), ErrorEvent(**TURN, message="gone"), Done(**TURN, reason="failed")]
    ) == ("half\ngone\n")
    assert shown([Token(**TURN, delta="half"), Done(**TURN, reason="cancelled")]) == "half\n(cancelled)\n"


@given(st.lists(st.sampled_from([Style.ANSWER, Style.NOTE, Style.ERROR]), min_size=1), st.data())
def test_a_style_changes_only_at_the_start_of_a_line(styles: list[Style], data: st.DataObject) -> None:
    transcript = Transcript()
    pieces = [p for style in styles for p in transcript.text(style, data.draw(st.text("ab\n", max_size=5)))]
    for before, after in pairwise(pieces):
        assert before.style is after.style or before.text.endswith("\n")
