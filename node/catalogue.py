"""All tools of the owner's turns: the node's own and those of clients, and what each costs of the window."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from agent.context import CHARS_PER_TOKEN, tokens_of
from agent.finder import ToolFinder
from agent.index import ToolIndex
from agent.toolbox import OwnerToolbox
from tools.registry import Registry
from tools.spec import ToolSpec

ESTIMATE = f"tokens are estimated: the characters of a definition's JSON, divided by {CHARS_PER_TOKEN}"
CORE = "core"
"""Where the tools that are always shown are listed, whatever their group."""
_FOR_PEERS = frozenset({"list_peers", "agent.ask_peer"})


class Catalogue:
    def __init__(self, registry: Registry, *, finder: ToolFinder, is_connected: Callable[[], bool]) -> None:
        """Take the node's tools, complete, and whether any peer is connected now."""
        self.finder = finder
        self.last_shown: Mapping[str, int] = MappingProxyType({})
        """What the last turn's model saw at its end: tools and what each cost, in the form that it had."""
        self._with_peers = tuple(registry)
        self._alone = tuple(
            replace(tool, core=False) if tool.name in _FOR_PEERS else tool for tool in registry
        )
        self._is_connected = is_connected

    def own(self) -> tuple[ToolSpec, ...]:
        """Return the node's tools; those for peers are always in view only while there is somebody to ask."""
        return self._with_peers if self._is_connected() else self._alone

    def all(self, client_tools: Iterable[ToolSpec] = ()) -> tuple[ToolSpec, ...]:
        """Return every tool that a turn with these clients could call."""
        return tuple(self._toolbox(client_tools).catalogue().values())

    async def prepare(self, client_tools: Iterable[ToolSpec]) -> None:
        """Build the index over a client's tools beside the loop, before a turn needs it."""
        tools = self._toolbox(client_tools).searchable()
        self.finder.keep(await asyncio.to_thread(ToolIndex, tools))

    def listing(self, client_tools: Iterable[ToolSpec] = ()) -> dict[str, object]:
        """Describe every tool and every group with what it costs, and what the last turn showed of them."""
        tools = self.all(client_tools)
        costs = {tool.name: tokens_of(tool) for tool in tools}
        return {
            "tools": [
                {
                    "name": tool.name,
                    "description": tool.description,
                    "source": source_of(tool),
                    "effect": tool.effect.value,
                    "tokens": costs[tool.name],
                    "shown": tool.name in self.last_shown,
                }
                for tool in tools
            ],
            "groups": _groups(tools, costs),
            "tokens": sum(costs.values()),
            "lastTurn": {"tools": list(self.last_shown), "tokens": sum(self.last_shown.values())},
            "estimate": ESTIMATE,
        }

    def _toolbox(self, client_tools: Iterable[ToolSpec]) -> OwnerToolbox:
        attached = tuple(client_tools)
        return OwnerToolbox(self.own(), client_tools=lambda: attached)


def source_of(tool: ToolSpec) -> str:
    """Return what a tool is listed under: its group, or the core that is always shown."""
    return CORE if tool.core else tool.group


def _groups(tools: Sequence[ToolSpec], costs: Mapping[str, int]) -> list[dict[str, object]]:
    members: dict[str, list[str]] = {}
    for tool in tools:
        members.setdefault(source_of(tool), []).append(tool.name)
    return [
        {"name": group, "count": len(names), "tokens": sum(costs[name] for name in names)}
        for group, names in members.items()
    ]
