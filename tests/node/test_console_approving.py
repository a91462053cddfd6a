"""Approvals in a terminal by themselves: which keys count, and arguments as text and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.events import ApprovalRequest, ApprovalResolved
from node.console.approving import as_editable, choices, decision_of, read_edited
from node.console.conversation import Conversation
from node.console.render import escape
from node.envelope import FrameError
from tests.node.test_console_conversation import approval, of, sent

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def request(**more: Any) -> ApprovalRequest:
    facts = {
        "turn_id": "t",
        "approval_id": "a",
        "call_id": "c",
        "tool": "notes.add",
        "args": {},
        "specifier": "",
    }
    return ApprovalRequest(**{**facts, "mode": "default", "reason": "", **more})


def test_only_the_answers_that_count_are_offered() -> None:
    assert choices(request(), can_edit=True) == "[y] once  [s] session  [a] always  [e] edit  [n] no"
    assert choices(request(), can_edit=False) == "[y] once  [s] session  [a] always  [n] no"
    only = request(decisions=["allow_once", "deny"], editable=False)
    assert choices(only, can_edit=True) == "[y] once  [n] no"
    assert decision_of("a", only.decisions) is None
    assert decision_of("y", only.decisions) == "allow_once"


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_is_shown_to_edit_steers_no_terminal_and_reads_back_as_it_was(
    arguments: dict[str, object],
) -> None:
    text = as_editable(arguments)
    assert escape(text) == text
    assert read_edited(text) == arguments


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ('{"a": }', "line 1"),
        ("[1]", "one JSON object"),
        ('{"a": NaN}', "NaN"),
        ("[" * 9_000, "JSON"),
    ],
)
def test_what_is_no_object_is_refused_with_a_sentence(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_edited(text)


def test_an_answer_that_the_node_refuses_leaves_the_question_open() -> None:
    conversation = Conversation()
    ask = sent(conversation, "hello")
    conversation.receive(approval(ask, "a1"))
    answered = conversation.decide("allow_once", {"text": 7})
    assert answered is not None
    assert answered.args == {"text": 7}
    assert conversation.question is None
    refusal = FrameError(message="text has to be text", code="approval_refused", about="approval_response")
    conversation.receive(refusal)
    assert conversation.question is not None
    conversation.receive(of(ask, ApprovalResolved, approval_id="a1", decision="deny"))
    conversation.receive(refusal)
    assert conversation.question is None
