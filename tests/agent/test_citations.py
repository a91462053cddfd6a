"""Which sources an answer may claim: those that its turn read, and no other."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.citations import CITATIONS_MAX, QUOTE_MAX_CHARS, citations
from agent.desk import CallRecord, Citation
from tests.mission import requirement


def record(name: str, result: object, *, ok: bool = True) -> CallRecord:
    text = result if isinstance(result, str) else json.dumps(result)
    return CallRecord(call_id="c", name=name, arguments={}, ok=ok, result=text, duration_ms=1)


OVEN = {"cite": "", "file": "h/oven.md", "lines": "8-11", "text": "## E4\n\nE4 is steam.\nPress reset."}
PAGE = {"cite": "", "file": "h/mixer.pdf", "pages": "3", "text": "It turns.\nFast."}
SEARCH = record("shared.search", {"query": "E4", "passages": [OVEN, PAGE]})
READ = record("shared.read", {"file": "h/till.md", "lines": "1-3", "text": "one\ntwo\nthree"})


def cited(answer: str, *calls: CallRecord) -> list[tuple[str, int, int]]:
    return [(each.file, each.first, each.last) for each in citations(answer, calls or (SEARCH, READ))]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Reset it [h/oven.md:8-11].", [("h/oven.md", 8, 11)]),
        ("Reset it [h/oven.md:10].", [("h/oven.md", 10, 10)]),
        ("Reset it (h/oven.md, lines 10\u201311).", [("h/oven.md", 10, 11)]),
        ("`oven.md` lines 10 to 11 say so", [("h/oven.md", 10, 11)]),
        ("see oven.md:L10-L11", [("h/oven.md", 10, 11)]),
        ("more than was read: [h/oven.md:1-200]", [("h/oven.md", 8, 11)]),
        ("[h/mixer.pdf:p3]", [("h/mixer.pdf", 3, 3)]),
        ("first [h/till.md:2], then [h/oven.md:8], again [h/till.md:2]", [("h/till.md", 2, 2), ("h/oven.md", 8, 8)]),
        ("lines that were not read: [h/oven.md:40-50]", []),
        ("a file that was not read: [h/secret.md:8-11]", []),
        ("another folder: [x/oven.md:8-11]", []),
        ("[my-oven.md:8]", []),
        ("no lines: oven.md", []),
        ("nothing at all", []),
    ],
)  # fmt: skip
@requirement("U5")
def test_only_what_was_read_counts_as_a_source(answer: str, expected: list[tuple[str, int, int]]) -> None:
    assert cited(answer) == expected


def test_a_name_that_two_files_have_needs_its_folder() -> None:
    other = record("shared.read", {"file": "x/oven.md", "lines": "8-9", "text": "one\ntwo"})
    assert cited("[oven.md:8]", SEARCH, other) == []
    assert cited("[x/oven.md:8]", SEARCH, other) == [("x/oven.md", 8, 8)]


def test_a_citation_quotes_its_own_lines() -> None:
    assert citations("[h/oven.md:10-11]", (SEARCH,)) == (
        Citation(file="h/oven.md", first=10, last=11, quote="E4 is steam. Press reset."),
    )
    (page,) = citations("[h/mixer.pdf:p3]", (SEARCH,))
    assert (page.unit, page.quote) == ("page", "It turns. Fast.")


def test_a_call_that_failed_or_is_of_another_tool_brings_no_source() -> None:
    assert cited("[h/oven.md:8]", record("shared.search", json.loads(SEARCH.result), ok=False)) == []
    assert cited("[h/oven.md:8]", record("agent.ask_peer", json.loads(SEARCH.result))) == []
    assert cited("[h/oven.md:8]", record("shared.search", SEARCH.result[:60])) == []


def test_what_peers_say_that_their_answers_rest_on_is_told_under_their_names() -> None:
    one = record(
        "agent.ask_peer", {"from": "bob", "answer": "Yes.", "sources": ["h/oven.md:8-11", "no place"]}
    )
    many = record(
        "agent.ask_peers", {"answers": [{"from": "carol", "sources": ["x/a b.pdf:p3"]}, {"from": "dan"}]}
    )
    failed = record("agent.ask_peer", {"from": "eve", "sources": ["h/e.md:1"]}, ok=False)
    assert [(each.peer, each.file, each.first, each.last, each.unit) for each in citations("Yes.", (one, many, failed))] == [
        ("bob", "h/oven.md", 8, 11, "line"),
        ("carol", "x/a b.pdf", 3, 3, "page"),
    ]  # fmt: skip


@pytest.mark.timeout(10)
@pytest.mark.parametrize("filler", [" ", "\n", "`", " lines ", "oven.md:8 "])
def test_a_hostile_answer_is_read_in_bounded_time(filler: str) -> None:
    answer = f"oven.md{filler * 20_000}x. And [h/till.md:2]."
    assert ("h/till.md", 2, 2) in cited(answer)


def test_sources_are_few_and_short() -> None:
    text = "word " * 500
    passages = [{"file": f"h/{n}.md", "lines": "1-1", "text": text} for n in range(20)]
    answer = " ".join(f"[h/{n}.md:1]" for n in range(20))
    found = citations(answer, (record("shared.search", {"passages": passages}),))
    assert len(found) == CITATIONS_MAX
    assert all(len(each.quote) == QUOTE_MAX_CHARS for each in found)


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_answer_and_no_result_breaks_it(answer: str, result: str) -> None:
    assert (
        citations(answer + " [h/oven.md:99999999999]", (record("shared.search", result), SEARCH)) is not None
    )
