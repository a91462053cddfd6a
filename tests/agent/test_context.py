"""Our own count of a prompt, and what a server's count tells of what it left out."""

import pytest

from agent.context import cut_notice, estimated_tokens
from agent.history import AssistantMessage, Call, ToolMessage, UserMessage
from agent.models.base import ModelRequest
from tests.agent.fakes import reader

CALL = Call(id="c", name="a.b", arguments={"path": "x" * 400})


def sent(chars: int) -> ModelRequest:
    return ModelRequest(messages=[UserMessage(text="x" * chars)])


def test_calls_results_and_definitions_count_as_well_as_what_was_said() -> None:
    said = estimated_tokens([UserMessage(text="x" * 400)])
    assert 100 <= said <= 110
    assert estimated_tokens([AssistantMessage(text="", calls=(CALL,))]) > 100
    assert estimated_tokens([ToolMessage(call=CALL, text="x" * 400)]) == said
    assert estimated_tokens([], [reader("a.b", description="x" * 400)]) > 100


@pytest.mark.parametrize(
    ("chars", "read", "window"),
    [
        (40_000, 4_000, None),  # far fewer than any tokenizer makes of it
        (40_000, 4_000, 131_072),
        (20_000, 4_090, 4_096),  # filled to the brim, and more was sent
        (28_000, 3_000, 4_096),
    ],
)
def test_a_prompt_that_was_read_in_part_is_noticed_with_both_counts(
    chars: int, read: int, window: int | None
) -> None:
    notice = cut_notice(sent(chars), read, window)
    assert notice is not None
    assert f"read {read} of about {chars // 4 + 4} tokens" in notice
    assert ("4096" in notice) is (window == 4_096)


@pytest.mark.parametrize(
    ("chars", "read", "window"),
    [
        (40_000, None, 4_096),  # not reported: nothing is known
        (40_000, 10_000, 32_768),
        (40_000, 6_000, None),  # long words
        (10_000, 100, None),  # too short to tell
        (20_000, 3_600, 4_096),  # it may well fit
        (400, 20, 512),
    ],
)
def test_a_prompt_that_may_have_been_read_whole_is_not(
    chars: int, read: int | None, window: int | None
) -> None:
    assert cut_notice(sent(chars), read, window) is None
