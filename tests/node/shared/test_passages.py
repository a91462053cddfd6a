"""Cutting texts into passages."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.shared.passages import OVERLAP_LINES, PASSAGE_LINES, PASSAGE_MAX_CHARS, Cut, cut, decoded


def cuts(text: str, *, has_headings: bool = True) -> list[Cut]:
    return list(cut(text, has_headings=has_headings))


def test_each_section_is_a_passage_under_all_its_headings() -> None:
    text = "# Shop\n\n## Hours\n\nNine to five.\n\n## Till\n\nCards.\nCash.\n\n### Closing\n\nCount it.\nTwice.\nAlone.\n"
    assert [(each.first, each.last, each.heading) for each in cuts(text)] == [
        (1, 5, "Shop > Hours"),
        (7, 16, "Shop > Till > Closing"),
    ]


def test_marks_that_close_a_heading_are_not_part_of_it_and_others_are() -> None:
    text = "# Languages #\n\n## C#\n\nA.\nB.\nC.\n\n## \tF\t###\n\nD.\n"
    assert [each.heading for each in cuts(text)] == ["Languages > C#", "Languages > F"]


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "line",
    ["# " + "#" * 1_000_000 + "x", "# a" + " " * 1_000_000 + "x", "#" * 1_000_000, " " * 1_000_000 + "```"],
    ids=["marks", "blanks", "no heading", "fence"],
)
def test_a_hostile_line_is_cut_in_bounded_time(line: str) -> None:
    pieces = cuts(f"{line}\n## Below\n\nWords.\n" * 2)
    assert pieces[-1].heading.endswith("Below")


@pytest.mark.timeout(10)
def test_many_headings_under_a_very_long_one_are_cut_in_bounded_time() -> None:
    pieces = cuts("# " + "x" * 1_000_000 + "\nOne.\nTwo.\nThree.\n" + "## y\nz\n" * 100_000)
    assert len(pieces) > 100_000


def test_a_comment_in_a_code_block_is_no_heading() -> None:
    (only,) = cuts("# Use\n\n```sh\n# not a heading\nrun\n```\nThen wait.\n")
    assert (only.first, only.last, only.heading) == (1, 7, "Use")


def test_a_long_text_is_cut_at_blank_lines_and_the_pieces_overlap() -> None:
    lines = [f"line {number}" if number % 10 else "" for number in range(1, 101)]
    pieces = cuts("\n".join(lines), has_headings=False)
    assert len(pieces) > 3
    for before, after in pairwise(pieces):
        assert before.last - OVERLAP_LINES <= after.first <= before.last + 1
        assert before.text.splitlines()[-1].strip()
    assert pieces[-1].last == 99


def test_a_line_that_is_too_long_becomes_several_passages_of_the_same_line() -> None:
    pieces = cuts("short\n" + "x" * (2 * PASSAGE_MAX_CHARS + 1), has_headings=False)
    assert [(each.first, each.last) for each in pieces] == [(1, 1), (2, 2), (2, 2), (2, 2)]


@given(
    st.lists(
        st.sampled_from(["", "# A", "## B", "### C", "some words", "more " * 50, "```", "y" * 3_000]),
        max_size=120,
    ),
    st.booleans(),
)
def test_every_line_with_words_is_in_a_passage_and_no_passage_is_too_long(
    lines: list[str], headings: bool
) -> None:
    pieces = cuts("\n".join(lines), has_headings=headings)
    covered = {number for each in pieces for number in range(each.first, each.last + 1)}
    assert {number for number, line in enumerate(lines, 1) if line.strip()} <= covered
    assert all(len(each.text) <= PASSAGE_MAX_CHARS for each in pieces)
    assert all(each.last - each.first < PASSAGE_LINES for each in pieces)


@given(st.binary(max_size=400))
def test_any_bytes_are_text_without_control_characters_or_no_text(content: bytes) -> None:
    text = decoded(content)
    assert text is None or all(each in "\n\t" or each >= " " for each in text)


def test_texts_of_other_systems_are_read() -> None:
    assert decoded("Grüße\r\naus\rBern".encode()) == "Grüße\naus\nBern"
    assert decoded("\ufeffGrüße".encode()) == "Grüße"
    assert decoded("Grüße".encode("cp1252")) == "Grüße"
    assert decoded("Grüße".encode("utf-16")) == "Grüße"
    assert decoded(b"\x89PNG\r\n\x1a\n\0\0") is None
