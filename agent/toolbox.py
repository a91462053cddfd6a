"""What one turn can call and what of it the model sees; the owner's turn sees more as it goes on."""

import difflib
import logging
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from agent.definitions import DEFINITION_TOKENS, brief
from agent.disclosure import (
    SMALL_CATALOGUE,
    TOOL_BUDGET,
    Presented,
    carried,
    grouped,
    guess_slots,
    guesses,
    presented,
)
from agent.finder import ToolFinder
from agent.ranking import Ranking
from agent.request import Request, request_of
from tools.guides import GUIDES
from tools.layout import LAYOUT_TOOLS
from tools.meta import META_TOOLS, meta_tools
from tools.spec import JsonObject, ToolSpec

logger = logging.getLogger(__name__)

NEAR_NAMES_MAX = 3
GROUP_TOOLS_SHOWN = 12
GROUPS_LISTED = 12
NEIGHBOURS_MAX = 8
"""So many tools of its group come into view with one that was called unseen."""


class Toolbox(Protocol):
    def open(self, prompt: str, *, recent: Sequence[str] = (), before: Sequence[str] = ()) -> None:
        """Start with what a prompt most likely needs; the groups that the last turn left weigh more."""
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
    def names(self) -> Collection[str]:
        """Names of all tools that this turn may call, shown or not."""
        ...

    @property
    def active(self) -> Sequence[str]:
        """Groups in use, the most recent last."""
        ...

    @property
    def dropped(self) -> Sequence[str]:
        """Names of tools that were called for but did not fit into the last presentation."""
        ...

    @property
    def shown(self) -> Sequence[ToolSpec]:
        """The last presentation, in the form in which the model saw it."""
        ...


