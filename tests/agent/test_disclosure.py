from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.context import tokens_of
from agent.disclosure import MAX_CARRIED_GROUPS, TOOL_BUDGET, carried, guess_slots, guesses, presented
from agent.ranking import Ranking
from tests.agent.fakes import reader
from tests.mission import requirement
from tools.spec import ToolSpec


def names(tools: Sequence[ToolSpec]) -> list[str]:
    return [tool.name for tool in tools]


@requirement("D8")
def test_at_most_three_groups_are_carried_and_the_oldest_go_first() -> None:
    assert MAX_CARRIED_GROUPS == 3
    assert carried(("a", "b", "c", "d")) == ("b", "c", "d")
    assert carried(()) == ()


TOOLS = st.lists(
    st.builds(
        lambda group, verb: reader(f"{group}.v{verb}"),
        st.sampled_from("abcdefgh"),
        st.integers(min_value=0, max_value=30),
    ),
    unique_by=lambda tool: tool.name,
    max_size=120,
)
CORE = [reader("core_one", core=True), reader("core_two", core=True)]


@requirement("D7")
@given(called_for=TOOLS, guessed=TOOLS, budget=st.integers(min_value=2, max_value=TOOL_BUDGET))
def test_the_budget_holds_the_core_comes_first_and_what_is_dropped_is_named(
    called_for: list[ToolSpec], guessed: list[ToolSpec], budget: int
) -> None:
    choice = presented(CORE, called_for, guessed, budget=budget)
    shown = names(choice.tools)
    assert len(shown) == len(set(shown)) <= budget
    assert shown[:2] == ["core_one", "core_two"]
    assert {*choice.dropped} == {*names(called_for)} - {*shown}
    if set(shown) & ({*names(guessed)} - {*names(called_for)}):
        assert not choice.dropped, "a guess takes no place from what was called for"


@given(tools=TOOLS, more=TOOLS)
def test_within_a_turn_tools_keep_their_places_and_new_ones_follow(
    tools: list[ToolSpec], more: list[ToolSpec]
) -> None:
    first = presented(CORE, tools, budget=1_000, tokens=100_000).tools
    before = {tool.name: tool for tool in first}
    second = presented(CORE, [*more, *tools], before=before, budget=1_000, tokens=100_000).tools
    assert names(second)[: len(first)] == names(first)


def test_when_room_is_short_what_was_called_for_last_is_kept() -> None:
    newest_first = [reader("new.a"), reader("new.b"), reader("old.a"), reader("old.b")]
    choice = presented(CORE[:1], newest_first, budget=4)
    assert names(choice.tools) == ["core_one", "new.a", "new.b", "old.a"]
    assert choice.dropped == ("old.b",)


def test_definitions_are_shortened_before_any_is_left_out() -> None:
    wordy = [reader(f"a.t{n}", description=f"Does {n}. " + "More of it. " * 50) for n in range(10)]
    roomy, tight = presented(CORE, wordy, tokens=5_000), presented(CORE, wordy, tokens=400)
    assert roomy.tools[2].description == wordy[0].description
    assert [tool.description for tool in tight.tools[2:]] == [f"Does {n}." for n in range(10)]
    assert sum(map(tokens_of, tight.tools)) <= 400
    assert not tight.dropped


def test_what_the_tokens_do_not_hold_is_named_and_the_core_stays() -> None:
    choice = presented(CORE, [reader(f"a.t{n}") for n in range(20)], tokens=100)
    assert names(choice.tools)[:2] == names(CORE)
    assert len(choice.tools) + len(choice.dropped) == 22
    assert choice.dropped


def test_a_definition_keeps_the_form_in_which_it_was_shown() -> None:
    wordy = reader("a.b", description="Does it. " + "And more. " * 100)
    first = presented([], [wordy], tokens=1_000)
    more = [reader(f"c.t{n}", description="Does that. " + "And so on. " * 20) for n in range(20)]
    later = presented([], [*more, wordy], before={"a.b": first.tools[0]}, tokens=1_000)
    assert later.tools[0] == wordy


def test_guesses_are_the_best_that_are_not_there_yet_and_never_mere_noise() -> None:
    tools = tuple(reader(f"a.t{n}") for n in range(4))
    ranking = Ranking(tools=tools, scores=(10.0, 8.0, 5.0, 0.5))
    assert names(guesses(ranking, slots=2, known={"a.t0"})) == ["a.t1", "a.t2"]
    assert names(guesses(ranking, slots=9)) == ["a.t0", "a.t1", "a.t2"]
    assert guesses(Ranking(), slots=9) == ()


@pytest.mark.parametrize(("core", "slots"), [(3, 12), (9, 6), (12, 6)])
def test_a_turn_begins_with_fifteen_tools_or_fewer_but_never_without_guesses(core: int, slots: int) -> None:
    assert guess_slots(core) == slots
