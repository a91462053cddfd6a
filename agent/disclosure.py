"""Which tools a model is shown: the core always, then what was called for, then what the request may need.

Small models lose their way among many tools. So a turn begins with about fifteen of them, guessed from the
request, and more come into view when the model searches for them, loads them or calls them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.definitions import DEFINITION_TOKENS, fitted
from agent.ranking import Ranking
from tools.spec import ToolSpec

TOOL_BUDGET = 38
"""With 40 definitions or more, small local models stop thinking before they answer."""
TOOL_AIM = 15
"""A turn begins with at most so many definitions, unless the core alone is more."""
GUESSES_MIN = 6
"""However large the core is, so many guesses are made."""
SMALL_CATALOGUE = 15
"""So few tools are all shown: choosing among them could only go wrong."""
MAX_CARRIED_GROUPS = 3
RELEVANT_SHARE = 0.1
"""A tool that scores less than this share of the best one is no guess worth its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    tools: tuple[ToolSpec, ...]
    dropped: tuple[str, ...] = ()
    """Names of tools that were called for but did not fit."""


def presented(
    core: Sequence[ToolSpec],
    called_for: Sequence[ToolSpec],
    guessed: Sequence[ToolSpec] = (),
    *,
    before: Mapping[str, ToolSpec] | None = None,
    budget: int = TOOL_BUDGET,
    tokens: int = DEFINITION_TOKENS,
) -> Presented:
    """Choose what the model sees: the core, what was called for, the guesses; of each, the most wanted first.

    What was shown `before` keeps its place and its form, and new tools follow, so that a server's prompt
    cache holds.
    """
    before = before or {}
    wanted = list({tool.name: tool for tool in (*core, *called_for, *guessed)}.values())
    forms = fitted(wanted[:budget], tokens=tokens, before=before)
    place = {name: index for index, name in enumerate(before)}
    shown = {form.name for form in forms}
    return Presented(
        tools=tuple(sorted(forms, key=lambda tool: place.get(tool.name, len(place)))),
        dropped=tuple(tool.name for tool in (*core, *called_for) if tool.name not in shown),
    )


def guesses(ranking: Ranking, *, slots: int, known: Collection[str] = ()) -> tuple[ToolSpec, ...]:
    """Return the tools that a request most likely needs, beside those `known` to be in view."""
    enough = RELEVANT_SHARE * max(ranking.scores, default=0.0)
    likely = [
        tool
        for tool, score in zip(ranking.tools, ranking.scores, strict=True)
        if score >= enough and tool.name not in known
    ]
    return tuple(likely[:slots])


def guess_slots(core: int) -> int:
    """Return how many guesses go beside a core of so many tools."""
    return max(TOOL_AIM - core, GUESSES_MIN)


def grouped(catalogue: Iterable[ToolSpec]) -> dict[str, tuple[ToolSpec, ...]]:
    """Sort tools by the group to load them with; the core, which is always there, has the key ``""``."""
    groups: dict[str, list[ToolSpec]] = {}
    for tool in catalogue:
        groups.setdefault("" if tool.core else tool.group, []).append(tool)
    return {name: tuple(tools) for name, tools in groups.items()}


def carried(groups: Sequence[str]) -> tuple[str, ...]:
    """Return the groups that a turn takes over from the one before."""
    return tuple(groups[-MAX_CARRIED_GROUPS:])
