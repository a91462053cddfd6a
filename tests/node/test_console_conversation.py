"""The console's conversation by itself: what it sends, shows and remembers."""

from typing import Any

from agent.events import (
    Answer,
    ApprovalRequest,
    ApprovalResolved,
    Ask,
    Done,
    Event,
    OpenTurn,
    Queued,
    Reasoning,
    Resume,
    Snapshot,
    Status,
    Token,
)
from node.console.conversation import Conversation
from node.envelope import FrameError


def of(ask: Ask, model: type[Event], **fields: Any) -> Event:
    return model.model_validate({"turn_id": ask.turn_id, "session_id": ask.session_id or "s1", **fields})


def sent(conversation: Conversation, prompt: str) -> Ask:
    conversation.say(prompt)
    (ask,) = conversation.to_send()
    return ask


def told(conversation: Conversation, *events: Event) -> str:
    return "".join(piece.text for event in events for piece in conversation.receive(event))


def approval(ask: Ask, approval_id: str) -> Event:
    return of(
        ask,
        ApprovalRequest,
        approval_id=approval_id,
        call_id="c",
        tool="x",
        args={},
        specifier="",
        mode="",
        reason="",
    )


def test_the_first_message_goes_alone_and_the_rest_follow_into_its_session() -> None:
    conversation = Conversation()
    first = sent(conversation, "one")
    conversation.say("two")
    conversation.say("three")
    assert (first.session_id, conversation.to_send()) == (None, [])
    conversation.receive(of(first, Queued, position=0))
    assert [(ask.prompt, ask.session_id) for ask in conversation.to_send()] == [
        ("two", "s1"),
        ("three", "s1"),
    ]


def test_a_message_waits_in_sight_until_its_turn_begins() -> None:
    conversation = Conversation()
    ask = sent(conversation, "hello")
    assert conversation.waiting == ["hello"]
    assert told(conversation, of(ask, Queued, position=0)) == ""
    assert conversation.waiting == ["hello"]
    assert told(conversation, of(ask, Status, text="thinking")) == "> hello\n"
    assert (conversation.waiting, conversation.running, conversation.status) == ([], ask.turn_id, "thinking")
    assert told(conversation, of(ask, Answer, text="hi"), of(ask, Done, reason="answered")) == "hi\n"
    assert (conversation.running, conversation.status) == (None, "")


def test_events_of_other_sessions_are_not_shown() -> None:
    conversation = Conversation()
    ask = sent(conversation, "hello")
    stranger = Ask(turn_id="other", prompt="?", session_id="s2")
    assert told(conversation, of(stranger, Token, delta="no")) == ""
    conversation.receive(of(ask, Queued, position=0))
    assert told(conversation, of(stranger, Token, delta="no")) == ""


def test_a_turn_that_another_client_asked_in_this_session_is_shown_with_its_prompt() -> None:
    conversation = Conversation()
    conversation.receive(of(sent(conversation, "mine"), Queued, position=0))
    theirs = Ask(turn_id="browser", prompt="theirs", session_id="s1")
    text = told(conversation, of(theirs, Queued, position=0, prompt="theirs"), of(theirs, Token, delta="yes"))
    assert text == "> theirs\nyes"


def test_cancel_names_the_running_turn_only() -> None:
    conversation = Conversation()
    ask = sent(conversation, "hello")
    assert conversation.cancel() is None
    conversation.receive(of(ask, Token, delta="..."))
    cancel = conversation.cancel()
    assert cancel is not None
    assert cancel.turn_id == ask.turn_id


def test_questions_are_answered_oldest_first_and_close_when_somebody_else_answers() -> None:
    conversation = Conversation()
    ask = sent(conversation, "hello")
    for approval_id in ("a1", "a2", "a3"):
        conversation.receive(approval(ask, approval_id))
    conversation.receive(of(ask, ApprovalResolved, approval_id="a1", decision="deny"))
    answered = [conversation.decide("allow_once"), conversation.decide("deny"), conversation.decide("deny")]
    assert [answer and (answer.approval_id, answer.decision) for answer in answered] == [
        ("a2", "allow_once"), ("a3", "deny"), None,
    ]  # fmt: skip


