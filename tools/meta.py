"""The tools about tools: which groups there are, and bringing some of them into view."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Protocol

from tools.registry import tool
from tools.spec import Effect, JsonObject, ToolSpec

META_TOOLS = frozenset({"list_tool_groups", "load_tools"})


class ToolGroups(Protocol):
    """The part of a turn that knows its tools by group."""

    def groups(self) -> Sequence[JsonObject]:
        """Describe every group."""
        ...

    def load(self, names: Sequence[str]) -> JsonObject:
        """Bring groups into view and say what that came to."""
        ...


def meta_tools(toolbox: ToolGroups) -> tuple[ToolSpec, ...]:
    """Return the meta tools of one turn."""

    @tool(name="list_tool_groups", effect=Effect.READ, core=True)
    async def list_tool_groups() -> object:
        """List the groups of tools that can be loaded, each with what is in it."""
        return {"groups": list(toolbox.groups())}

    @tool(name="load_tools", effect=Effect.READ, core=True)
    async def load_tools(
        groups: Annotated[list[str], "names as list_tool_groups gives them"],
    ) -> object:
        """Make the tools of one or more groups available from now on."""
        return toolbox.load(list(group_names(groups)))

    return (list_tool_groups, load_tools)


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
