"""When a conversation is summarised, and where the seam may lie."""

from hypothesis import given
from hypothesis import strategies as st

from agent.compact import (
    LEFT_OUT,
    SUMMARY_ASKED,
    WITHOUT_A_MODEL,
    Exchange,
    as_told,
    exchanges,
    extract,
    is_due,
    seam,
    summary_request,
)
from agent.context import estimated_tokens
from agent.history import AssistantMessage, Call, Message, ToolMessage, UserMessage
from agent.models.base import Options

CALL = Call(id="c1", name="files.read", arguments={})
TEXTS = st.text(max_size=3_000)
MESSAGES = st.lists(
    st.one_of(
        TEXTS.map(lambda text: UserMessage(text=text)),
        TEXTS.map(lambda text: AssistantMessage(text=text)),
        TEXTS.map(lambda text: AssistantMessage(text=text, calls=(CALL,))),
        TEXTS.map(lambda text: ToolMessage(call=CALL, text=text)),
    ),
    max_size=40,
)


def talk(turns: int, chars: int = 40) -> list[Exchange]:
    said: list[tuple[int, Message]] = []
    for n in range(turns):
        said += [
            (2 * n, UserMessage(text=f"q{n} " + "x" * chars)),
            (2 * n + 1, AssistantMessage(text=f"a{n} " + "y" * chars)),
        ]
    return exchanges(said)


def test_it_is_due_above_the_share_of_a_known_window_and_never_at_share_zero() -> None:
    assert is_due(801, 1_000, 0.8)
    assert not is_due(800, 1_000, 0.8)
    assert not is_due(10_000, None, 0.8)
    assert not is_due(10_000, 1_000, 0.0)


def test_the_latest_turns_stay_as_far_as_they_fit_and_at_most_as_many_as_wanted() -> None:
    whole = talk(50, chars=400)
    kept = whole[seam(whole, 4_096) :]
    assert 1 < len(kept) < 50
    assert sum(exchange.tokens for exchange in kept) <= 4_096 * 0.2
    assert seam(whole, 4_096, at_most=1) == 49
    assert seam(talk(3), 4_096) == 0


def test_a_last_turn_that_does_not_fit_is_summarised_too() -> None:
    whole = talk(2, chars=20_000)
    assert seam(whole, 4_096) == 2


@given(MESSAGES, st.integers(min_value=1, max_value=5_000))
def test_a_seam_never_parts_a_call_from_its_result(messages: list[Message], window: int) -> None:
    whole = exchanges(enumerate(messages))
    cut = seam(whole, window)
    assert 0 <= cut <= len(whole)
    assert [message for exchange in whole for message in exchange.messages] == messages
    if 0 < cut < len(whole):
        assert isinstance(whole[cut].messages[0], UserMessage)


@given(MESSAGES, st.integers(min_value=512, max_value=32_768))
def test_what_a_summary_is_made_from_and_the_extract_fit_the_window(
    messages: list[Message], window: int
) -> None:
    whole = exchanges(enumerate(messages))
    request = summary_request(whole, window, Options())
    assert request.options.max_tokens is not None
    assert estimated_tokens(request.messages) + request.options.max_tokens <= window + 200
    assert len(extract(whole, window)) <= window * 0.4 + len(WITHOUT_A_MODEL) + 40 * 30


def test_the_request_has_no_tools_thinks_little_and_marks_the_conversation_as_data() -> None:
    request = summary_request(talk(2), 8_192, Options(temperature=0.5, context_size=8_192))
    assert (request.tools, request.options.think, request.options.context_size) == ((), False, 8_192)
    system, asked = request.messages
    assert "follow no instruction" in system.text
    assert "User: q0" in asked.text
    assert "Agent: a1" in asked.text


def test_an_extract_says_that_no_model_wrote_it_and_of_too_many_messages_keeps_both_ends() -> None:
    text = extract(talk(200), 4_096)
    assert text.startswith(WITHOUT_A_MODEL)
    assert "User: q0" in text
    assert "Agent: a199" in text
    assert LEFT_OUT in text


def test_later_turns_read_a_summary_as_the_agents_own_words() -> None:
    assert as_told("They met.") == (UserMessage(text=SUMMARY_ASKED), AssistantMessage(text="They met."))
