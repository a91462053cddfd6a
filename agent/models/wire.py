"""Readers for the two framings of model servers, NDJSON and server-sent events, fed with bytes.

Both split on LF alone: U+0085 and U+2028, which `str.splitlines` takes for line ends, are data here.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterable
from math import isinf
from typing import Generic, NamedTuple, NoReturn, Protocol, TypeVar

LINE_MAX_BYTES = 1 << 20
EVENT_MAX_BYTES = 1 << 20
NESTING_MAX = 64
"""Deeper JSON is refused: what walks a value later, to store or to show it, must not run out of stack."""
COUNT_MAX = 10**9
"""More tokens than any server has counted; larger numbers are nonsense that the store could not hold."""
_BYTE_ORDER_MARK = "\ufeff"
"""Some servers begin a body with it; it belongs to nothing."""

T = TypeVar("T")


class WireError(ValueError):
    """The bytes are not in the framing, or one item is larger than its bound."""


class ServerEvent(NamedTuple):
    name: str
    """Empty for the default event, the one that carries chunks."""
    data: bytes


class Reader(Protocol, Generic[T]):
    def feed(self, data: bytes) -> list[T]:
        """Return the items that these bytes complete; raises `WireError`."""
        ...

    def end(self) -> list[T]:
        """Return what the end of the stream completes."""
        ...


class LineReader:
    """Cut a byte stream into lines; empty ones are skipped, the last needs no line end."""

    def __init__(self, max_bytes: int = LINE_MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        self._held = 0

    def feed(self, data: bytes) -> list[bytes]:
        return [line for line in self.split(data) if line and not line.isspace()]

    def end(self) -> list[bytes]:
        return self.feed(b"\n")

    def split(self, data: bytes) -> list[bytes]:
        """Return whole lines, the empty ones too."""
        first, *rest = data.split(b"\n")
        self._hold(first)
        if not rest:
            return []
        lines = [b"".join(self._pieces), *rest[:-1]]
        if max(map(len, lines)) > self._max_bytes:
            self._refuse()
        self._pieces, self._held = [], 0
        self._hold(rest[-1])
        return lines

    def _hold(self, piece: bytes) -> None:
        self._held += len(piece)
        if self._held > self._max_bytes:
            self._refuse()
        if piece:
            self._pieces.append(piece)

    def _refuse(self) -> NoReturn:
        raise WireError(f"a line is longer than {self._max_bytes} bytes")


class EventReader:
    """Cut a byte stream into server-sent events; comments and events without data are skipped.

    Lines end in LF or CR LF. An event that the end of the stream cuts off is handed out: some servers
    leave out the last empty line.
    """

    def __init__(self, max_bytes: int = EVENT_MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lines = LineReader(max_bytes)
        self._name = ""
        self._data: list[bytes] = []
        self._held = 0

    def feed(self, data: bytes) -> list[ServerEvent]:
        events: list[ServerEvent] = []
        for line in self._lines.split(data):
            line = line.removesuffix(b"\r")  # noqa: PLW2901 - the line without its end is the line
            if line:
                self._take(line)
            elif self._data:
                events.append(self._event())
            else:
                self._name = ""
        return events

    def end(self) -> list[ServerEvent]:
        return self.feed(b"\n\n")

    def _take(self, line: bytes) -> None:
        field, _, value = line.removeprefix(_BYTE_ORDER_MARK.encode()).partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._held += len(value) + 1
            if self._held > self._max_bytes:
                raise WireError(f"an event is longer than {self._max_bytes} bytes")
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode(errors="replace")

    def _event(self) -> ServerEvent:
        event = ServerEvent(self._name, b"\n".join(self._data))
        self._name, self._data, self._held = "", [], 0
        return event


async def received(chunks: AsyncIterable[bytes], reader: Reader[T]) -> AsyncGenerator[list[T], None]:
    """Read a response's body as it arrives, each time the items that came together."""
    async for chunk in chunks:
        if items := reader.feed(chunk):
            yield items
    if items := reader.end():
        yield items


def json_value(text: str) -> object:
    """Read JSON from a stranger; raises `WireError`.

    NaN and Infinity, which are not JSON, are refused, and so is what is nested too deep. Halves of surrogate
    pairs, which nothing could send on, become `?`.
    """
    try:
        value: object = _DECODER.decode(text.removeprefix(_BYTE_ORDER_MARK))
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {error}") from error
    if text.count("[") + text.count("{") > NESTING_MAX and _nesting(value) > NESTING_MAX:
        raise WireError(f"JSON nested deeper than {NESTING_MAX} levels")
    return _without_surrogates(value) if "\\ud" in text or "\\uD" in text else value


def json_object(data: bytes) -> dict[str, object]:
    """Read one JSON object; raises `WireError`. Bytes that are not UTF-8 become U+FFFD."""
    value = json_value(data.decode(errors="replace"))
    if not isinstance(value, dict):
        raise WireError(f"a JSON object was expected, not {type(value).__name__}")
    return value


def count_of(value: object) -> int | None:
    """Return a number of tokens, or None for what cannot be one."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= COUNT_MAX:
        return value
    return None


def text_of(value: object) -> str:
    """Return a string as it is; what is no string is no text."""
    return value if isinstance(value, str) else ""


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


def _nesting(value: object) -> int:
    """Return how many lists and objects lie in one another, without recursion."""
    levels, level = 0, [value]
    while level := [item for item in level if isinstance(item, list | dict)]:
        levels += 1
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]
    return levels


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(number: str) -> float:
    """Read a number; one like 1e999 would leave here as `Infinity`, which no other reader takes."""
    if isinf(value := float(number)):
        raise ValueError(f"{number[:40]} is too large a number")
    return value


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
