import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.disclosure import MAX_CARRIED_GROUPS, TOOL_BUDGET, carried, preloaded, presented
from tests.agent.fakes import reader, writer
from tests.mission import requirement
from tools.spec import ToolSpec

CATALOGUE = (
    reader("list_peers", core=True, description="List connected peers."),
    reader(
        "files.read", description="Read a file of the scratch folder.", phrases=("show me the file {path}",)
    ),
    writer("files.write", description="Write a file."),
    writer("files.delete", description="Remove a file for good."),
    writer("editor.save", description="Save the buffer in focus."),
    writer("terminal.exec", description="Run a shell command and return its output."),
    reader("notes.search", description="Find notes by words in them."),
    writer("notes.add", description="Write down a note."),
    reader(
        "weather.today", description="Tell today's forecast for a town.", phrases=("will it rain in {town}",)
    ),
)


@requirement("D5")
@pytest.mark.parametrize(
    ("prompt", "group"),
    [
        ("read file a.txt", "files"),
        ("Please delete the FILES in tmp", "files"),
        ("run the shell command ls", "terminal"),
        ("what did my notes say about Rome?", "notes"),
        ("add a note: buy milk", "notes"),
        ("will it rain in Oslo?", "weather"),
        ("save what I am editing", "editor"),
    ],
)
def test_a_prompt_brings_the_group_that_it_speaks_of(prompt: str, group: str) -> None:
    assert preloaded(CATALOGUE, prompt)[-1] == group


@pytest.mark.parametrize(
    "prompt", ["", "hello there", "What is the capital of France?", "thank you, that is all"]
)
def test_small_talk_brings_no_group(prompt: str) -> None:
    assert preloaded(CATALOGUE, prompt) == ()


def test_what_was_said_before_counts_but_less_than_the_prompt() -> None:
    assert preloaded(CATALOGUE, "and now?", ["read my notes", "search the notes"]) != ()
    assert preloaded(CATALOGUE, "read the file", ["search the notes"])[-1] == "files"


def test_the_guess_does_not_depend_on_the_order_of_the_catalogue() -> None:
    prompt = "read the file and add a note"
    assert set(preloaded(CATALOGUE, prompt)) == set(preloaded(tuple(reversed(CATALOGUE)), prompt))


@requirement("D8")
def test_at_most_three_groups_are_carried_and_the_oldest_go_first() -> None:
    assert MAX_CARRIED_GROUPS == 3
    assert carried(("a", "b", "c", "d")) == ("b", "c", "d")
    assert carried(()) == ()


TOOLS = st.lists(
    st.builds(
        lambda group, verb, core: reader(f"{group}.v{verb}", core=core),
        st.sampled_from("abcdefgh"),
        st.integers(min_value=0, max_value=30),
        st.sampled_from([False, False, False, True]),
    ),
    unique_by=lambda tool: tool.name,
    max_size=120,
)
GROUPS = st.lists(st.sampled_from("abcdefghx"), unique=True)


@requirement("D7")
@given(tools=TOOLS, groups=GROUPS, budget=st.integers(min_value=1, max_value=TOOL_BUDGET))
def test_the_budget_holds_the_core_comes_first_and_what_is_dropped_is_named(
    tools: list[ToolSpec], groups: list[str], budget: int
) -> None:
    choice = presented(tools, groups, budget=budget)
    shown = [tool.name for tool in choice.tools]
    core = [tool.name for tool in tools if tool.core]
    assert len(shown) <= budget
    assert shown[: len(core)] == core[:budget]
    in_use = {tool.name for tool in tools if tool.core or tool.group in groups}
    assert {*shown, *choice.dropped} == in_use
    assert len(shown) + len(choice.dropped) == len(in_use)


@given(tools=TOOLS, groups=GROUPS, more=GROUPS)
def test_within_a_turn_tools_keep_their_places_and_new_ones_follow(
    tools: list[ToolSpec], groups: list[str], more: list[str]
) -> None:
    first = [tool.name for tool in presented(tools, groups, budget=1_000).tools]
    grown = groups + [group for group in more if group not in groups]
    second = [tool.name for tool in presented(tools, grown, before=first, budget=1_000).tools]
    assert second[: len(first)] == first


def test_when_room_is_short_the_group_used_last_is_kept() -> None:
    tools = [reader("core", core=True), reader("old.a"), reader("old.b"), reader("new.a"), reader("new.b")]
    choice = presented(tools, ("old", "new"), budget=4)
    assert [tool.name for tool in choice.tools] == ["core", "new.a", "new.b", "old.a"]
    assert choice.dropped == ("old.b",)
