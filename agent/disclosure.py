"""Which tools a model is shown: the core always, then the groups in use, never more than fit.

Small models lose their way among many tools, so groups come into view when a prompt speaks of them,
when the model loads them, or when it calls one of their tools.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.words import content_words
from tools.spec import ToolSpec

TOOL_BUDGET = 38
"""With 40 definitions or more, small local models stop thinking before they answer."""
MAX_CARRIED_GROUPS = 3
MAX_PRELOADED_GROUPS = 4
MIN_PRELOAD_SCORE = 1.0
"""One word of a description that no other group knows is enough."""
PRELOAD_SHARE = 0.4
"""A group is preloaded when it scores at least this share of the best one's score."""
RECENT_WEIGHT = 0.5
"""What a word of the recent conversation counts beside one of the prompt."""

_GROUP_WEIGHT, _NAME_WEIGHT, _PHRASE_WEIGHT, _DESCRIPTION_WEIGHT = 3.0, 2.0, 2.0, 1.0
_PLACEHOLDER = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    tools: tuple[ToolSpec, ...]
    dropped: tuple[str, ...] = ()
    """Names of tools that are in use but did not fit."""


def presented(
    catalogue: Iterable[ToolSpec],
    groups: Sequence[str],
    *,
    before: Sequence[str] = (),
    budget: int = TOOL_BUDGET,
) -> Presented:
    """Choose what the model sees: the core, then the groups, the most recent (last) first.

    What was shown `before` keeps its place and new tools follow, so that a server's prompt cache holds.
    """
    by_group = grouped(catalogue)
    wanted = list(by_group.get("", ()))
    for group in reversed(groups):
        wanted += by_group.get(group, ())
    place = {name: index for index, name in enumerate(before)}
    kept = sorted(wanted[:budget], key=lambda tool: place.get(tool.name, len(place)))
    return Presented(tools=tuple(kept), dropped=tuple(tool.name for tool in wanted[budget:]))


def grouped(catalogue: Iterable[ToolSpec]) -> dict[str, tuple[ToolSpec, ...]]:
    """Sort tools by the group to load them with; the core, which is always there, has the key ``""``."""
    groups: dict[str, list[ToolSpec]] = {}
    for tool in catalogue:
        groups.setdefault("" if tool.core else tool.group, []).append(tool)
    return {name: tuple(tools) for name, tools in groups.items()}


def carried(groups: Sequence[str]) -> tuple[str, ...]:
    """Return the groups that a turn takes over from the one before."""
    return tuple(groups[-MAX_CARRIED_GROUPS:])


def preloaded(catalogue: Iterable[ToolSpec], prompt: str, recent: Iterable[str] = ()) -> tuple[str, ...]:
    """Guess the groups that a prompt needs, the best guess last."""
    asked = dict.fromkeys(content_words(" ".join(recent)), RECENT_WEIGHT) | dict.fromkeys(
        content_words(prompt), 1.0
    )
    vocabularies = {name: _vocabulary(name, tools) for name, tools in grouped(catalogue).items() if name}
    scores = _scores(asked, vocabularies)
    if not scores:
        return ()
    enough = max(MIN_PRELOAD_SCORE, PRELOAD_SHARE * max(scores.values()))
    best_last = sorted(
        (name for name, score in scores.items() if score >= enough), key=lambda name: scores[name]
    )
    return tuple(best_last[-MAX_PRELOADED_GROUPS:])


def _scores(asked: Mapping[str, float], vocabularies: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Sum the weights of the words asked for; a word that many groups know says little about each."""
    scores: dict[str, float] = {}
    for word, weight in asked.items():
        knowing = [name for name, vocabulary in vocabularies.items() if word in vocabulary]
        for name in knowing:
            scores[name] = scores.get(name, 0.0) + weight * vocabularies[name][word] / len(knowing) ** 0.5
    return scores


def _vocabulary(group: str, tools: Sequence[ToolSpec]) -> dict[str, float]:
    """Return each word that speaks of a group, with the weight of the strongest place where it stands."""
    phrases = " ".join(_PLACEHOLDER.sub(" ", phrase) for tool in tools for phrase in tool.phrases)
    places = (
        (_DESCRIPTION_WEIGHT, " ".join(tool.description for tool in tools)),
        (_PHRASE_WEIGHT, phrases),
        (_NAME_WEIGHT, " ".join(tool.name.partition(".")[2] or tool.name for tool in tools)),
        (_GROUP_WEIGHT, group),
    )
    return {word: weight for weight, text in places for word in content_words(text)}
