"""The words of a shell line: as they were typed, and as far as it can be known what a program gets."""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

# Inside a word these stand for what the shell puts in. Private characters: no quoted text is taken for one.
HOME, UNKNOWN = "\ue000", "\ue001"
STAR, QUERY, BRACKET, OPEN, CLOSE = "\ue002", "\ue003", "\ue004", "\ue005", "\ue006"
MARKS = frozenset((HOME, UNKNOWN, STAR, QUERY, BRACKET, OPEN, CLOSE))
GLOBS = {"*": STAR, "?": QUERY, "[": BRACKET, "{": OPEN, "}": CLOSE}
_PLAIN = str.maketrans({HOME: "~", UNKNOWN: "$_", **{mark: character for character, mark in GLOBS.items()}})

EXPANSIONS_MAX = 64

_BRACES = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    source: str
    """As typed, with its quotes."""
    marked: str
    """Without quotes; what the shell fills in is one of the `MARKS`."""
    substitutes: bool = False
    """Holds the output of a command."""

    @property
    def is_literal(self) -> bool:
        return MARKS.isdisjoint(self.marked)

    @property
    def canonical(self) -> str:
        """The one way to write a literal word, whatever quotes it was typed with."""
        return shlex.quote(self.marked) if self.is_literal else self.source


def plain(marked: str) -> str:
    """Return a word as text that reads like what was typed, without its quotes."""
    return marked.translate(_PLAIN)


def expanded(words: Iterable[Word]) -> tuple[str, ...]:
    """Return the marked words with braces worked out: `{rm,-rf}` is two."""
    return tuple(each for word in words for each in _alternatives(word.marked))


def _alternatives(marked: str) -> list[str]:
    if marked.count(OPEN) > EXPANSIONS_MAX:
        return [UNKNOWN]
    waiting, done = [marked], list[str]()
    while waiting and len(waiting) + len(done) <= EXPANSIONS_MAX:
        text = waiting.pop(0)
        found = _BRACES.search(text)
        if found is None:
            done.append(text)
        elif "," in found[1]:
            waiting = [
                text[: found.start()] + choice + text[found.end() :] for choice in found[1].split(",")
            ] + waiting
        else:  # `{}` and `{1..9}`: not a list of words
            filler = UNKNOWN if ".." in found[1] else plain(found[0])
            waiting.insert(0, text[: found.start()] + filler + text[found.end() :])
    return [*done, *([UNKNOWN] if waiting else [])]
