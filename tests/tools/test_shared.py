"""The tools over shared folders, before a reader that remembers who asked."""

from collections.abc import Sequence

import pytest

from tools.schema import checked
from tools.shared import LINES_MAX, PASSAGES_MAX, Passage, SharedFile, passages_in, shared_tools
from tools.spec import RESULT_MAX_CHARS, Effect, ToolContext, ToolError, ToolResult, ToolSpec

OVEN = Passage(file="h/oven.md", first=8, last=11, heading="Oven > E4", text="E4 is steam.")


class Reader:
    """A `SharedReader` of one passage."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    async def search(self, query: str, limit: int, *, asker: str | None) -> Sequence[Passage]:
        self.asked.append((query, limit, asker))
        return [OVEN]

    async def read(self, file: str, first: int, last: int, *, asker: str | None) -> Passage:
        self.asked.append((file, first, last, asker))
        return OVEN

    async def files(self, *, asker: str | None) -> Sequence[SharedFile]:
        self.asked.append((asker,))
        return [SharedFile(file=f"h/{number}.md", size=1) for number in range(250)]


def tools(reader: Reader) -> dict[str, ToolSpec]:
    return {tool.name: tool for tool in shared_tools(reader)}


async def call(reader: Reader, name: str, *, asker: str | None = "bob", **arguments: object) -> object:
    tool = tools(reader)[name]
    assert tool.handler is not None
    context = ToolContext(turn_id="t", call_id="c", asker=asker)
    return await tool.handler(context, tool.fit(checked(arguments, tool.parameters)))


def test_all_of_them_only_read_and_need_the_right_for_a_peer() -> None:
    assert {(tool.effect, tool.remote) for tool in tools(Reader()).values()} == {(Effect.READ, "shared")}


async def test_a_search_says_for_whom_and_returns_what_to_cite() -> None:
    reader = Reader()
    result = await call(reader, "shared.search", query="E4")
    assert isinstance(result, dict)
    (passage,) = result["passages"]
    assert (passage["cite"], passage["lines"]) == ("[h/oven.md:8-11]", "8-11")
    await call(reader, "shared.search", query="E4", limit=99, asker=None)
    assert [(limit, asker) for _, limit, asker in reader.asked] == [(4, "bob"), (PASSAGES_MAX, None)]


async def test_a_reading_is_bounded_and_names_its_file_in_one_way() -> None:
    reader = Reader()
    await call(reader, "shared.read", file="./h//oven.md")
    await call(reader, "shared.read", file="h/oven.md", fromLine=5, toLine=9_999)
    await call(reader, "shared.read", file="h/oven.md", fromLine=-4, toLine=2)
    assert reader.asked == [
        ("h/oven.md", 1, LINES_MAX, "bob"),
        ("h/oven.md", 5, 4 + LINES_MAX, "bob"),
        ("h/oven.md", 1, 2, "bob"),
    ]
    with pytest.raises(ToolError, match="before from_line"):
        await call(reader, "shared.read", file="h/oven.md", fromLine=9, toLine=3)


async def test_a_long_list_says_how_much_is_missing() -> None:
    result = await call(Reader(), "shared.list")
    assert isinstance(result, dict)
    assert (len(result["files"]), result["not listed"]) == (200, 50)


async def test_what_a_call_brought_can_be_read_back_from_its_result() -> None:
    result = ToolResult.success(await call(Reader(), "shared.search", query="E4")).text()
    (passage,) = passages_in("shared.search", result)
    assert (passage.file, passage.first, passage.last, passage.text) == ("h/oven.md", 8, 11, OVEN.text)
    assert passages_in("notes.search", result) == passages_in("shared.search", "[]") == []


def test_the_longest_search_result_is_never_cut() -> None:
    text = '"\n' * 1_200  # each character takes two in JSON
    passages = [Passage(file="h/" + "x" * 200, first=1, last=2_400, text=text)] * PASSAGES_MAX
    shown = [{"file": each.file, "cite": each.cite, "text": each.text} for each in passages]
    assert len(ToolResult.success({"passages": shown}).text()) < RESULT_MAX_CHARS
