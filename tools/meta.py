"""The tools about tools: which groups there are, and bringing some of them into view."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Protocol

from tools.registry import tool
from tools.spec import Effect, JsonObject, ToolSpec

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
    """Return the meta tools of one turn."""

    @tool(name="search_tools", effect=Effect.READ, core=True)
    async def search_tools(
        query: Annotated[str, "what the tool should do, in a few words"],
        limit: Annotated[int, f"how many, at most {SEARCH_LIMIT_MAX}"] = SEARCH_LIMIT,
    ) -> object:
        """Find tools that you do not see yet. Those found can be called at once."""
        return toolbox.search(query, max(1, min(limit, SEARCH_LIMIT_MAX)))

    @tool(name="load_tools", effect=Effect.READ, core=True)
    async def load_tools(
        groups: Annotated[list[str], "names of groups, as list_tool_groups gives them, or of single tools"],
    ) -> object:
        """Make groups of tools, or single tools, available from now on."""
        return toolbox.load(list(group_names(groups)))

    @tool(name="list_tool_groups", effect=Effect.READ, core=True)
    async def list_tool_groups() -> object:
        """List the groups of tools that can be loaded, each with what is in it."""
        return toolbox.groups()

    return (search_tools, load_tools, list_tool_groups)


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
        read = text.split(",")
    for name in read if isinstance(read, list) else [read]:
        if isinstance(name, str) and name.strip():
            yield name.strip()
