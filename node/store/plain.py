"""Text as titles are compared: neither case nor accents count. Pure."""

import unicodedata

ACCENT_CLASS_MIN = 200
"""Marks of a lower combining class make another letter, as the voicing of kana does."""


def plain(text: str) -> str:
    """Return the text in one case and without accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFD", text.casefold())
    letters = (char for char in apart if unicodedata.combining(char) < ACCENT_CLASS_MIN)
    return unicodedata.normalize("NFC", "".join(letters))
