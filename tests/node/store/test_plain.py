"""Titles as a search compares them."""

import pytest

from node.store.plain import plain


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("Budget", "budget"),
        ("Überblick", "uberblick"),
        ("U\u0308berblick", "uberblick"),
        ("GRÖSSE", "grosse"),
        ("Größe", "grosse"),
        ("Việt", "viet"),
        ("パン", "パン"),
        ("각", "각"),
    ],
)
def test_neither_case_nor_accents_count_and_other_letters_stay_what_they_are(
    text: str, compared: str
) -> None:
    assert plain(text) == compared
