"""Neighbouring pieces of text as one."""

from collections.abc import Iterator

import pytest

from agent.history import Call
from agent.models.base import CallDelta, Calling, Delta, ErrorKind, ModelError, ReasoningDelta, TextDelta
from agent.models.joined import joined

CALL = CallDelta(Call(id="c", name="x", arguments={}))


def test_only_neighbours_of_one_kind_are_joined_and_their_order_stays() -> None:
    pieces: list[Delta] = [
        ReasoningDelta("a"),
        ReasoningDelta("b"),
        TextDelta("c"),
        TextDelta("d"),
        Calling("no"),
        Calling("notes.write"),
        CALL,
        TextDelta("e"),
    ]
    assert list(joined(pieces)) == [
        ReasoningDelta("ab"),
        TextDelta("cd"),
        Calling("notes.write"),
        CALL,
        TextDelta("e"),
    ]
    assert list(joined([])) == []
    long: list[Delta] = [TextDelta("x" * 3_000), TextDelta("x" * 3_000)]
    assert list(joined(long)) == long


def test_what_came_before_a_failure_is_passed_on_first() -> None:
    def broken() -> Iterator[Delta]:
        yield TextDelta("par")
        yield TextDelta("tial")
        raise ModelError(ErrorKind.BROKEN, "gone")

    deltas = joined(broken())
    assert next(deltas) == TextDelta("partial")
    with pytest.raises(ModelError):
        next(deltas)
