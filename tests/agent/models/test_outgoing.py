from agent.history import AssistantMessage, Call, SystemMessage, ToolMessage, UserMessage
from agent.models.outgoing import outgoing, tools_named
from tests.mission import requirement

CALL = Call(id="call_1", name="notes.read", arguments={})


@requirement("B20")
def test_system_messages_leave_as_one_that_leads() -> None:
    sent = outgoing([SystemMessage(text="a"), UserMessage(text="u"), SystemMessage(text="b")])
    assert sent == [SystemMessage(text="a\n\nb"), UserMessage(text="u")]


def test_without_a_system_message_none_is_made() -> None:
    assert outgoing([UserMessage(text="u")]) == [UserMessage(text="u")]


def test_reasoning_is_replayed_inside_the_current_turn_only() -> None:
    old = AssistantMessage(text="old", reasoning="long ago", calls=(CALL,))
    new = AssistantMessage(text="", reasoning="just now", calls=(CALL,))
    result = ToolMessage(call=CALL, text="r")
    sent = outgoing([UserMessage(text="1"), old, result, UserMessage(text="2"), new, result])
    assert sent[1] == AssistantMessage(text="old", calls=(CALL,))
    assert sent[4] == new


def test_tools_of_the_history_are_named() -> None:
    other = Call(id="call_2", name="other", arguments={})
    assert tools_named([AssistantMessage(text="", calls=(CALL,)), ToolMessage(call=other, text="")]) == {
        "notes.read",
        "other",
    }
