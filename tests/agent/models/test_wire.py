import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.wire import (
    NESTING_MAX,
    EventReader,
    LineReader,
    ServerEvent,
    WireError,
    count_of,
    json_object,
    json_value,
)

CUTS = st.lists(st.integers(min_value=1, max_value=12), max_size=60)
TEXTS = st.text(
    alphabet=st.characters(exclude_categories=["Cs"]) | st.sampled_from("\u0085\u2028\u2029\r\x0b\x0c")
)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut data into pieces of these sizes; the last holds the rest."""
    out = []
    for size in cuts:
        out.append(data[:size])
        data = data[size:]
    return [*out, data]


def feed_often(reader: LineReader | EventReader, chunk: bytes) -> None:
    for _ in range(200):
        reader.feed(chunk)


def lines(data: bytes, cuts: list[int]) -> list[bytes]:
    reader = LineReader()
    return [line for piece in pieces(data, cuts) for line in reader.feed(piece)] + reader.end()


def events(data: bytes, cuts: list[int]) -> list[ServerEvent]:
    reader = EventReader()
    return [event for piece in pieces(data, cuts) for event in reader.feed(piece)] + reader.end()


@given(st.lists(TEXTS), CUTS, st.sampled_from(["\n", "\n\n", "\r\n", "\n \n"]), st.booleans())
def test_objects_come_out_of_lines_however_the_bytes_are_cut(
    values: list[str], cuts: list[int], end: str, is_ended: bool
) -> None:
    body = end.join(json.dumps({"v": value}, ensure_ascii=False) for value in values) + (
        end if is_ended else ""
    )
    assert [json_object(line)["v"] for line in lines(body.encode(), cuts)] == values


@given(st.lists(TEXTS), CUTS, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["data:", "data: "]))
def test_objects_come_out_of_events_however_the_bytes_are_cut(
    values: list[str], cuts: list[int], end: str, field: str
) -> None:
    noise = f": ping{end}{end}id: 7{end}retry: 3{end}"
    body = "".join(f"{noise}{field}{json.dumps({'v': value})}{end}{end}" for value in values)
    assert [json_object(event.data)["v"] for event in events(body.encode(), cuts)] == values


@given(CUTS)
def test_data_over_several_lines_is_joined_and_named_events_keep_their_name(cuts: list[int]) -> None:
    body = b'event: error\ndata: {"a":\ndata:1}\n\nevent: ping\n\ndata: [DONE]'
    assert events(body, cuts) == [ServerEvent("error", b'{"a":\n1}'), ServerEvent("", b"[DONE]")]


@given(st.binary(max_size=300), CUTS)
def test_garbage_gives_items_or_nothing_but_never_another_exception(data: bytes, cuts: list[int]) -> None:
    for item in [*lines(data, cuts), *(event.data for event in events(data, cuts))]:
        try:
            json_object(item)
        except WireError:
            pass


@pytest.mark.parametrize("kind", [LineReader, EventReader])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_line_without_an_end_is_refused_at_its_bound(
    kind: type[LineReader | EventReader], size: int
) -> None:
    with pytest.raises(WireError, match="longer than 100 bytes"):
        feed_often(kind(max_bytes=100), b"x" * size)


@pytest.mark.parametrize("chunk", [b"data: 0123456789\n", b"data:\n"])
def test_an_event_of_many_lines_is_refused_at_its_bound(chunk: bytes) -> None:
    with pytest.raises(WireError, match="an event is longer"):
        feed_often(EventReader(max_bytes=100), chunk)


def test_a_whole_line_at_the_bound_passes_and_one_byte_more_does_not() -> None:
    assert LineReader(max_bytes=10).feed(b"x" * 10 + b"\n") == [b"x" * 10]
    with pytest.raises(WireError):
        LineReader(max_bytes=10).feed(b"ok\n" + b"x" * 11 + b"\n")


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity}', "[" * 100_000, "9" * 5_000, "[1e999]", "", "{"])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        json_value(text)


def test_json_is_refused_when_it_is_nested_too_deep_to_be_stored_and_shown_later() -> None:
    def nested(levels: int) -> str:
        return (
            '{"a":' * (levels // 2)
            + "[" * (levels - levels // 2)
            + "]" * (levels - levels // 2)
            + "}" * (levels // 2)
        )

    assert json_value(nested(NESTING_MAX))
    assert json_value(f"[{','.join(['[]'] * 1_000)}]"), "wide is not deep"
    with pytest.raises(WireError, match="nested deeper than 64"):
        json_value(nested(NESTING_MAX + 1))


@given(CUTS)
def test_a_byte_order_mark_before_the_first_item_belongs_to_nothing(cuts: list[int]) -> None:
    mark = "\ufeff".encode()
    assert events(mark + b"data: 1\n\n", cuts) == [ServerEvent("", b"1")]
    assert [json_object(line) for line in lines(mark + b'{"a":1}\n', cuts)] == [{"a": 1}]


@pytest.mark.parametrize("value", [-1, 10**30, True, 5.0, "7", None])
def test_what_cannot_be_a_number_of_tokens_is_unknown(value: object) -> None:
    assert count_of(value) is None
    assert count_of(7) == 7


def test_half_of_a_surrogate_pair_is_replaced_and_a_whole_pair_kept() -> None:
    assert json_value(r'{"\ud83d": ["\ud83d\ude00", "\ud83d"], "n": 1}') == {"?": ["😀", "?"], "n": 1}
