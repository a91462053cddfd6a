import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.finder import INDEXES_KEPT, ToolFinder
from agent.learned import Bag, Learned
from agent.request import HEAD_CHARS, TAIL_CHARS, request_of, words_to_learn
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
    reader("sums.calc", description="Evaluate an expression."),
)


def found(
    prompt: str, *recent: str, catalogue: tuple[ToolSpec, ...] = CATALOGUE, **more: object
) -> list[str]:
    ranking = ToolFinder().rank(catalogue, request_of(prompt, recent), **more)  # type: ignore[arg-type]
    return [tool.name for tool in ranking.tools]


@requirement("D5")
@pytest.mark.parametrize(
    ("prompt", "tool"),
    [
        ("read file a.txt", "files.read"),
        ("Please delete the FILES in tmp", "files.delete"),
        ("run the shell command ls", "terminal.exec"),
        ("find what my notes say about Rome", "notes.search"),
        ("add a note: buy milk", "notes.add"),
        ("will it rain in Oslo?", "weather.today"),
        ("saving what I am editing", "editor.save"),
        ("calculate 15% of 2499.99", "sums.calc"),
        ("what is in ~/notes/todo.md?", "notes.search"),
    ],
)
def test_a_prompt_finds_the_tool_that_it_speaks_of(prompt: str, tool: str) -> None:
    assert found(prompt)[0] == tool


@pytest.mark.parametrize(
    "prompt", ["", "hello there", "What is the capital of France?", "thank you, that is all", "…", "1 2 3"]
)
def test_small_talk_finds_nothing(prompt: str) -> None:
    assert found(prompt) == []


@pytest.mark.parametrize(
    ("prompt", "tool"),
    [("open https://example.org/x", "web.fetch"), ("what is in /etc/hosts", "disk.entries")],
)
def test_things_in_a_prompt_say_what_it_is_about(prompt: str, tool: str) -> None:
    tools = (
        reader("web.fetch", description="Fetch a web page."),
        reader("disk.entries", description="List a directory."),
        reader("mail.send", description="Send a message."),
    )
    assert found(prompt, catalogue=tools)[0] == tool


def test_neighbours_of_a_match_come_before_strangers_that_match_less() -> None:
    assert set(found("remove it for good")) == {"files.delete", "files.read", "files.write"}


def test_what_was_said_before_counts_but_less_than_the_prompt() -> None:
    assert found("and then?", "search my notes")[0] == "notes.search"
    assert found("read the file", "search the notes")[0] == "files.read"


def test_groups_in_use_come_along_even_when_the_prompt_does_not_speak_of_them() -> None:
    assert found("remove it then", carried=("notes",))[-2:] == ["notes.search", "notes.add"]


def test_the_ranking_does_not_depend_on_the_order_of_the_catalogue() -> None:
    prompt = "read the file and add a note"
    assert found(prompt)[:4] == found(prompt, catalogue=tuple(reversed(CATALOGUE)))[:4]


def test_parameters_say_what_a_tool_is_for() -> None:
    schema = {
        "type": "object",
        "properties": {"to": {"type": "string", "description": "the mailbox"}, "kind": {"enum": ["urgent"]}},
    }
    tools = (reader("a.one", parameters=schema, description=""), reader("b.two", description=""))
    assert found("put it into the mailbox", catalogue=tools) == ["a.one"]
    assert found("an urgent one", catalogue=tools) == ["a.one"]


def test_text_without_spaces_between_words_is_found() -> None:
    tools = (reader("a.one", description="读取文件"), reader("b.two", description="天气预报"))
    assert found("请打开文件", catalogue=tools)[0] == "a.one"


def test_what_stands_in_the_middle_of_a_very_long_prompt_is_material_and_not_read() -> None:
    filler = "x " * (HEAD_CHARS + TAIL_CHARS)
    assert found(f"{filler} notes {filler}") == []
    assert found(f"{filler} search my notes")[0] == "notes.search"


@given(st.text(max_size=200))
def test_any_text_is_a_request(text: str) -> None:
    ranking = ToolFinder().rank(CATALOGUE, request_of(text, [text]))
    assert len(ranking.tools) == len(ranking.scores) <= len(CATALOGUE)


# --- the indexes that are kept ---------------------------------------------------------------------


def test_an_index_is_built_once_for_the_same_content_and_anew_for_other() -> None:
    finder = ToolFinder()

    def tools(description: str) -> list[ToolSpec]:
        return [ToolSpec(name="a.b", description=description, parameters={"type": "object"})]

    index = finder.index(tools("One."))
    assert finder.index(tools("One.")) is index
    assert finder.index(tools("Two.")) is not index
    assert finder.index(tools("One.")) is index


def test_only_so_many_indexes_are_kept() -> None:
    finder = ToolFinder()
    first = finder.index([reader("a.t0")])
    for number in range(INDEXES_KEPT):
        finder.index([reader(f"b.t{number}")])
    assert finder.index(first.tools) is not first


# --- what use teaches ------------------------------------------------------------------------------


def test_words_of_earlier_requests_find_the_tool_that_they_needed() -> None:
    learned = Learned()
    finder = ToolFinder(learned)
    request = request_of("jot milk for Tuesday")
    assert finder.rank(CATALOGUE, request).tools == ()
    learned.put("notes.add", Bag().with_request(words_to_learn("jot that please")))
    assert finder.rank(CATALOGUE, request).tools[0].name == "notes.add"


def test_a_habit_does_not_hide_the_tool_whose_words_are_used() -> None:
    learned = Learned()
    for _ in range(8):
        learned.put("notes.add", learned.bag("notes.add").with_request(words_to_learn("delete the file")))
    ranking = ToolFinder(learned).rank(CATALOGUE, request_of("delete the file"))
    assert "files.delete" in [tool.name for tool in ranking.tools[:2]]


def test_what_was_learned_of_a_tool_that_is_not_there_is_no_result() -> None:
    learned = Learned({"gone.tool": Bag().with_request(["jot"])})
    assert ToolFinder(learned).rank(CATALOGUE, request_of("jot")).tools == ()
