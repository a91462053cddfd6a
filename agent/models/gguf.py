"""The head of a GGUF file: whether it is one, and how long a prompt its model can read."""

import struct
from dataclasses import dataclass

HEAD_BYTES = 1 << 16
"""How much of a file is read; what is looked for stands before the long lists of words."""
VERSIONS = (2, 3)
_MAGIC = b"GGUF"
_FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _ARRAY = 8, 9


class NotGguf(ValueError):
    """The bytes are no GGUF file that is known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufHead:
    architecture: str = ""
    context_length: int | None = None
    """Tokens that the model was trained to read; None where the head does not say."""


def read_head(data: bytes) -> GgufHead:
    """Read the start of a file, wherever it is cut off; raises `NotGguf`."""
    reader = _Reader(data)
    if data[: len(_MAGIC)] != _MAGIC:
        raise NotGguf("it does not begin as a GGUF file does")
    architecture, length = "", None
    try:
        version, _, entries = reader.number("I", skip=len(_MAGIC)), reader.number("Q"), reader.number("Q")
        if version not in VERSIONS:
            raise NotGguf(f"it is GGUF of version {version}; known are {' and '.join(map(str, VERSIONS))}")
        for _ in range(entries):
            key, value = reader.text(), reader.value()
            if key == "general.architecture" and isinstance(value, str):
                architecture = value
            elif key == f"{architecture}.context_length" and isinstance(value, int):
                length = value
                break
    except _Ended:
        pass
    return GgufHead(architecture=architecture, context_length=length)


class _Ended(Exception):
    """The bytes end here, or go on in a way that is not known."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, code: str, *, skip: int = 0) -> int:
        return int.from_bytes(self._take(skip + struct.calcsize(code))[skip:], "little")

    def text(self) -> str:
        return self._take(self.number("Q")).decode(errors="replace")

    def value(self) -> int | str | None:
        """Return a whole number or a text; any other value is passed over."""
        kind = self.number("I")
        if kind == _ARRAY:
            self._pass_array()
            return None
        if kind == _TEXT:
            return self.text()
        code = _code(kind)
        if code in "fd?":
            self._take(struct.calcsize(code))
            return None
        return self.number(code)

    def _pass_array(self) -> None:
        kind, count = self.number("I"), self.number("Q")
        if kind == _TEXT:
            for _ in range(count):
                self._take(self.number("Q"))
        else:
            self._take(count * struct.calcsize(_code(kind)))

    def _take(self, size: int) -> bytes:
        if size > len(self._data) - self._at:
            raise _Ended
        start, self._at = self._at, self._at + size
        return self._data[start : self._at]


def _code(kind: int) -> str:
    if kind not in _FIXED:
        raise _Ended
    return _FIXED[kind]
