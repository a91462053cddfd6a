"""The tools about tools: which groups there are, and bringing some of them into view."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from tools.spec import Effect, JsonObject, ToolContext, ToolSpec

META_TOOLS = frozenset({"search_tools", "load_tools", "list_tool_groups"})
SEARCH_LIMIT = 5
SEARCH_LIMIT_MAX = 10


class ToolGroups(Protocol):
    """The part of a turn that knows its tools, in view or not."""

    def search(self, query: str, limit: int) -> JsonObject:
        """Bring the tools into view that match best, and describe them."""
        ...

    def load(self, names: Sequence[str]) -> JsonObject:
        """Bring groups and single tools into view and say what that came to."""
        ...

    def groups(self) -> JsonObject:
        """Describe the groups."""
        ...


def meta_tools(toolbox: ToolGroups) -> tuple[ToolSpec, ...]:
    """Return the meta tools of one turn; what they say of themselves is the same in every turn."""

    async def search(_: ToolContext, arguments: JsonObject) -> object:
        limit = arguments["limit"]
        assert isinstance(limit, int)
        return toolbox.search(str(arguments["query"]), max(1, min(limit, SEARCH_LIMIT_MAX)))

    async def load(_: ToolContext, arguments: JsonObject) -> object:
        return toolbox.load(list(group_names(arguments["groups"])))

    async def groups(_: ToolContext, _arguments: JsonObject) -> object:
        return toolbox.groups()

    return replace(_SEARCH, handler=search), replace(_LOAD, handler=load), replace(_GROUPS, handler=groups)


_SEARCH = ToolSpec(
    name="search_tools",
    description="Find tools that you do not see yet. Those found can be called at once.",
    parameters={
        "type": "object",
        "properties": {
            "query": {"type": "string", "description": "what the tool should do, in a few words"},
            "limit": {
                "type": "integer",
                "description": f"how many, at most {SEARCH_LIMIT_MAX}",
                "default": SEARCH_LIMIT,
            },
        },
        "required": ["query"],
    },
    effect=Effect.READ,
    core=True,
)
_LOAD = ToolSpec(
    name="load_tools",
    description="Make groups of tools, or single tools, available from now on.",
    parameters={
        "type": "object",
        "properties": {
            "groups": {
                "type": "array",
                "items": {"type": "string"},
                "description": "names of groups, as list_tool_groups gives them, or of single tools",
            }
        },
        "required": ["groups"],
    },
    effect=Effect.READ,
    core=True,
)
_GROUPS = ToolSpec(
    name="list_tool_groups",
    description="List the groups of tools that can be loaded, each with what is in it.",
    effect=Effect.READ,
    core=True,
)


_BRACKETS_AND_QUOTES = " \n[]'\""
"""Around names that are written as a list in no JSON, as `['files']`."""


def group_names(value: object) -> Iterator[str]:
    """Read names from a list, JSON text or comma text, nested as a small model happens to write them."""
    if isinstance(value, str):
        yield from _names_in_text(value)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, str):
                yield from _names_in_text(item)


def _names_in_text(text: str) -> Iterator[str]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = [name.strip(_BRACKETS_AND_QUOTES) for name in text.split(",")]
    for name in read if isinstance(read, list) else [read]:
        if isinstance(name, str) and name.strip():
            yield name.strip()
