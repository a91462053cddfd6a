"""What use has taught: which words the requests had that ended in a call of a tool. Words, never texts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

REQUESTS_KEPT = 8
"""After so many requests of a tool its counts are halved, so that new habits come through."""
REQUEST_MAX_WORDS = 40
WORD_MAX_CHARS = 32
WORDS_MAX = 200
"""Per tool; the rarest go first."""
TOOLS_MAX = 2_000
"""The tool that has not been used for longest goes first."""

_GONE_BELOW = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bag:
    """The words of one tool's requests, each with how often it came."""

    requests: float = 0.0
    words: Mapping[str, float] = field(default_factory=dict)

    def with_request(self, words: Iterable[str]) -> "Bag":
        """Count one more request."""
        counts, requests = dict(self.words), self.requests
        if requests >= REQUESTS_KEPT:
            counts = {word: count / 2 for word, count in counts.items() if count / 2 >= _GONE_BELOW}
            requests /= 2
        for word in _bounded(words):
            counts[word] = counts.get(word, 0.0) + 1.0
        kept = sorted(counts, key=lambda word: -counts[word])[:WORDS_MAX]
        return Bag(requests=requests + 1.0, words={word: counts[word] for word in kept})


class Learned:
    """The bags of all tools, and for each word the tools that know it."""

    def __init__(self, bags: Mapping[str, Bag] | None = None) -> None:
        """Take the bags, the one used last at the end."""
        self._bags: dict[str, Bag] = {}
        self._tools: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for tool, bag in (bags or {}).items():
            self.put(tool, bag)

    def bag(self, tool: str) -> Bag:
        return self._bags.get(tool) or Bag()

    def put(self, tool: str, bag: Bag) -> tuple[str, ...]:
        """Keep a tool's bag and return the tools that were forgotten for want of room."""
        self._forget(tool)
        self._bags[tool] = bag
        for word, count in bag.words.items():
            self._tools[word][tool] = count
        surplus = tuple(self._bags)[: max(0, len(self._bags) - TOOLS_MAX)]
        for old in surplus:
            self._forget(old)
        return surplus

    def tools(self, word: str) -> Mapping[str, float]:
        """Return the tools whose requests had a word, with how often."""
        return self._tools.get(word, {})

    def clear(self) -> None:
        self._bags.clear()
        self._tools.clear()

    def __len__(self) -> int:
        return len(self._bags)

    def _forget(self, tool: str) -> None:
        for word in self._bags.pop(tool, Bag()).words:
            self._tools[word].pop(tool, None)
            if not self._tools[word]:
                del self._tools[word]


def _bounded(words: Iterable[str]) -> list[str]:
    fitting = (word for word in dict.fromkeys(words) if len(word) <= WORD_MAX_CHARS)
    return [word for word, _ in zip(fitting, range(REQUEST_MAX_WORDS), strict=False)]
