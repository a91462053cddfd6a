import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent import words as words_module
from agent.words import content_words, words


@pytest.mark.parametrize("text", ["open_pane", "openPane", "Opening panes", "opened pane", "agent.openPane"])
def test_forms_of_a_word_and_spellings_of_a_name_agree(text: str) -> None:
    assert words(text)[-2:] == words("open pane")


@pytest.mark.parametrize(
    ("one", "other"), [("files", "file"), ("deleting", "delete"), ("running", "runs"), ("notes", "note")]
)
def test_endings_make_no_difference(one: str, other: str) -> None:
    assert words(one) == words(other)


def test_words_that_say_nothing_are_left_out() -> None:
    assert content_words("Could you please show me the files?") == words("show files")


def test_a_note_is_not_mistaken_for_a_negation() -> None:
    assert content_words("not my notes") == words("note")


def test_text_in_other_scripts_has_words_too() -> None:
    assert words("читай файл") == ["читай", "файл"]


def test_threads_do_not_disturb_each_other() -> None:
    texts = [f"{chr(97 + n % 26)}{chr(97 + n // 26)}nections deleting organizations" for n in range(400)]
    expected = [words(text) for text in texts]
    words_module._stem.cache_clear()
    pause = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(words, texts)) == expected
    finally:
        sys.setswitchinterval(pause)
