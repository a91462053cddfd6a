"""The node's record of its calls: of model servers and peers, by peers, and by its clients. In memory only.

A call is kept when it ends, its bodies capped. They are looked through for credentials when somebody wants to
see them: that takes up to a millisecond a body, and most are never looked at.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import ClassVar, Literal, TypeAlias

from agent.events import Event
from agent.models.recorder import Exchange
from node.blanking import safe_headers, without_credentials

BODY_MAX_BYTES = 16 << 10
KEPT_BODIES_MAX_BYTES = 4 << 20
"""Beyond this the oldest events go early, whatever number is to be kept."""

_CONTENT_IS_ANOTHERS: ContextVar[bool] = ContextVar("_CONTENT_IS_ANOTHERS", default=False)


@contextmanager
def without_content() -> Iterator[None]:
    """Record calls that begin in the block with their sizes alone: what they say is not this owner's."""
    token = _CONTENT_IS_ANOTHERS.set(True)
    try:
        yield
    finally:
        _CONTENT_IS_ANOTHERS.reset(token)


Direction: TypeAlias = Literal["inbound", "outbound", "client"]
Kind: TypeAlias = Literal["model", "peer", "frame", "http", "turn"]


class Io(Event):
    """One call that has ended."""

    event: ClassVar[str] = "io"

    id: int
    at: float
    """When it began, in seconds since 1970."""
    direction: Direction
    """`outbound`: the node called. `inbound`: it was called. `client`: a turn as its client sees it."""
    kind: Kind
    method: str
    target: str
    status: int | str
    """An HTTP status where there is one, else a word."""
    ms: float
    bytes_in: int
    """What came to this node, whoever began."""
    bytes_out: int
    headers: dict[str, str]
    """Of the request; credentials are `***`."""
    body_in: str
    """The first 16 KB of what came in; credentials are `***`."""
    body_out: str
    error: str = ""
    dropped: int = 0
    """How many events before this one a client was not sent, because it read too slowly."""


class Telemetry:
    """Keeps the last calls, and tells `on_event` of each. A `Recorder` for the model servers."""

    def __init__(self, keep: Callable[[], int]) -> None:
        self.on_event: Callable[[Ended], None] = lambda _: None
        self.recorded = 0
        """How many calls there were since the node started."""
        self._keep = keep
        self._kept: deque[Ended] = deque()
        self._kept_bytes = 0
        self._ids = count(1)

    def sent(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Exchange:
        """Begin the record of a call of a model server."""
        return self.begin("outbound", "model", method, target, headers=headers, sent=body)

    def begin(
        self,
        direction: Direction,
        kind: Kind,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        sent: bytes = b"",
        received: bytes = b"",
    ) -> "Call":
        call = Call(
            end=self._end,
            id=next(self._ids),
            direction=direction,
            kind=kind,
            method=method,
            target=target,
            headers=headers or {},
        )
        call.replied(sent)
        call.received(received)
        return call

    @contextmanager
    def during(
        self,
        direction: Direction,
        kind: Kind,
        method: str,
        target: str,
        *,
        sent: str = "",
        received: str = "",
    ) -> Iterator["Call"]:
        """Record a call for as long as the block runs; an exception becomes its error."""
        call = self.begin(
            direction, kind, method, target, sent=sent.encode(), received=received.encode(errors="replace")
        )
        try:
            yield call
        except BaseException as error:
            call.ended(str(error) or type(error).__name__)
            raise
        call.ended()

    def last(self, limit: int) -> list["Ended"]:
        """Return the last calls, oldest first."""
        return list(self._kept)[-limit:] if limit else []

    @property
    def forgotten(self) -> int:
        """How many of the recorded events are no longer kept."""
        return self.recorded - len(self._kept)

    def _end(self, ended: "Ended") -> None:
        self.recorded += 1
        self._kept.append(ended)
        self._kept_bytes += ended.kept_bytes
        keep = self._keep()
        while len(self._kept) > keep or (self._kept_bytes > KEPT_BODIES_MAX_BYTES and len(self._kept) > 1):
            self._kept_bytes -= self._kept.popleft().kept_bytes
        self.on_event(ended)


class Body:
    """A body as far as it is shown, and the size of all of it."""

    __slots__ = ("_kept_bytes", "bytes", "start")

    def __init__(self) -> None:
        self.bytes = 0
        self._kept_bytes = 0 if _CONTENT_IS_ANOTHERS.get() else BODY_MAX_BYTES
        self.start = bytearray()

    def add(self, data: bytes) -> None:
        if self.bytes < self._kept_bytes:
            self.start += data[: self._kept_bytes - self.bytes]
        self.bytes += len(data)

    def text(self) -> str:
        return without_credentials(self.start.decode(errors="replace"))


@dataclass(slots=True, kw_only=True)
class Call:
    """One call while it runs; an `Exchange`. What is received and replied may come in several pieces."""

    end: "Callable[[Ended], None]"
    id: int
    direction: Direction
    kind: Kind
    method: str
    target: str
    headers: Mapping[str, str]
    at: float = field(default_factory=time.time)
    began: float = field(default_factory=time.perf_counter)
    status: int | str = ""
    body_in: Body = field(default_factory=Body)
    body_out: Body = field(default_factory=Body)

    def answered(self, status: int | str) -> None:
        self.status = status

    def received(self, data: bytes) -> None:
        self.body_in.add(data)

    def replied(self, data: bytes) -> None:
        self.body_out.add(data)

    def ended(self, error: str = "") -> None:
        took_ms = round((time.perf_counter() - self.began) * 1000, 1)
        self.end(Ended(self, headers=safe_headers(self.headers), error=error, ms=took_ms))


class Ended:
    """A call that has ended: as it was, until somebody wants to see it."""

    def __init__(self, call: Call, *, headers: dict[str, str], error: str, ms: float) -> None:
        call.headers = headers
        self._call = call
        self._error = error
        self._ms = ms

    @property
    def kept_bytes(self) -> int:
        return len(self._call.body_in.start) + len(self._call.body_out.start)

    @cached_property
    def shown(self) -> Io:
        """The call without credentials; from any thread."""
        call = self._call
        return Io(
            id=call.id,
            at=call.at,
            direction=call.direction,
            kind=call.kind,
            method=call.method,
            target=without_credentials(call.target),
            status=call.status or ("failed" if self._error else "ok"),
            ms=self._ms,
            bytes_in=call.body_in.bytes,
            bytes_out=call.body_out.bytes,
            headers=dict(call.headers),
            body_in=call.body_in.text(),
            body_out=call.body_out.text(),
            error=without_credentials(self._error),
        )
