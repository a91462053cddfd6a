"""The part of a found message that a list shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.store.excerpt import EXCERPT_CHARS, excerpt


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("Penguins live in Antarctica.", ["antarc"], "…live in Antarctica."),
        ("a " * 200 + "needle here", ["needle"], "…" + "a " * 7 + "needle here"),
        ("Ein Café in Paris", ["cafe"], "Ein Café in Paris"),
        ("one\n\n two", ["two"], "one two"),
        ("foobar bar", ["bar"], "foobar bar"),
        ("nothing of it", ["elsewhere"], "nothing of it"),
    ],
)
def test_the_text_around_the_first_word_is_shown_on_one_line(text: str, words: list[str], shown: str) -> None:
    assert excerpt(text, words) == shown


@given(st.text(max_size=500), st.lists(st.text(min_size=1, max_size=5), max_size=4))
def test_an_excerpt_is_short_and_one_line_whatever_it_is_made_from(text: str, words: list[str]) -> None:
    piece = excerpt(text, words)
    assert len(piece) <= EXCERPT_CHARS + 2
    assert "\n" not in piece
