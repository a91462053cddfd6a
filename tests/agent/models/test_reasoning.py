import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.base import ReasoningDelta
from agent.models.reasoning import TAGS, ThinkSplitter
from tests.agent.models.play import said, thought
from tests.mission import requirement

PARTS = st.sampled_from(
    ["<think>", "</think>", "<", "</", "think", ">", "a", " ", "\n", "<thought>", "</thought>"]
)


def split(chunks: list[str]) -> tuple[str, str]:
    """Return reasoning and text of a reply that comes in these chunks."""
    splitter = ThinkSplitter()
    deltas = [delta for chunk in chunks for delta in splitter.feed(chunk)] + splitter.end()
    assert all(delta.text for delta in deltas)
    return thought(deltas), said(deltas)


@requirement("C14")
@pytest.mark.parametrize("tag", TAGS)
def test_a_leading_block_is_reasoning_even_when_its_tags_come_in_single_characters(tag: str) -> None:
    reply = f"\n<{tag}>why not</{tag}>\n\nThe answer"
    assert split(list(reply)) == ("why not", "The answer")
    assert split([reply]) == ("why not", "The answer")


@requirement("C14")
def test_reasoning_streams_before_its_block_is_closed() -> None:
    splitter = ThinkSplitter()
    assert splitter.feed("<th") == []
    assert splitter.feed("ink>so") == [ReasoningDelta("so")]


@pytest.mark.parametrize(
    "reply",
    ["plain", "a <think>b</think>", "<thin", "<", "<table>", "  ", "</think>x", "<thinker>", "if a < b"],
)
def test_text_without_a_leading_block_stays_as_it_is(reply: str) -> None:
    assert split(list(reply)) == ("", reply)


def test_a_block_that_never_closes_is_all_reasoning() -> None:
    assert split(["<think>", "on and on </thi"]) == ("on and on </thi", "")


def test_a_second_block_is_text() -> None:
    assert split(["<think>a</think>b<think>c</think>"]) == ("a", "b<think>c</think>")


@given(st.lists(st.lists(PARTS, min_size=1).map("".join)))
def test_chunk_borders_change_nothing(chunks: list[str]) -> None:
    assert split(chunks) == split(["".join(chunks)] if any(chunks) else [])
