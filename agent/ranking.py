"""Which tools, and which groups of tools, fit a request best: those that match, and their neighbours."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import mul

from agent.index import ToolIndex
from agent.learned import Learned
from agent.request import Request
from tools.spec import ToolSpec

NEIGHBOUR_SHARE = 0.3
"""What the best match of a group adds to all its tools: a task rarely names every tool that it needs."""
CARRIED_SHARE = 0.1
"""What being in use already adds to a tool, as a share of the best score."""
_BEST_OF_GROUP = (1.0, 0.5, 0.25)
"""A group scores by its three best tools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    tools: tuple[ToolSpec, ...] = ()
    """Best first; only those that have anything to do with the request."""
    scores: tuple[float, ...] = ()
    groups: tuple[str, ...] = ()
    """Best first; a tool without a group stands here by its own name."""


def ranking(
    index: ToolIndex, request: Request, learned: Learned, *, carried: Collection[str] = ()
) -> Ranking:
    """Rank a catalogue for a request; tools of `carried` groups count as in use."""
    scores = index.scores(request, learned)
    groups = _by_group(index, scores)
    for group, best in groups.items():
        for place in index.places(group):
            scores[place] += NEIGHBOUR_SHARE * best[0]
    boost = CARRIED_SHARE * (max(scores, default=0.0) or 1.0)
    for group in carried:
        for place in index.places(group):
            scores[place] += boost
    fitting = compress(range(len(scores)), scores)
    order = sorted(fitting, key=scores.__getitem__, reverse=True)  # equal ones keep their order
    return Ranking(
        tools=tuple(index.tools[place] for place in order),
        scores=tuple(scores[place] for place in order),
        groups=_ordered(groups),
    )


def _by_group(index: ToolIndex, scores: Sequence[float]) -> dict[str, list[float]]:
    """Return the best scores of each group that has a match, the best first. Most groups have but one."""
    found: dict[str, list[float]] = {}
    for group, score in zip(compress(index.groups, scores), filter(None, scores), strict=True):
        if group in found:
            found[group].append(score)
        else:
            found[group] = [score]
    for best in found.values():
        if len(best) > 1:
            best.sort(reverse=True)
            del best[len(_BEST_OF_GROUP) :]
    return found


def _ordered(groups: Mapping[str, Sequence[float]]) -> tuple[str, ...]:
    weighed = {
        group: sum(map(mul, _BEST_OF_GROUP, best)) if len(best) > 1 else best[0]
        for group, best in groups.items()
    }
    return tuple(sorted(sorted(weighed), key=weighed.__getitem__, reverse=True))