def test_a_new_connection_resumes_the_session_and_sends_again_what_was_not_confirmed() -> None:
    conversation = Conversation()
    ask = sent(conversation, "one")
    assert conversation.reconnected() == []
    assert [again.turn_id for again in conversation.to_send()] == [ask.turn_id]
    conversation.receive(of(ask, Queued, position=0), seq=1)
    conversation.receive(of(ask, Token, delta="a"), seq=2)
    unconfirmed = sent(conversation, "two")
    assert conversation.reconnected() == [Resume(session_id="s1", last_seq=2)]
    assert [again.turn_id for again in conversation.to_send()] == [unconfirmed.turn_id]


def test_a_snapshot_brings_the_text_so_far_the_open_question_and_what_waits() -> None:
    conversation = Conversation()
    ask = sent(conversation, "one")
    conversation.receive(of(ask, Token, delta="a"), 1)
    running = OpenTurn(
        turn_id=ask.turn_id, prompt="one", running=True, text="abc", approvals=[approval(ask, "a1")]
    )
    waiting = OpenTurn(turn_id="t9", prompt="two", running=False)
    snapshot = Snapshot(session_id="s1", message_count=1, messages=[], turns=[running, waiting])
    shown = "".join(piece.text for piece in conversation.receive(snapshot, 40))
    assert shown.endswith("> one\nabc")
    assert conversation.question == approval(ask, "a1")
    assert conversation.waiting == ["two"]
    assert conversation.receive(of(ask, Token, delta="b"), 40) == []
    pieces = conversation.receive(of(ask, Answer, text="abcd"), 41)
    assert [piece.text for piece in pieces] == ["d"]


def test_a_turn_that_starts_over_shows_its_whole_answer() -> None:
    conversation = Conversation()
    ask = sent(conversation, "one")
    conversation.receive(of(ask, Token, delta="I was"), 1)
    conversation.receive(of(ask, Status, text="trying again", starts_over=True), 2)
    conversation.receive(of(ask, Token, delta="I am "), 3)
    pieces = conversation.receive(of(ask, Answer, text="I am back."), 4)
    assert pieces[-1].text == "back."


def test_what_is_replayed_is_not_shown_twice() -> None:
    conversation = Conversation()
    ask = sent(conversation, "one")
    first, second = of(ask, Token, delta="a"), of(ask, Token, delta="b")
    text = [
        p.text
        for event, seq in ((first, 1), (second, 2), (first, 1), (second, 2))
        for p in conversation.receive(event, seq)
    ]
    assert text == ["> one\n", "a", "b"]


def test_a_refused_message_does_not_wait_for_ever() -> None:
    conversation = Conversation()
    sent(conversation, "one")
    refusal = FrameError(message="the queue is full", code="queue_full", about="ask")
    assert told(conversation, refusal) == "the queue is full\n"
    assert conversation.waiting == []


def test_a_message_that_is_withdrawn_leaves_the_running_turn_alone() -> None:
    conversation = Conversation()
    running = sent(conversation, "one")
    conversation.receive(of(running, Token, delta="a"))
    waiting = sent(conversation, "two")
    conversation.receive(of(waiting, Queued, position=1))
    assert told(conversation, of(waiting, Done, reason="cancelled")) == "\n(cancelled: two)\n"
    assert (conversation.running, conversation.waiting) == (running.turn_id, [])


def test_reasoning_is_shown_only_when_wanted() -> None:
    quiet, curious = Conversation(), Conversation(show_reasoning=True)
    texts = [told(c, of(sent(c, "x"), Reasoning, delta="hm")) for c in (quiet, curious)]
    assert texts == ["> x\n", "> x\nhm"]
