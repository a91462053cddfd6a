"""An index over the words of tools, and how well each tool matches a request (BM25 over weighted fields)."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from agent.learned import Learned
from agent.request import Request
from agent.words import content_words
from tools.spec import UNGROUPED, JsonObject, ToolSpec

_FIELDS: Mapping[str, float] = {
    "name": 3.0,
    "group": 1.0,
    "description": 1.0,
    "phrases": 0.5,
    "parameters": 0.4,
    "siblings": 0.3,
}
"""What a word counts where it stands; `siblings` are the names of the other tools of the group."""
LEARNED_WEIGHT = 0.5
"""What a word of one earlier request counts. More would let a bad habit hide a tool that fits."""
SATURATION = 1.2
LENGTH_SHARE: Mapping[str, float] = {"name": 0.2}
"""How far a long field is held against a tool. Names differ in length by habit more than by meaning."""
_LENGTH_SHARE = 0.4

PREFIX_WEIGHT = 0.4
PREFIX_MIN_CHARS = 4
"""`calc` and `config` stand in names for the whole word."""
SCHEMA_MAX_DEPTH = 4
ENUM_MAX_WORDS = 10
_PLACEHOLDER = re.compile(r"\{[^}]*\}")


class ToolIndex:
    """Built once for a catalogue; 600 tools take about 100 ms, a request a fraction of one."""

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        self.tools = tuple(tools)
        self._place = {tool.name: index for index, tool in enumerate(self.tools)}
        self.groups = tuple(tool.name if tool.group == UNGROUPED else tool.group for tool in self.tools)
        """The group of each tool; a tool without one is its own neighbour, so that it stands no worse."""
        self._places = _places(self.groups)
        self._gains = {
            word: {place: self._rarity(len(found)) * _saturated(count) for place, count in found.items()}
            for word, found in _postings(_documents(self.tools)).items()
        }
        """What each word adds to the score of the tools that have it."""

    def places(self, group: str) -> Sequence[int]:
        """Return where the tools of a group stand in `tools`; of no group, nowhere."""
        return self._places.get(group, ())

    def scores(self, request: Request, learned: Learned) -> list[float]:
        """Return the score of each of `tools`, in their order; 0 where it shares no word with the request."""
        scores = [0.0] * len(self.tools)
        for word, weight in self._with_prefixes(request).items():
            for place, gain in self._gains.get(word, {}).items():
                scores[place] += weight * gain
            if known := learned.tools(word):
                self._add_use(scores, word, weight, known)
        return scores

    def _add_use(self, scores: list[float], word: str, weight: float, known: Mapping[str, float]) -> None:
        """Add what a word counts for the tools that earlier requests with it needed."""
        rarity = self._rarity(max(len(known), len(self._gains.get(word, {}))))
        for tool, count in known.items():
            if (place := self._place.get(tool)) is not None:
                scores[place] += weight * (rarity * _saturated(LEARNED_WEIGHT * count))

    def _rarity(self, tools: int) -> float:
        """Return what a word is worth that so many tools know."""
        return math.log(1 + max(0.0, len(self.tools) - tools + 0.5) / (tools + 0.5))

    def _with_prefixes(self, request: Request) -> Request:
        shortened = {
            word[:length]: PREFIX_WEIGHT * weight
            for word, weight in request.items()
            for length in range(PREFIX_MIN_CHARS, len(word))
            if word[:length] in self._gains
        }
        return shortened | dict(request)


def _saturated(count: float) -> float:
    """Let each further time count less."""
    return count / (count + SATURATION)


def _places(groups: Sequence[str]) -> dict[str, list[int]]:
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        places[group].append(place)
    return dict(places)


def _postings(documents: Sequence[Mapping[str, list[str]]]) -> dict[str, dict[int, float]]:
    """Return for each word the documents that have it, with its count, weighted by field and field length."""
    usual = {name: _usual_length(name, documents) for name in _FIELDS}
    postings: defaultdict[str, dict[int, float]] = defaultdict(dict)
    for index, document in enumerate(documents):
        for name, words in document.items():
            share = LENGTH_SHARE.get(name, _LENGTH_SHARE)
            weight = _FIELDS[name] / (1 - share + share * len(words) / usual[name])
            for word, count in Counter(words).items():
                at = postings[word]
                at[index] = at.get(index, 0.0) + weight * count
    return dict(postings)


def _usual_length(name: str, documents: Sequence[Mapping[str, list[str]]]) -> float:
    lengths = [len(document[name]) for document in documents if document[name]]
    return sum(lengths) / len(lengths) if lengths else 1.0


def _documents(tools: Sequence[ToolSpec]) -> list[dict[str, list[str]]]:
    names = [content_words(_own_name(tool)) for tool in tools]
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for tool, name in zip(tools, names, strict=True):
        if tool.group != UNGROUPED:
            groups[tool.group] += name
    return [
        {
            "name": name,
            "group": content_words(tool.group) if tool.group in groups else [],
            "description": content_words(tool.description),
            "phrases": content_words(_PLACEHOLDER.sub(" ", " ".join(tool.phrases))),
            "parameters": content_words(" ".join(_schema_texts(tool.parameters))),
            "siblings": groups.get(tool.group, []),
        }
        for tool, name in zip(tools, names, strict=True)
    ]


def _own_name(tool: ToolSpec) -> str:
    return tool.name.partition(".")[2] or tool.name


def _schema_texts(schema: object, depth: int = SCHEMA_MAX_DEPTH) -> Iterator[str]:
    """Yield the names and descriptions of parameters, and the words that they choose from."""
    if not isinstance(schema, Mapping) or not depth:
        return
    for name, parameter in _mapping(schema.get("properties")).items():
        yield str(name)
        if isinstance(parameter, Mapping):
            yield str(parameter.get("description", ""))
            yield " ".join(str(choice) for choice in _list(parameter.get("enum"))[:ENUM_MAX_WORDS])
            yield from _schema_texts(parameter, depth - 1)
            yield from _schema_texts(parameter.get("items"), depth - 1)


def _mapping(value: object) -> JsonObject:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