class OwnerToolbox:
    """All tools of the node and of the clients now attached; what is in view grows during a turn.

    The node's tool wins where a client offers one of the same name.
    """

    def __init__(
        self,
        tools: Sequence[ToolSpec],
        *,
        client_tools: Callable[[], Sequence[ToolSpec]] = tuple,
        finder: ToolFinder | None = None,
        budget: int = TOOL_BUDGET,
        tokens: int = DEFINITION_TOKENS,
    ) -> None:
        self._own = {tool.name: tool for tool in (*meta_tools(self), *tools)}
        self._client_tools = client_tools
        self._finder = finder or ToolFinder()
        self._budget = budget
        self._tokens = tokens
        self._request: Request = {}
        self._active: list[str] = []
        self._called_for: list[str] = []
        self._guessed: list[str] = []
        self._shown: dict[str, ToolSpec] = {}
        self._wanted: tuple[Sequence[ToolSpec], ...] = ()
        self._chosen = Presented(tools=())
        """What was chosen of `_wanted`."""
        self.dropped: Sequence[str] = ()

    def open(self, prompt: str, *, recent: Sequence[str] = (), before: Sequence[str] = ()) -> None:
        self._request = request_of(prompt, recent)
        catalogue = self.catalogue()
        self._active = [group for group in carried(before) if group in grouped(catalogue.values())]
        core = [tool for tool in catalogue.values() if tool.core]
        if len(catalogue) <= SMALL_CATALOGUE:
            self._guessed = [tool.name for tool in catalogue.values() if not tool.core]
        else:
            slots, known = guess_slots(len(core)), {tool.name for tool in core}
            likely = guesses(self._ranked(self._active), slots=slots, known=known)
            self._guessed = [tool.name for tool in likely]

    def present(self) -> Sequence[ToolSpec]:
        choice = self._choice()
        if choice.dropped and choice.dropped != self.dropped:
            logger.info("no room to show %d tools: %s", len(choice.dropped), ", ".join(choice.dropped))
        self._shown = {tool.name: tool for tool in choice.tools}
        self.dropped = choice.dropped
        return choice.tools

    def _choice(self) -> Presented:
        catalogue = self.catalogue()
        core = [tool for tool in catalogue.values() if tool.core]
        called_for = [catalogue[name] for name in self._called_for if name in catalogue]
        guessed = [catalogue[name] for name in self._guessed if name in catalogue]
        if (core, called_for, guessed) != self._wanted:
            self._wanted = (core, called_for, guessed)
            self._chosen = presented(
                core, called_for, guessed, before=self._shown, budget=self._budget, tokens=self._tokens
            )
        return self._chosen

    def find(self, name: str) -> ToolSpec | None:
        return self.catalogue().get(name)

    def use(self, tool: ToolSpec) -> None:
        """Bring a called tool into view, and of its group what fits beside it."""
        if tool.core:
            return
        is_new = tool.group not in self._active
        self._activate(tool.group)
        self._call_for([tool.name])
        if is_new:
            neighbours = self._of_group(tool.group)[:NEIGHBOURS_MAX]
            self._guessed += [each.name for each in neighbours if each.name not in self._guessed]

    def refusal(self, name: str) -> str:
        if name in LAYOUT_TOOLS:
            return f"{name} arranges the owner's cockpit, and none is attached"
        near = _near(name, list(self.catalogue()))
        hint = f"did you mean {', '.join(near)}?" if near else "search_tools finds tools by what they do"
        return f"there is no tool {name!r}; {hint}"

    @property
    def names(self) -> Collection[str]:
        return self.catalogue().keys()

    @property
    def active(self) -> Sequence[str]:
        return tuple(self._active)

    @property
    def shown(self) -> Sequence[ToolSpec]:
        return tuple(self._shown.values())

    # --- what the meta tools do ---

    def search(self, query: str, limit: int) -> JsonObject:
        found = self._finder.rank(self.searchable(), request_of(query)).tools[:limit]
        if not found:
            return {"tools": [], "groups": self._nearest_groups(query)}
        self._call_for([tool.name for tool in found if not tool.core])
        for tool in reversed(found):
            if not tool.core:
                self._activate(tool.group)
        dropped = self._choice().dropped
        return {"tools": [brief(tool) for tool in found], **_no_room(dropped)}

    def groups(self) -> JsonObject:
        by_group = {name: tools for name, tools in grouped(self.catalogue().values()).items() if name}
        order = [name for name in self._ranked().groups if name in by_group]
        order += [name for name in by_group if name not in order]
        listed = [
            {
                "name": name,
                "description": _described(by_group[name]),
                "count": len(by_group[name]),
                "loaded": name in self._active,
            }
            for name in order[:GROUPS_LISTED]
        ]
        more = {"more, found by search_tools": order[GROUPS_LISTED:]} if order[GROUPS_LISTED:] else {}
        return {"groups": listed, **more}

    def load(self, names: Sequence[str]) -> JsonObject:
        catalogue = self.catalogue()
        by_group = grouped(catalogue.values())
        loaded = [name for name in dict.fromkeys(names) if name and (name in catalogue or name in by_group)]
        wanted: list[str] = []
        for name in loaded:
            tools = [catalogue[name]] if name in catalogue else self._of_group(name)
            wanted += [tool.name for tool in tools if not tool.core]
            self._activate_all(tools)
        self._call_for(wanted)
        now = self._choice()
        unknown = [name for name in dict.fromkeys(names) if name not in loaded]
        known_groups = [name for name in by_group if name]
        guides = {name: GUIDES[name] for name in loaded if name in by_group and name in GUIDES}
        return {
            "loaded": loaded,
            "tools": [tool.name for tool in now.tools if tool.name in wanted],
            **({"guides": guides} if guides else {}),
            **({"unknown": unknown, "groups": known_groups[:GROUPS_LISTED]} if unknown else {}),
            **_no_room(now.dropped),
        }

    def catalogue(self) -> dict[str, ToolSpec]:
        """Return every tool of the turn by its name, shown or not."""
        return {tool.name: tool for tool in self._client_tools()} | self._own

    def searchable(self) -> tuple[ToolSpec, ...]:
        """Return what requests are ranked over."""
        return tuple(tool for tool in self.catalogue().values() if tool.name not in META_TOOLS)

    def _ranked(self, carried: Sequence[str] = ()) -> Ranking:
        return self._finder.rank(self.searchable(), self._request, carried=carried)

    def _of_group(self, group: str) -> list[ToolSpec]:
        """Return a group's tools, those that the turn's request speaks of first."""
        members = grouped(self.catalogue().values()).get(group, ())
        place = {tool.name: index for index, tool in enumerate(self._ranked().tools)}
        return sorted(members, key=lambda tool: place.get(tool.name, len(place)))

    def _nearest_groups(self, query: str) -> list[str]:
        names = [name for name in grouped(self.catalogue().values()) if name]
        near = [name for word in query.split() for name in _near(word, names)]
        return list(dict.fromkeys([*near, *names]))[:GROUPS_LISTED]

    def _call_for(self, names: Sequence[str]) -> None:
        """Put tools before all that was called for earlier: when room is short, the newest stay."""
        self._called_for = list(dict.fromkeys([*names, *self._called_for]))

    def _activate_all(self, tools: Sequence[ToolSpec]) -> None:
        for tool in tools:
            if not tool.core:
                self._activate(tool.group)

    def _activate(self, group: str) -> None:
        if group in self._active:
            self._active.remove(group)
        self._active.append(group)


def _no_room(dropped: Sequence[str]) -> JsonObject:
    return {"not shown for want of room, yet callable": list(dropped)} if dropped else {}


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
