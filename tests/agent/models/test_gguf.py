"""The head of a model file, whole, cut off, and made of garbage."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.gguf import HEAD_BYTES, GgufHead, NotGguf, read_head
from tests.engine.tiny import TINY


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def head(*entries: bytes, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(entries)) + b"".join(entries)


ARCHITECTURE = text("general.architecture") + struct.pack("<I", 8) + text("qwen3")
LENGTH = text("qwen3.context_length") + struct.pack("<II", 4, 40_960)
FLAG = text("general.flag") + struct.pack("<I?", 7, True)
SCALE = text("general.scale") + struct.pack("<If", 6, 0.5)
TAGS = text("general.tags") + struct.pack("<IIQ", 9, 8, 2) + text("chat") + text("tools")
SIZES = text("general.sizes") + struct.pack("<IIQ", 9, 4, 3) + struct.pack("<III", 1, 2, 3)
NESTED = text("general.nested") + struct.pack("<IIQ", 9, 9, 1)


def test_the_head_of_a_real_file_says_what_its_model_can_read() -> None:
    with TINY.open("rb") as file:
        assert read_head(file.read(HEAD_BYTES)) == GgufHead(architecture="llama", context_length=4096)


def test_what_stands_before_the_length_is_passed_over() -> None:
    read = read_head(head(ARCHITECTURE, FLAG, SCALE, TAGS, SIZES, LENGTH))
    assert read == GgufHead(architecture="qwen3", context_length=40_960)


def test_the_length_of_another_architecture_is_not_taken() -> None:
    assert read_head(head(ARCHITECTURE, text("clip.context_length") + struct.pack("<II", 4, 77))) == GgufHead(
        architecture="qwen3"
    )


@pytest.mark.parametrize(
    "data", [b"", b"GGU", b"\x89PNG\r\n\x1a\n" + bytes(64), head(version=1), head(version=9)]
)
def test_what_is_no_such_file_is_refused(data: bytes) -> None:
    if data[:4] == b"GGUF":
        with pytest.raises(NotGguf, match="version"):
            read_head(data)
    else:
        with pytest.raises(NotGguf, match="does not begin"):
            read_head(data)


@pytest.mark.parametrize("end", range(24, len(head(ARCHITECTURE, TAGS, LENGTH))))
def test_a_head_that_is_cut_off_says_what_came_before(end: int) -> None:
    whole = head(ARCHITECTURE, TAGS, LENGTH)
    assert read_head(whole[:end]).context_length is None


def test_a_value_of_an_unknown_kind_ends_the_reading() -> None:
    assert read_head(head(ARCHITECTURE, NESTED, LENGTH)) == GgufHead(architecture="qwen3")


@given(st.binary(max_size=400))
def test_garbage_after_the_magic_never_breaks_the_reader(data: bytes) -> None:
    try:
        read_head(b"GGUF" + data)
    except NotGguf:
        pass


@given(st.lists(st.sampled_from([ARCHITECTURE, LENGTH, FLAG, SCALE, TAGS, SIZES, NESTED])), st.data())
def test_a_file_with_one_byte_changed_never_breaks_the_reader(
    entries: list[bytes], data: st.DataObject
) -> None:
    whole = bytearray(head(*entries))
    whole[data.draw(st.integers(8, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    read_head(bytes(whole))
