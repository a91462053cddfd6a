"""Which lines of a long passage are shown."""

from hypothesis import given
from hypothesis import strategies as st

from node.shared.excerpt import EXCERPT_CHARS, EXCERPT_LINES, telling_lines

WEIGHTS = {"rare": 4.0, "odd": 2.0, "usual": 1.0}


def lines(count: int, *, blank: tuple[int, ...] = ()) -> list[str]:
    return ["" if number in blank else f"line {number}" for number in range(count)]


def test_a_short_passage_is_shown_whole() -> None:
    assert telling_lines(lines(EXCERPT_LINES), {3: {"rare"}}, WEIGHTS) == (0, EXCERPT_LINES)


def test_the_densest_lines_are_shown_with_their_paragraph() -> None:
    text = lines(40, blank=(19, 25))
    held = {2: {"usual"}, 5: {"usual"}, 21: {"rare"}, 22: {"odd"}, 35: {"odd"}}
    start, end = telling_lines(text, held, WEIGHTS)
    assert start <= 20
    assert end > 24
    assert end - start <= EXCERPT_LINES


def test_one_rare_word_tells_more_than_two_usual_ones() -> None:
    start, end = telling_lines(lines(40), {1: {"usual", "odd"}, 30: {"rare"}}, WEIGHTS)
    assert start <= 30 < end


def test_of_lines_that_tell_alike_the_first_are_shown() -> None:
    start, end = telling_lines(lines(40), {10: {"rare"}, 30: {"rare"}}, WEIGHTS)
    assert start <= 10 < end


def test_no_blank_line_stands_at_an_end() -> None:
    text = lines(40, blank=(9, 11, 12))
    start, end = telling_lines(text, {10: {"rare"}}, WEIGHTS)
    assert text[start]
    assert text[end - 1]


@given(
    st.lists(st.sampled_from(["", "word", "x" * 300, "y" * 2_000]), min_size=1, max_size=40),
    st.dictionaries(st.integers(0, 39), st.sets(st.sampled_from(sorted(WEIGHTS)), min_size=1), max_size=10),
)
def test_an_excerpt_is_a_part_of_the_passage_and_no_longer_than_allowed(
    text: list[str], held: dict[int, set[str]]
) -> None:
    held = {number: words for number, words in held.items() if number < len(text)}
    start, end = telling_lines(text, held, WEIGHTS)
    assert 0 <= start < end <= len(text)
    assert end - start <= EXCERPT_LINES
    assert end - start == 1 or sum(len(line) + 1 for line in text[start:end]) <= EXCERPT_CHARS
