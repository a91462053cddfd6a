"""What a question asks the index for: its telling words, any of them, each found in all its forms. Pure."""

import re
from itertools import islice

WORDS_MAX = 24
WORD_MAX_CHARS = 60
NAMES_MAX = 6
QUESTION_MAX_CHARS = 10_000

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W\d_]+)?")
_NAME = re.compile(r"[^\W_]+(?:[._/-][^\W_]+){1,5}")
"""An error code, a part number, an identifier, a file: its words tell most where they stand together."""
_SILENT = frozenset(
    """a about according after again all also am an and any anybody anyone anything are as at be because
    been before being both but by can cannot could did do does doing done during each either else
    ever every everybody everyone everything exactly find first for from further get gets give gives
    go goes got had happen happens has have having he hello help her here hers hi him his how i if
    in into is it its just kind know let like look make many may me mean might more most much must
    my need needs no nor not now of off often on once one only onto or other our ours out over
    please regarding same say says shall she should show so some somebody someone something soon
    still such tell than thank thanks that the their them then there these they thing things think
    this those through to too under until up upon us use used very want was we well were what
    whatever when where whether which while who whom whose why will with without would yes yet you
    your yours""".split()  # noqa: SIM905  a list of 150 strings
)
"""Words of questions that say nothing about their subject."""
_KEPT = r"(?:notes?|files?|folders?|documents?|papers|sessions?|conversations?|chats?)"
_WHOSE = r"(?:(?:all|any|of|me|my|your|our|the|shared|old|earlier) ){0,6}"
_REQUEST = re.compile(
    r"\b(?:search|look|check|read|open|show|find|browse) (?:(?:in|into|through|at|over) ){0,2}"
    rf"{_WHOSE}{_KEPT} (?:for|about|on|called|named|titled)\b"
    rf"|\b(?:what|which|do) (?:do )?{_WHOSE}{_KEPT} (?:say|mention|tell)\b"
    rf"|\bin (?:(?:all|of) ){{0,2}}(?:my|your|our|the shared) (?:shared )?{_KEPT}(?=\W*$)"
    r"|\bsearch for\b|\bask (?:everyone|everybody)\b"
)
"""Says where to search or whom to ask, and nothing of what is sought."""


def telling_words(question: str) -> tuple[str, ...]:
    """Return what a question is about, each once: names of several words, then all words in their order."""
    text = " ".join(question[:QUESTION_MAX_CHARS].replace("\u2019", "'").casefold().split())
    # Of a question about the notes themselves nothing would be left.
    return _words(_REQUEST.sub(" ", text)) or _words(text)


def any_of(words: tuple[str, ...]) -> str:
    """Return the query of SQLite's full-text index for passages that hold at least one of the words.

    Of a name it takes the words one after the other, whatever stands between them.
    """
    return " OR ".join(f'"{word}"' for word in words)


def _words(text: str) -> tuple[str, ...]:
    names = (found[0] for found in _NAME.finditer(text))
    bare = (found[0].partition("'")[0] for found in _WORD.finditer(text))
    words = (word for word in bare if word not in _SILENT and (len(word) > 1 or not word.isalpha()))
    return tuple(dict.fromkeys(word[:WORD_MAX_CHARS] for word in (*islice(names, NAMES_MAX), *words)))[
        :WORDS_MAX
    ]
