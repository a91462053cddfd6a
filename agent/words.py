"""The words of a sentence or a name, brought to a common form so that they can be compared."""

import re

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_A-Za-z]+")
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a about all also am an and any are as at be been but by can could did do does for
        from get give go had has have he her here him his how i if in into is it its just let
        like make may me more my need no not now of on one or our out please put see she should
        so some tell than that the their them then there these they this to too up us use using
        want was we were what when where which who why will with would you your""",
    )
)


def words(text: str) -> list[str]:
    """Return the stems of all words: `openPane`, `open_pane` and "Opened panes" have the same."""
    return [_stem(word) for word in _split(text)]


def content_words(text: str) -> list[str]:
    """Return the stems of the words that say what a text is about."""
    return [_stem(word) for word in _split(text) if word not in _STOP_WORDS]


def _split(text: str) -> list[str]:
    return [found.group().lower() for found in _WORD.finditer(text)]


def _stem(word: str) -> str:
    """Bring forms of a word together: files, file; deleting, deleted, delete; running, run."""
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            if word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word
