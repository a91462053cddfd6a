"""The words of a sentence or a name, brought to a common form so that they can be compared."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from threading import Lock

STEMS_KEPT = 20_000
"""Stemming a word takes 20 µs, finding its stem again a tenth of one."""

_WORD = re.compile(
    r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])"  # `openPane`, `HTTPServer`, `open_pane`
    r"|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"  # no spaces between words: each sign counts
    r"|[^\W\d_A-Za-z]+"
)
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a about all also am an and any are as at be been but by can could d did do does for
        from get give go had has have he her here him his how i if in into is it its just let
        like ll make m may me more my need no not now of on one or our out please put re s see she should
        so some t tell than that the their them then there these they this to too up us use using
        ve want was we were what when where which who why will with would you your""",
    )
)

_one_at_a_time = Lock()
"""A stemmer holds the word that it works on, and indexes are built in a thread beside the loop."""


def words(text: str) -> list[str]:
    """Return the stems of all words: `openPane`, `open_pane` and "Opened panes" have the same."""
    return [_stem(word) for word in _split(text)]


def content_words(text: str) -> list[str]:
    """Return the stems of the words that say what a text is about."""
    return [_stem(word) for word in _split(text) if word not in _STOP_WORDS]


def _split(text: str) -> list[str]:
    return [found.lower() for found in _WORD.findall(text)]


@lru_cache(STEMS_KEPT)
def _stem(word: str) -> str:
    """Bring forms of a word together: files, file; deleting, deleted, delete; running, run."""
    with _one_at_a_time:
        return _stemmer()(word)


@cache
def _stemmer() -> Callable[[str], str]:
    # Here, not above: 3 MB that a node without work need not hold. The package brings no types.
    import snowballstemmer  # type: ignore[import-untyped]  # noqa: PLC0415  see the line before

    stem: Callable[[str], str] = snowballstemmer.stemmer("english").stemWord
    return stem
