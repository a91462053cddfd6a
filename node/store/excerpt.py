"""The part of a text in which a search found its words. Pure."""

import re
import unicodedata
from collections.abc import Sequence

EXCERPT_CHARS = 120
LEAD_CHARS = 16
"""Shown before the first word that was found, so that it is in sight in a narrow list, too."""
LOOKED_AT_CHARS = 100_000


def excerpt(text: str, words: Sequence[str]) -> str:
    """Return the text around the first of the words, as one line; its beginning when none is in sight."""
    text = text[:LOOKED_AT_CHARS]
    found = min((place for word in words if (place := _place(text, word)) >= 0), default=0)
    start = max(0, found - LEAD_CHARS)
    if start:
        start = text.find(" ", start, found) + 1 or start
    piece = " ".join(text[start : start + EXCERPT_CHARS].split())
    return ("…" if start else "") + piece + ("…" if start + EXCERPT_CHARS < len(text) else "")


def _place(text: str, word: str) -> int:
    """Return where a word begins in a text, letters compared as the store's index compares them; else -1."""
    match = re.search(rf"(?<!\w){re.escape(_plain(word))}", _plain(text))
    return match.start() if match else -1


def _plain(text: str) -> str:
    """Return the text in lower case without accents, each character still one character."""
    if text.isascii():
        return text.lower()
    return "".join(unicodedata.normalize("NFD", char)[0].lower()[:1] or char for char in text)
