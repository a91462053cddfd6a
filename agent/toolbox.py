"""What one turn can call and what of it the model sees, in the owner's turn and in a peer's."""

import difflib
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from agent.disclosure import TOOL_BUDGET, carried, grouped, preloaded, presented
from agent.gate import Mode, can_run_unattended
from agent.rules import Rules
from tools.meta import meta_tools
from tools.spec import JsonObject, ToolSpec

logger = logging.getLogger(__name__)

NEAR_NAMES_MAX = 3
GROUP_TOOLS_SHOWN = 12


class Toolbox(Protocol):
    def open_groups(self, prompt: str, *, recent: Sequence[str] = (), before: Sequence[str] = ()) -> None:
        """Start with the groups that the last turn left and those that the prompt speaks of."""
        ...

    def present(self) -> Sequence[ToolSpec]:
        """Return the tools of the next round."""
        ...

    def find(self, name: str) -> ToolSpec | None:
        """Return a tool that this turn may call, shown or not."""
        ...

    def use(self, tool: ToolSpec) -> None:
        """Keep a called tool's group in view from now on."""
        ...

    def refusal(self, name: str) -> str:
        """Say why a name that was not found cannot be called."""
        ...

    @property
    def active(self) -> Sequence[str]:
        """Groups in use, the most recent last."""
        ...

    @property
    def dropped(self) -> Sequence[str]:
        """Names of tools in use that did not fit into the last presentation."""
        ...


class OwnerToolbox:
    """All tools of the node and of the clients now attached, shown group by group.

    The node's tool wins where a client offers one of the same name.
    """

    def __init__(
        self,
        tools: Sequence[ToolSpec],
        *,
        client_tools: Callable[[], Sequence[ToolSpec]] = tuple,
        budget: int = TOOL_BUDGET,
    ) -> None:
        self._own = {tool.name: tool for tool in (*meta_tools(self), *tools)}
        self._client_tools = client_tools
        self._budget = budget
        self._active: list[str] = []
        self._shown: tuple[str, ...] = ()
        self.dropped: Sequence[str] = ()

    def open_groups(self, prompt: str, *, recent: Sequence[str] = (), before: Sequence[str] = ()) -> None:
        for group in (*carried(before), *preloaded(self.catalogue().values(), prompt, recent)):
            self._activate(group)

    def present(self) -> Sequence[ToolSpec]:
        choice = presented(self.catalogue().values(), self._active, before=self._shown, budget=self._budget)
        if choice.dropped and choice.dropped != self.dropped:
            logger.info("no room to show %d tools: %s", len(choice.dropped), ", ".join(choice.dropped))
        self._shown = tuple(tool.name for tool in choice.tools)
        self.dropped = choice.dropped
        return choice.tools

    def find(self, name: str) -> ToolSpec | None:
        return self.catalogue().get(name)

    def use(self, tool: ToolSpec) -> None:
        if not tool.core:
            self._activate(tool.group)

    def refusal(self, name: str) -> str:
        near = _near(name, list(self.catalogue()))
        hint = f"did you mean {', '.join(near)}?" if near else "list_tool_groups says what there is"
        return f"there is no tool {name!r}; {hint}"

    @property
    def active(self) -> Sequence[str]:
        return tuple(self._active)

    def groups(self) -> Sequence[JsonObject]:
        return [
            {
                "name": name,
                "description": _described(tools),
                "count": len(tools),
                "loaded": name in self._active,
            }
            for name, tools in grouped(self.catalogue().values()).items()
            if name
        ]

    def load(self, names: Sequence[str]) -> JsonObject:
        catalogue = self.catalogue()
        known = grouped(catalogue.values())
        wanted = {name: catalogue[name].group if name in catalogue else name for name in names}
        loaded = list(dict.fromkeys(group for group in wanted.values() if group in known))
        for group in loaded:
            self._activate(group)
        now = presented(catalogue.values(), self._active, before=self._shown, budget=self._budget)
        unknown = [name for name, group in wanted.items() if group not in known]
        return {
            "loaded": loaded,
            "tools": [tool.name for tool in now.tools if not tool.core and tool.group in loaded],
            **({"unknown": unknown, "groups": [name for name in known if name]} if unknown else {}),
            **({"not shown for want of room, yet callable": list(now.dropped)} if now.dropped else {}),
        }

    def catalogue(self) -> dict[str, ToolSpec]:
        """Return every tool of the turn by its name, shown or not."""
        return {tool.name: tool for tool in self._client_tools()} | self._own

    def _activate(self, group: str) -> None:
        if group in self._active:
            self._active.remove(group)
        self._active.append(group)


class PeerToolbox:
    """The few tools of a peer's turn: declared for it, and able to pass the gate with nobody there."""

    active: Sequence[str] = ()
    dropped: Sequence[str] = ()

    def __init__(self, tools: Sequence[ToolSpec], *, mode: Mode, rules: Rules) -> None:
        offered = [tool for tool in tools if tool.remote and can_run_unattended(tool, mode=mode, rules=rules)]
        self._tools = {tool.name: tool for tool in offered[:TOOL_BUDGET]}

    def open_groups(self, prompt: str, *, recent: Sequence[str] = (), before: Sequence[str] = ()) -> None:
        """Change nothing: all that there is is shown."""

    def present(self) -> Sequence[ToolSpec]:
        return tuple(self._tools.values())

    def find(self, name: str) -> ToolSpec | None:
        return self._tools.get(name)

    def use(self, tool: ToolSpec) -> None:
        """Change nothing: all that there is is shown."""

    def refusal(self, name: str) -> str:
        """Say the same of a private tool and of an invented one, so that nothing can be probed."""
        usable = f"only {', '.join(self._tools)} can" if self._tools else "it has no tools"
        return f"{name!r} cannot be used in a peer's turn: {usable}"


def _described(tools: Sequence[ToolSpec]) -> str:
    names = [tool.name.partition(".")[2] or tool.name for tool in tools]
    more = len(names) - GROUP_TOOLS_SHOWN
    return ", ".join(names[:GROUP_TOOLS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _near(name: str, names: Sequence[str]) -> list[str]:
    """Find names that were probably meant: `openPane` is near `open_pane`."""
    squashed = {_squash(each): each for each in names}
    found = difflib.get_close_matches(_squash(name)[:128], squashed, n=NEAR_NAMES_MAX)
    return [squashed[each] for each in found]


def _squash(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
