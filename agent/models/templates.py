"""The template language of phrases, compiled to regular expressions without a slow case.

`[optional]`, `(one|other)`, `{slot}` for a few words, `{slot*}` for the rest of the message as it was
written, `{list:slot}` for one value of a live list. Groups nest and may hold `|`; letter case is ignored.

A compiled template is matched against text whose words are joined by single spaces and which ends in one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

SLOT_MAX_CHARS = 80
SLOTS_MAX = 2
"""Short slots of one template: with their length they bound the work that a message can cause."""

Lists: TypeAlias = tuple[tuple[str, tuple[str, ...] | None], ...]
"""The values of each list; None takes any word."""

_SLOT = re.compile(r"\{(?:(?P<list>\w+):)?(?P<name>\w+)(?P<rest>\*)?\}")
_ANY_WORD = rf"[\w.-]{{1,{SLOT_MAX_CHARS}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    pattern: re.Pattern[str]
    slots: tuple[str, ...]
    """Slots of a few words."""
    rest: str | None
    lists: Mapping[str, str]
    """The list that each closed slot takes its value from."""


@lru_cache(maxsize=4_096)
def lists_of(template: str) -> tuple[str, ...]:
    """Return the names of the lists that a template uses."""
    return tuple(found["list"] for found in _SLOT.finditer(template) if found["list"])


def example(template: str) -> str:
    """Return the shortest sentence of a template for a person to read, as `ask <peer> <prompt>`."""
    text = _SLOT.sub(lambda found: f"<{found['list'] or found['name']}>", template)
    while (
        shorter := re.sub(r"\[[^\[\]()]*\]", "", re.sub(r"\(([^\[\]()|]*)[^\[\]()]*\)", r"\1", text))
    ) != text:
        text = shorter
    return " ".join(text.split())


@lru_cache(maxsize=4_096)
def compiled(template: str, lists: Lists = ()) -> Template:
    """Compile a template; one that cannot be matched in bounded time is a `ValueError`."""
    found = list(_SLOT.finditer(template))
    slots = tuple(slot["name"] for slot in found if not slot["list"] and not slot["rest"])
    rests = [slot for slot in found if slot["rest"]]
    if len({slot["name"] for slot in found}) < len(found):
        raise ValueError(f"phrase {template!r} has two slots of one name")
    if len(slots) > SLOTS_MAX:
        raise ValueError(f"phrase {template!r} has more than {SLOTS_MAX} open slots")
    if len(rests) > 1 or any(slot.end() != len(template) for slot in rests):
        raise ValueError(f"phrase {template!r}: the rest of a message comes once, at the end")
    return Template(
        pattern=re.compile(_Parser(template, dict(lists)).parse(), re.IGNORECASE),
        slots=slots,
        rest=rests[0]["name"] if rests else None,
        lists={slot["name"]: slot["list"] for slot in found if slot["list"]},
    )


class _Parser:
    """Recursive descent over a template.

    A group with space on both sides stands for whole words and brings its own trailing space, so that an
    optional one takes its space along; a group that touches a word, as in `peer[s]`, brings none.
    """

    def __init__(self, template: str, lists: Mapping[str, tuple[str, ...] | None]) -> None:
        self._template = template
        self._lists = lists
        self._at = 0

    def parse(self) -> str:
        pattern = self._sequence(spaced=True)
        if self._at < len(self._template):
            raise ValueError(f"phrase {self._template!r} has a stray {self._template[self._at]!r}")
        return pattern

    def _sequence(self, *, spaced: bool) -> str:
        """Read up to the end of an alternative; `spaced` gives its last word a trailing space."""
        parts: list[str] = []
        at_word_start = True
        self._skip_space()
        while not self._ends(self._at):
            if self._template[self._at] in "[(":
                part, at_word_start = self._group(at_word_start=at_word_start, spaced=spaced)
                parts.append(part)
                if at_word_start:
                    continue
            else:
                parts.append(self._slot() if self._template[self._at] == "{" else self._word())
            at_word_start = self._is_break(self._at, spaced=spaced)
            self._skip_space()
            parts.append(" " if at_word_start else "")
        return "".join(parts)

    def _group(self, *, at_word_start: bool, spaced: bool) -> tuple[str, bool]:
        """Return the pattern of a group and whether it stands for whole words."""
        optional = self._template[self._at] == "["
        stands = at_word_start and self._is_break(self._closing() + 1, spaced=spaced)
        self._at += 1
        choices = [self._sequence(spaced=stands)]
        while self._template[self._at] == "|":
            self._at += 1
            choices.append(self._sequence(spaced=stands))
        self._at += 1
        if stands:
            self._skip_space()
        return f"(?:{'|'.join(choices)})" + ("?" if optional else ""), stands

    def _closing(self) -> int:
        depth = 0
        for index in range(self._at, len(self._template)):
            depth += (self._template[index] in "[(") - (self._template[index] in "])")
            if depth == 0:
                return index
        raise ValueError(f"phrase {self._template!r} has an open group")

    def _slot(self) -> str:
        found = _SLOT.match(self._template, self._at)
        if found is None:
            raise ValueError(f"phrase {self._template!r} has a broken slot")
        self._at = found.end()
        if found["list"]:
            return f"(?P<{found['name']}>{_one_of(self._lists[found['list']])})"
        return f"(?P<{found['name']}>" + (".+)" if found["rest"] else f".{{1,{SLOT_MAX_CHARS}}}?)")

    def _word(self) -> str:
        start = self._at
        while self._at < len(self._template) and self._template[self._at] not in "[](){}| ":
            self._at += 1
        if self._at == start:
            raise ValueError(f"phrase {self._template!r} has a stray {self._template[start]!r}")
        return re.escape(self._template[start : self._at])

    def _is_break(self, index: int, *, spaced: bool) -> bool:
        return spaced if self._ends(index) else self._template[index] == " "

    def _ends(self, index: int) -> bool:
        return index >= len(self._template) or self._template[index] in "|])"

    def _skip_space(self) -> None:
        while self._at < len(self._template) and self._template[self._at] == " ":
            self._at += 1


def _one_of(values: Sequence[str] | None) -> str:
    if values is None:
        return _ANY_WORD
    longest_first = sorted((" ".join(value.split()) for value in values), key=len, reverse=True)
    return "|".join(re.escape(value) for value in longest_first if value) or "(?!)"
