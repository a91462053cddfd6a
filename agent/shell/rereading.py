"""Which commands read text once more: in arithmetic, in the index of a name and in a prompt, commands run."""

import re
from collections.abc import Sequence

from agent.shell.words import BRACKET, UNKNOWN, Word

_COMPUTING = frozenset(("declare", "let", "local", "readonly", "typeset"))
_COMPARING = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge"))
_NAMING = frozenset(("getopts", "mapfile", "read", "readarray", "unset", "wait"))
_NAMING_IF_TOLD = frozenset(("[", "[[", "printf", "test"))
_PROMPT = re.compile(r"(?:PS\d|PROMPT_COMMAND|BASH_ENV|ENV)(?:\+?=.*)?", re.DOTALL)
_INDEXED = re.compile(r"[A-Za-z_]\w*\[")
_CLEAR_INDEX = re.compile(r"[A-Za-z_]\w*\[[\w@*$+-]*\]")


def rereads(words: Sequence[Word]) -> bool:
    """Whether a command of these words may take any of its text for more than text."""
    marked = {word.marked for word in words}
    if not _COMPUTING.isdisjoint(marked) or ("[[" in marked and not _COMPARING.isdisjoint(marked)):
        return True
    if _names_places(marked) and any({"[", BRACKET, UNKNOWN} & set(each) for each in marked - {"[", "[["}):
        return True
    return any(_INDEXED.match(word.source) or _PROMPT.fullmatch(word.marked) for word in words)


def _names_places(marked: set[str]) -> bool:
    is_told = any(each.startswith(("-v", "-R")) for each in marked)
    return not _NAMING.isdisjoint(marked) or (is_told and not _NAMING_IF_TOLD.isdisjoint(marked))


def begins_unclear_index(word: Word) -> bool:
    """Whether a shell may read on behind a word that begins a command: `a[ # ]=1` is one word."""
    return _INDEXED.match(word.source) is not None and _CLEAR_INDEX.match(word.source) is None
