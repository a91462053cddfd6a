"""What a request asks for: its words, each with the weight that it has in the search for tools."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TypeAlias

from agent.words import content_words

Request: TypeAlias = Mapping[str, float]
"""Stems and their weights; 1 is a word of the request itself."""

HEAD_CHARS, TAIL_CHARS = 4_000, 2_000
"""Of a longer text only the beginning and the end are read: there it says what is asked."""

CHATTER_WEIGHT = 0.5
HINT_WEIGHT = 0.5
RECENT_WEIGHT = 0.15
"""What a word of the prompt before this one counts: "and now delete it" is still about the file."""

_CHATTER = """able actually answer anything available based best call check currently detailed details
    different explain first full good great hello help hey hi including information interested know last
    lately latest let looking new next person please possible provide question range recommend right
    share short something someone specific suggest sure thank thing time today tomorrow try
    understand user various way wide work"""
"""Words that people say whatever they ask for, and that descriptions of tools use in another sense."""

_EXTENSION = (
    "py|js|ts|java|c|cpp|h|go|rs|rb|php|sh|html|css|json|ya?ml|xml|toml|ini|cfg|conf|md|txt|log|csv|tsv"
    "|sql|db|pdf|docx?|xlsx?|pptx?|zip|tar|gz|mp3|mp4|wav|png|jpe?g|gif|svg|webp"
)
_HINTS = tuple(
    (re.compile(pattern, re.IGNORECASE), meant)
    for pattern, meant in (
        (r"\bhttps?://|\bwww\.", "url web page link http"),
        (r"[\w.+-]+@[\w-]+\.\w{2,}", "email address"),
        (r"(?:^|[\s'\"`(])(?:~|\.{1,2})?/[\w.-]+|\b[a-z]:\\\w", "file path directory"),
        (rf"\b[\w-]+\.(?:{_EXTENSION})\b", "file"),
        (r"\b[\w-]+\.(?:png|jpe?g|gif|svg|webp)\b", "image"),
        (r"\b\d{1,3}(?:\.\d{1,3}){3}\b", "ip address host"),
        (r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}:\d{2}\b|\b\d{1,2} ?[ap]m\b", "date time"),
        (r"[$€£]\s?\d|\b(?:usd|eur|gbp)\b", "price currency amount"),
        (r"(?:^|\s)#\d+\b", "issue number"),
        (r"\bselect\b.+\bfrom\b|\binsert into\b|\bdelete from\b", "sql query database"),
        (r"\d\s*[-+*/^%]\s*\d", "calculate math expression"),
    )
)
"""Things in a request that say what it is about without the word for it."""


def request_of(prompt: str, recent: Iterable[str] = ()) -> Request:
    """Read what a prompt asks for, and beneath it what was asked just before."""
    prompt = ends_of(prompt)
    before = {word: RECENT_WEIGHT * weight for word, weight in _said(" ".join(map(ends_of, recent))).items()}
    hinted = dict.fromkeys(_hinted(prompt), HINT_WEIGHT)
    return before | hinted | _said(prompt)


def ends_of(text: str) -> str:
    """Return the part of a text that is read for words."""
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return text
    return f"{text[:HEAD_CHARS]} {text[-TAIL_CHARS:]}"


def _said(text: str) -> dict[str, float]:
    return {word: CHATTER_WEIGHT if word in _chatter() else 1.0 for word in content_words(text)}


def _hinted(text: str) -> Iterable[str]:
    return (word for pattern, meant in _HINTS if pattern.search(text) for word in content_words(meant))


@cache
def _chatter() -> frozenset[str]:
    return frozenset(content_words(_CHATTER))


def words_to_learn(prompt: str) -> list[str]:
    """Return the words that tell a request from others."""
    return [word for word in dict.fromkeys(content_words(ends_of(prompt))) if word not in _chatter()]
