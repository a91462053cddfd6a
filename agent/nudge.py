"""Does a reply talk about a tool call instead of making it?

Small models write "I'll call open_pane" or print the call as JSON. Such a reply gets one nudge; a plain
reply never does, so only an announced or printed call of a known tool counts. Of a tool that the model
was shown, telling what it does is enough; any other has to be named.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from agent.models.names import spellings
from agent.words import words

KEPT_SPEECHES = 64
"""Most turns are shown the same tools as one before."""
READ_MAX_CHARS = 8_000
"""An announcement stands early; a longer reply is read up to here."""

NUDGE = (
    "You described a tool call but did not make it. Make the call now, as a real tool call."
    " If no tool is needed after all, answer in plain words."
)

_INTENTION = re.compile(
    r"\b(?:(?<!if )i(?:'ll| will|(?:'m| am) (?:going|about) to| need to| should| must)"
    r"|let me(?! know)|let's|calling|using|invoking)\b",
    re.IGNORECASE,
)
_CALLING = r"\b(?:call|calling|use|using|invoke|invoking|run|running)\s+(?:the\s+)?[`'\"]?"
_PRINTED_CALL = re.compile(r"<tool_call>|<function=|\[TOOL_CALLS\]|<\|tool_call", re.IGNORECASE)
_NAME = r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*"
_MENTIONED = re.compile(rf"(?<![\w.-]){_NAME}")
_CALLED_A_TOOL = re.compile(rf"{_CALLING}({_NAME})[`'\"]?\s+tool\b")
_PRINTED_NAME = re.compile(
    rf'"(?:name|tool|tool_name|function|action)"\s*:\s*"({_NAME})"|\A\W{{0,20}}({_NAME})\s*[({{]'
)
_WORD = re.compile(r"[A-Za-z]?[a-z-]*")
"""What may be a name and stand in any sentence, as `show`."""
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n")


def reads_like_a_call(text: str, tool_names: Iterable[str]) -> bool:
    """Whether a reply without calls announces or prints a call of one of these tools."""
    text = _read(text)
    names = tuple(tool_names)
    if not names or not text:
        return False
    speech = _speech(names)
    if _PRINTED_CALL.search(text) or speech.printed.search(text):
        return True
    return any(_announces(sentence, speech) for sentence in _SENTENCE_END.split(text))


def called_by_name(text: str, tool_names: Collection[str]) -> str | None:
    """Return the first of these tools that a reply without calls announces or prints a call of by its name.

    For tools out of view, of which there may be hundreds: neither what they do nor a plain word is a sign.
    """
    said = list(_names_said(_read(text)))
    known = spellings(tool_names) if said else {}
    return next((known[name] for name in said if name in known), None)


class _Speech(NamedTuple):
    """How a model speaks of some tools."""

    printed: re.Pattern[str]
    named: re.Pattern[str]
    actions: Sequence[frozenset[str]]


@lru_cache(maxsize=KEPT_SPEECHES)
def _speech(names: tuple[str, ...]) -> _Speech:
    actions = [action for action in map(_action, names) if len(action) > 1]
    return _Speech(_printed(names), _named(names), actions)


def _read(text: str) -> str:
    return text[:READ_MAX_CHARS].replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def _names_said(text: str) -> Iterator[str]:
    """Yield what may be a tool's name, where a call is announced or printed."""
    for printed in _PRINTED_NAME.finditer(text):
        yield from filter(_is_unmistakable, filter(None, printed.groups()))
    for sentence in _SENTENCE_END.split(text):
        if intention := _INTENTION.search(sentence):
            yield from filter(_is_unmistakable, _MENTIONED.findall(sentence, intention.start()))
            yield from _CALLED_A_TOOL.findall(sentence, intention.start())


def _is_unmistakable(name: str) -> bool:
    return not _WORD.fullmatch(name)


def _announces(sentence: str, speech: _Speech) -> bool:
    """Whether a sentence says what its speaker is about to do, and that is what a tool does."""
    if (intention := _INTENTION.search(sentence)) is None:
        return False
    if speech.named.search(sentence, intention.start()):
        return True
    said = set(words(sentence[intention.end() :]))
    return any(said >= action for action in speech.actions)


def _printed(names: Iterable[str]) -> re.Pattern[str]:
    """Match a call written as JSON or as code."""
    spelled = _spelled(names)
    as_json = rf'"(?:name|tool|tool_name|function|action)"\s*:\s*"(?:{spelled})"'
    as_code = rf"^\W{{0,20}}(?:{spelled})\s*[({{]"
    return re.compile(f"{as_json}|{as_code}", re.MULTILINE)


def _named(names: Iterable[str]) -> re.Pattern[str]:
    """Match a tool's name; one that is a plain word, as `search`, only where it is spoken of as a tool."""
    names = tuple(names)
    unmistakable = [name for name in names if not name.isalpha() or not name.islower()]
    alone = rf"(?<![\w.])(?:{_spelled(unmistakable)})(?!\w)|" if unmistakable else ""
    return re.compile(rf"{alone}{_CALLING}(?:{_spelled(names)})(?!\w)")


def _spelled(names: Iterable[str]) -> str:
    """Match names as the model saw them: for servers that know no dots they have underscores."""
    return "|".join(re.escape(name).replace(r"\.", r"(?:\.|__?)") for name in names)


def _action(name: str) -> frozenset[str]:
    """Return the words of what a tool does: `open`, `pane`; a lone verb takes its group along."""
    verb = words(name.rpartition(".")[2])
    return frozenset(verb if len(verb) > 1 else words(name))
