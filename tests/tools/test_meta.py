from collections.abc import Sequence

import pytest

from tests.mission import requirement
from tools.meta import META_TOOLS, group_names, meta_tools
from tools.schema import checked
from tools.spec import Effect, JsonObject, ToolContext


class Groups:
    def __init__(self) -> None:
        self.loaded: list[str] = []

        self.searched: list[tuple[str, int]] = []

    def groups(self) -> JsonObject:
        return {"groups": [{"name": "files", "count": 2}]}

    def search(self, query: str, limit: int) -> JsonObject:
        self.searched.append((query, limit))
        return {"tools": []}

    def load(self, names: Sequence[str]) -> JsonObject:
        self.loaded += names
        return {"loaded": list(names)}


CONTEXT = ToolContext(turn_id="t", call_id="c")


def test_the_meta_tools_are_core_and_only_read() -> None:
    tools = meta_tools(Groups())
    assert {tool.name for tool in tools} == META_TOOLS
    assert all(tool.core and tool.effect is Effect.READ and not tool.remote for tool in tools)


@requirement("D4")
@pytest.mark.parametrize(
    "spelled", [["files", "notes"], '["files", "notes"]', "files, notes", ["files,notes"]]
)
async def test_groups_are_loaded_however_the_model_spells_the_list(spelled: object) -> None:
    groups = Groups()
    load = meta_tools(groups)[1]
    assert load.handler is not None
    await load.handler(CONTEXT, checked({"groups": spelled}, load.parameters))
    assert groups.loaded == ["files", "notes"]


@requirement("D3")
async def test_groups_are_listed_as_the_turn_knows_them() -> None:
    list_groups = meta_tools(Groups())[2]
    assert list_groups.handler is not None
    assert await list_groups.handler(CONTEXT, {}) == {"groups": [{"name": "files", "count": 2}]}


@pytest.mark.parametrize(
    ("given", "limit"), [({}, 5), ({"limit": 3}, 3), ({"limit": 99}, 10), ({"limit": -1}, 1)]
)
async def test_a_search_has_a_limit_within_reason(given: JsonObject, limit: int) -> None:
    groups = Groups()
    search = meta_tools(groups)[0]
    assert search.handler is not None
    await search.handler(CONTEXT, checked({"query": "a file", **given}, search.parameters))
    assert groups.searched == [("a file", limit)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("files", ["files"]),
        ('"files"', ["files"]),
        ([], []),
        (None, []),
        ([1, {"a": 2}, " x "], ["x"]),
        ("[[1]]", []),
        ("['files', notes]", ["files", "notes"]),
    ],
)
def test_names_are_read_from_whatever_is_text(value: object, expected: list[str]) -> None:
    assert list(group_names(value)) == expected
