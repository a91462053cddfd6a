import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.errors import ProtocolError
from peer.messages import (
    FRAME_MAX_BYTES,
    LINK_FRAMES,
    PART_MAX_CHARS,
    PROMPT_MAX_BYTES,
    About,
    AgentRequest,
    AgentResult,
    AnyFrame,
    LineageFields,
    Ping,
    decode,
    encode,
)

REQUEST = AgentRequest(
    seq=3,
    rid="abcdefgh",
    prompt="hello",
    lineage=LineageFields(ask="0" * 32, seen=["1" * 32], hops=2, asks=4, ms=1000),
)


@pytest.mark.parametrize(
    "frame",
    [
        REQUEST,
        Ping(seq=1, n=1),
        About(seq=1, name="anna", caps=["chat"], port=8766),
        AgentResult(seq=9, rid="abcdefgh", ok=False, code="busy", message="Later.", retry_after=1.5),
    ],
)
def test_a_frame_is_read_as_it_was_written(frame: AnyFrame) -> None:
    assert decode(encode(frame)) == frame


def test_every_frame_is_listed_once_under_its_own_tag() -> None:
    tags = [frame.model_fields["t"].default for frame in LINK_FRAMES]
    assert len(set(tags)) == len(tags) == 24


@pytest.mark.parametrize(
    "change", [{"extra": 1}, {"t": "agent_ask"}, {"rid": "!"}, {"seq": -1}, {"seq": "3"}]
)
def test_an_unknown_or_ill_formed_field_is_refused_without_repeating_it(change: dict[str, object]) -> None:
    text = json.dumps({**json.loads(encode(REQUEST)), "prompt": "rhubarb", **change})
    with pytest.raises(ProtocolError) as refused:
        decode(text)
    assert "rhubarb" not in str(refused.value)


def test_the_name_of_a_field_that_should_not_be_there_is_one_short_line() -> None:
    text = json.dumps({**json.loads(encode(REQUEST)), "line\nbreak" * 100: 1})
    with pytest.raises(ProtocolError) as refused:
        decode(text)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 200


@given(st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_junk_is_a_protocol_error(text: str) -> None:
    with pytest.raises(ProtocolError):
        decode(text)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"t":' * 10_000, '"\\ud800"', "\ud800"])
def test_malicious_json_is_a_protocol_error(text: str) -> None:
    with pytest.raises(ProtocolError):
        decode(text)


@pytest.mark.parametrize("char", ["\u0000", "\n", "é", "\U0001f600", '"'])
def test_the_longest_lawful_frames_fit_whatever_json_makes_of_them(char: str) -> None:
    prompt = char * (PROMPT_MAX_BYTES // len(char.encode()))
    assert len(encode(REQUEST.model_copy(update={"prompt": prompt})).encode()) < FRAME_MAX_BYTES
    part = AgentResult(rid="abcdefgh", ok=True, text=char * PART_MAX_CHARS)
    assert len(encode(part).encode()) < FRAME_MAX_BYTES
