import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.calls import ARGUMENTS_MAX_CHARS, MAX_CALLS, CallPieces, new_call, read_arguments
from agent.models.names import SafeNames
from agent.models.wire import WireError

NONE = SafeNames([])
JSON_OBJECTS = st.dictionaries(st.text(), st.none() | st.integers() | st.text())


def assembled(*pieces: object) -> list[tuple[str, object, str]]:
    held = CallPieces()
    for piece in pieces:
        held.feed(piece)
    return [(call.name, call.arguments, call.server_id) for call in held.whole(NONE)]


def test_every_call_has_an_id_of_our_own_beside_the_servers() -> None:
    first, second = new_call("a", {}, "same"), new_call("a", {}, "same")
    assert first.id != second.id
    assert first.id.startswith("call_")
    assert len(first.id) == len("call_") + 8
    assert first.server_id == "same"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"a": 1}, {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ("", {}),
        ("  ", {}),
        (None, {}),
        ("5.777", None),
        ("[1]", None),
        ('"text"', None),
        ('{"a": ', None),
        (7, None),
        (["a"], None),
        ("null", {}),
        ('{"a": NaN}', None),
    ],
)
def test_arguments_are_an_object_or_nothing(sent: object, read: object) -> None:
    assert read_arguments(sent) == read


def test_arguments_that_cannot_be_read_are_kept_as_they_came() -> None:
    call = new_call("a", '{"a": ')
    assert call.arguments is None
    assert call.raw == '{"a": '


def test_pieces_are_put_together_by_index_even_when_interleaved() -> None:
    assert assembled(
        {"index": 1, "id": "x1", "function": {"name": "b"}},
        {"index": 0, "id": "x0", "function": {"name": "a", "arguments": '{"n"'}},
        {"index": 1, "function": {"arguments": "{}"}},
        {"index": 0, "function": {"name": "a", "arguments": ":1}"}},
        {"index": 0, "id": "", "function": {"name": "", "arguments": ""}},
    ) == [("b", {}, "x1"), ("a", {"n": 1}, "x0")]


def test_a_name_with_another_id_begins_another_call_where_every_index_is_the_same() -> None:
    assert assembled(
        {"index": 0, "id": "x0", "function": {"name": "a", "arguments": '{"n"'}},
        {"index": 0, "id": "other for each piece", "function": {"arguments": ":1}"}},
        {"index": 0, "id": "x1", "function": {"name": "a", "arguments": "{"}},
        {"index": 0, "function": {"arguments": "}"}},
    ) == [("a", {"n": 1}, "x0"), ("a", {}, "x1")]


@pytest.mark.parametrize("arguments", [["a"], 5.7, False, 0])
def test_arguments_that_are_neither_text_nor_an_object_are_none_to_run_with(arguments: object) -> None:
    assert assembled({"index": 0, "function": {"name": "a", "arguments": arguments}}) == [("a", None, "")]


def test_without_an_index_the_id_tells_the_calls_apart() -> None:
    assert assembled(
        {"id": "x0", "function": {"name": "a", "arguments": '{"n"'}},
        {"id": "x1", "function": {"name": "a", "arguments": "{}"}},
        {"id": "x0", "function": {"arguments": ":1}"}},
    ) == [("a", {"n": 1}, "x0"), ("a", {}, "x1")]


def test_without_index_and_id_a_name_begins_a_call() -> None:
    assert assembled(
        {"function": {"name": "a", "arguments": '{"n"'}},
        {"function": {"arguments": ":1}"}},
        {"function": {"name": "b"}},
        {"function": {"arguments": {"whole": True}}},
    ) == [("a", {"n": 1}, ""), ("b", {"whole": True}, "")]


def test_pieces_that_belong_to_nothing_are_dropped() -> None:
    assert assembled("text", None, {"function": {"arguments": "{}"}}, {"index": 0}, {"function": "x"}) == []


def test_a_reply_cut_at_its_length_gives_only_the_calls_it_finished() -> None:
    held = CallPieces()
    held.feed({"index": 0, "function": {"name": "whole", "arguments": "{}"}})
    held.feed({"index": 1, "function": {"name": "open", "arguments": '{"a":'}})
    held.feed({"index": 2, "function": {"name": "bare"}})
    assert [call.name for call in held.finished(NONE)] == ["whole"]


def test_the_size_of_a_reply_is_bounded() -> None:
    held = CallPieces()
    for index in range(MAX_CALLS):
        held.feed({"index": index, "function": {"name": "a"}})
    with pytest.raises(WireError, match="tool calls in one reply"):
        held.feed({"index": MAX_CALLS, "function": {"name": "a"}})
    with pytest.raises(WireError, match="tool arguments"):
        held.feed({"index": 0, "function": {"arguments": "x" * (ARGUMENTS_MAX_CHARS + 1)}})


@given(
    st.lists(
        st.recursive(
            st.none() | st.text() | st.integers(),
            lambda part: (
                st.lists(part)
                | st.dictionaries(st.sampled_from(["index", "id", "function", "name", "arguments"]), part)
            ),
        )
    )
)
def test_garbage_in_place_of_pieces_is_survived(pieces: list[object]) -> None:
    assembled(*pieces)
