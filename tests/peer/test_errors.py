import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.errors import ERRORS, MESSAGE_MAX_CHARS, Busy, InternalError, PeerError, heard, plain, told


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_an_error_told_is_the_same_error_heard(code: str) -> None:
    error = ERRORS[code]("A sentence.")
    again = heard(*told(error))
    assert type(again) is type(error)
    assert str(again) == "A sentence."


def test_busy_says_when_to_come_back_and_the_other_side_hears_it() -> None:
    assert heard(*told(Busy("Later.", retry_after=2.5))).retry_after == 2.5


@pytest.mark.parametrize(
    "error", [ValueError("secret"), PeerError("secret"), asyncio.CancelledError("secret")]
)
def test_whatever_is_not_in_the_table_is_an_internal_error_outside(error: BaseException) -> None:
    assert told(error) == ("internal", "internal error", None)


def test_a_code_from_a_newer_node_is_an_internal_error_over_there() -> None:
    error = heard("something_new", "What it said.")
    assert isinstance(error, InternalError)
    assert str(error) == "What it said."


@given(st.text())
def test_a_strangers_sentence_is_one_short_printable_line(text: str) -> None:
    line = plain(text)
    assert len(line) <= MESSAGE_MAX_CHARS
    assert line.isprintable()
