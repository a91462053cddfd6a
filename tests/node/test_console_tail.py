"""Lines that are finished leave the tail, fit the screen and never change afterwards."""

from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth

from node.console.render import Piece, Style
from node.console.tail import Tail, wrapped

TEXT = st.text("ab漢 \n\t", max_size=60)


def piece(text: str) -> Piece:
    return Piece(style=Style.ANSWER, text=text)


@given(st.lists(TEXT), st.integers(2, 20))
def test_every_character_but_the_spaces_at_breaks_comes_out_once_and_in_order(
    texts: list[str], width: int
) -> None:
    tail = Tail()
    out = [line.text for text in texts for line in tail.add(piece(text), width)]
    letters = "".join([*out, tail.text]).replace(" ", "")
    assert letters == "".join(texts).replace(" ", "").replace("\n", "").replace("\t", "")


@given(TEXT, st.integers(2, 20))
def test_no_row_is_wider_than_the_screen(text: str, width: int) -> None:
    assert all(get_cwidth(row) <= width for row in wrapped(text.replace("\t", " "), width) if "\n" not in row)


@given(st.text("ab漢 ", max_size=60), st.text("ab漢 ", max_size=60), st.integers(2, 20))
def test_more_text_never_changes_a_row_that_is_full(text: str, more: str, width: int) -> None:
    full = wrapped(text, width)[:-1]
    assert wrapped(text + more, width)[: len(full)] == full


def test_words_stay_whole_where_there_is_a_space_to_break_at() -> None:
    assert wrapped("one two three", 8) == ["one two", "three"]
    assert wrapped("    indented", 8) == ["    inde", "nted"]
    assert wrapped("longerthanthat", 8) == ["longerth", "anthat"]


def test_blank_lines_stay() -> None:
    assert [line.text for line in Tail().add(piece("a\n\nb\n"), 10)] == ["a", "", "b"]
