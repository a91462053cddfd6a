"""Phrases: plain sentences that mean a tool call, matched without a model.

Tools bring their phrases along, in the language of `agent/models/templates.py`.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter

from agent.models.templates import Lists, Template, compiled, example, lists_of
from tools.spec import ToolSpec

INPUT_MAX_CHARS = 2_000
LIST_MAX_VALUES = 500
JOINTS_MAX = 8
"""A message is tried as two orders at this many places at most."""

_POLITE = re.compile(
    r"(?:(?:please|hey|ok|okay|so|well|now),? )*"
    r"(?:(?:can|could|would|will) you |i(?:'d like| want) you to )?(?:please )?",
    re.IGNORECASE,
)
_CLOSING_CHARS = " \t\r\n.,;:!?…"
_JOINT = re.compile(r"[,;]?\s(?:and then|then|and)\s", re.IGNORECASE)
_QUESTION = re.compile(
    r"\s*(?:what|what's|which|who|who's|when|where|why|how|is|are|does|do)\b", re.IGNORECASE
)
_SPACED = re.compile(r"\S+")
_WORD = re.compile(r"[\w']+")
_SLOT_SHOWN = re.compile(r"<\w+>")
_COMMON = frozenset(
    _WORD.findall(
        "a an the this that me him her it us them my your our for in of on to about if and or so what who"
        " when where is are why how any i you do does can could would please yourself"
    )
)
"""Words that neither name anybody nor say what a sentence is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A sentence that means a call."""

    tool: str
    arguments: Mapping[str, str]
    wildcard_chars: int
    list_slots: int
    has_rest: bool
    """Its last argument is the rest of the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownValue:
    """A sentence that would mean a call if a list had this value."""

    list_name: str
    value: str
    known: tuple[str, ...]


class Phrasebook:
    """The phrases of some tools, with the values that their lists have now."""

    def __init__(self, tools: Sequence[ToolSpec], lists: Mapping[str, Sequence[str]]) -> None:
        self._phrases = [(tool.name, phrase) for tool in tools for phrase in tool.phrases]
        self._lists = {name: tuple(dict.fromkeys(values))[:LIST_MAX_VALUES] for name, values in lists.items()}

    def orders(self, message: str) -> tuple[Order, ...]:
        """Return the calls that a message means: none, one, or two that "and" or "then" joins."""
        if len(message) > INPUT_MAX_CHARS:
            return ()
        for joint in islice(_JOINT.finditer(message), JOINTS_MAX):
            second_part = message[joint.end() :]
            first, second = self._best(message[: joint.start()]), self._best(second_part)
            if first is None or second is None:
                continue
            if first.has_rest and _QUESTION.match(second_part):
                continue  # a question after free text belongs to the text
            return first, second
        whole = self._best(message)
        return (whole,) if whole else ()

    def unknown(self, message: str) -> UnknownValue | None:
        """Say which name keeps a message from meaning a call: "ask carol …" where nobody is called carol."""
        text = _Text(message[:INPUT_MAX_CHARS])
        for _, phrase in self._phrases:
            if not lists_of(phrase) or phrase.startswith("{"):
                continue
            template = compiled(phrase, tuple((name, None) for name in lists_of(phrase)))
            for found in text.matches(template):
                for slot, name in template.lists.items():
                    if found[slot] is not None and found[slot].casefold() not in _COMMON:
                        return UnknownValue(list_name=name, value=found[slot], known=self._lists[name])
        return None

    def nearest(self, message: str, limit: int = 3) -> list[str]:
        """Return examples for the tools whose phrases share most words with a message, one for each."""
        words = set(_words(message[:INPUT_MAX_CHARS])) - _COMMON
        best: dict[str, tuple[float, str]] = {}
        for name, phrase in self._phrases:
            shown = example(phrase)
            best[name] = max(best.get(name, (0.0, "")), (_likeness(words, shown), shown), key=itemgetter(0))
        ranked = sorted(best.values(), key=itemgetter(0), reverse=True)
        return [shown for likeness, shown in ranked[:limit] if likeness]

    def examples(self) -> list[str]:
        """Return the first phrase of each tool."""
        return list({name: example(phrase) for name, phrase in reversed(self._phrases)}.values())[::-1]

    def _best(self, part: str) -> Order | None:
        """Return the order with the fewest free characters, then the most values from lists."""
        text = _Text(part)
        orders = [order for name, phrase in self._phrases for order in self._matched(name, phrase, text)]
        return min(orders, key=lambda order: (order.wildcard_chars, -order.list_slots), default=None)

    def _matched(self, tool: str, phrase: str, text: "_Text") -> Iterator[Order]:
        lists: Lists = tuple((name, self._lists.get(name, ())) for name in lists_of(phrase))
        template = compiled(phrase, lists)
        for found in text.matches(template):
            arguments = {slot: text.original(*found.span(slot)) for slot in template.slots if found[slot]}
            wildcard_chars = sum(map(len, arguments.values()))
            closed = {slot: name for slot, name in template.lists.items() if found[slot]}
            arguments |= {slot: self._stored(name, found[slot]) for slot, name in closed.items()}
            if template.rest:
                arguments[template.rest] = text.original(found.start(template.rest), None)
                wildcard_chars += len(found[template.rest])
            yield Order(
                tool=tool,
                arguments=arguments,
                wildcard_chars=wildcard_chars,
                list_slots=len(closed),
                has_rest=template.rest is not None,
            )

    def _stored(self, name: str, value: str) -> str:
        """Return a list's value as the list spells it."""
        return next(
            (known for known in self._lists[name] if " ".join(known.split()).casefold() == value.casefold()),
            value,
        )


class _Text:
    """A message with its words joined by single spaces, and the way back to how it was written."""

    def __init__(self, message: str) -> None:
        self._message = message
        self._joined_at: list[int] = []
        self._written_at: list[int] = []
        words: list[str] = []
        length = 0
        for found in _SPACED.finditer(message):
            self._joined_at.append(length)
            self._written_at.append(found.start())
            words.append(found[0].replace("\u2019", "'"))
            length += len(found[0]) + 1
        self._joined = _without_closing(" ".join(words)) + " "

    def matches(self, template: Template) -> Iterator[re.Match[str]]:
        """Return the match of the whole text, or of what follows its polite opening."""
        polite = _POLITE.match(self._joined)
        for start in {0, polite.end() if polite else 0}:
            if (found := template.pattern.fullmatch(self._joined, start)) is not None:
                yield found

    def original(self, start: int, end: int | None) -> str:
        """Return a piece as it was written; without an end all that follows, closing words included."""
        written = self._message[self._written(start) : None if end is None else self._written(end)]
        return written.strip() if end is None else written.strip(_CLOSING_CHARS)

    def _written(self, at: int) -> int:
        word = bisect_right(self._joined_at, at) - 1
        return self._written_at[word] + at - self._joined_at[word]


def _without_closing(joined: str) -> str:
    joined = joined.rstrip(_CLOSING_CHARS)
    for word in ("please", "thanks", "thank you"):
        if joined.casefold().endswith(f" {word}"):
            return joined[: -len(word)].rstrip(_CLOSING_CHARS)
    return joined


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _likeness(words: set[str], shown: str) -> float:
    """Return how much a message and an example have in common, from 0 to 1 (Dice's coefficient)."""
    own = set(_words(_SLOT_SHOWN.sub(" ", shown))) - _COMMON
    return 2 * len(own & words) / max(1, len(own) + len(words))
