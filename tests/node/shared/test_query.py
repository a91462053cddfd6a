"""Which words of a question say what it is about."""

import pytest

from node.shared.query import telling_words


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("search your notes for the oven temperature", ("oven", "temperature")),
        ("Please look through all of my shared files for rye", ("rye",)),
        ("read the note on sourdough", ("sourdough",)),
        ("find the oven in your  shared folders?", ("oven",)),
        ("what do your notes say about croissants", ("croissants",)),
        ("search for spelt", ("spelt",)),
        ("ask everyone: when does the bakery open?", ("bakery", "open")),
    ],
)
def test_words_of_the_request_itself_do_not_count(question: str, words: tuple[str, ...]) -> None:
    assert telling_words(question) == words


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("When do you open on Sunday?", ("open", "sunday")),
        ("who keeps the notes of the meeting?", ("keeps", "notes", "meeting")),
        ("what does the search cost?", ("search", "cost")),
        ("search my notes for notes", ("notes",)),
        ("search my notes for", ("search", "notes")),
    ],
)
def test_the_same_words_count_where_they_are_the_subject(question: str, words: tuple[str, ...]) -> None:
    assert telling_words(question) == words
