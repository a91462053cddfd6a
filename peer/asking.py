"""Asks that we send over one link: the request, its events in order, its answer, and what ends it early."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from peer.errors import PeerError, PeerLost, ProtocolError, heard
from peer.identity import NodeId
from peer.lineage import Lineage
from peer.messages import (
    ANSWER_MAX_BYTES,
    EVENT_WINDOW,
    AgentCancel,
    AgentCredit,
    AgentEvent,
    AgentRequest,
    AgentResult,
    Citation,
    EventKind,
    LineageFields,
    OpenFrame,
    RootFields,
)

RESULT_PARTS_MAX = 16
STREAM_MAX_CHARS = 4_000_000
"""Of events, in all: an answer that streams more is a flood."""

OnEvent: TypeAlias = Callable[[EventKind, str], Awaitable[None]]
"""Gets each streamed piece in order; while it works, the answering side waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerAnswer:
    node_id: NodeId
    name: str
    text: str
    duration_ms: int
    citations: tuple[Citation, ...] = ()
    """The places in files of that node's owner on which the answer rests."""


class Outlet(Protocol):
    """What an ask needs of a connection, in either direction."""

    async def send(self, frame: OpenFrame) -> None: ...

    def send_soon(self, frame: OpenFrame) -> None: ...


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """An ask without its whole answer yet; the queue's last place is for the news of a lost link."""

    frames: asyncio.Queue[AgentEvent | AgentResult | None] = field(
        default_factory=lambda: asyncio.Queue(maxsize=EVENT_WINDOW + RESULT_PARTS_MAX + 1)
    )
    events: int = 0
    credit: int = EVENT_WINDOW
    chars: int = 0
    answer_bytes: int = 0
    is_over: bool = False


class Asking:
    """The asks under way on one link."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._why_lost: PeerError | None = None
        self._waiting: dict[str, _Waiting] = {}

    @property
    def is_idle(self) -> bool:
        return not self._waiting

    async def ask(
        self, prompt: str, lineage: Lineage, on_event: OnEvent | None
    ) -> tuple[str, tuple[Citation, ...]]:
        """Send the request; return answer and sources. Whatever else ends this wait cancels the ask."""
        rid = secrets.token_urlsafe(16)
        waiting = self._waiting[rid] = _Waiting()
        try:
            await self._outlet.send(AgentRequest(rid=rid, prompt=prompt, lineage=_fields(lineage)))
            return await self._collect(rid, waiting, on_event)
        finally:
            del self._waiting[rid]
            if not waiting.is_over:
                self._outlet.send_soon(AgentCancel(rid=rid))

    def take(self, frame: AgentEvent | AgentResult) -> bool:
        """Take what the other side sent for an ask; what comes after its end is dropped: False."""
        waiting = self._waiting.get(frame.rid)
        if waiting is None or waiting.is_over:
            return False
        if isinstance(frame, AgentEvent):
            _count_event(waiting, frame)
        else:
            _count_result(waiting, frame)
        if waiting.frames.qsize() >= EVENT_WINDOW + RESULT_PARTS_MAX:
            raise ProtocolError("more frames for an ask than there is room for")
        waiting.frames.put_nowait(frame)
        return True

    def lose(self, why: PeerError | None = None) -> None:
        """Tell every ask that the link is gone, and why the other side ended it if it said so."""
        self._why_lost = why
        for waiting in self._waiting.values():
            if not waiting.is_over:
                waiting.is_over = True
                waiting.frames.put_nowait(None)

    async def _collect(
        self, rid: str, waiting: _Waiting, on_event: OnEvent | None
    ) -> tuple[str, tuple[Citation, ...]]:
        parts: list[str] = []
        while True:
            match await waiting.frames.get():
                case AgentEvent() as event:
                    if on_event is not None:
                        await on_event(event.kind, event.text)
                    self._grant(rid, waiting, event.n + 1)
                case AgentResult(ok=True) as part:
                    parts.append(part.text)
                    if not part.more:
                        return "".join(parts), tuple(part.citations or ())
                case AgentResult() as refused:
                    raise heard(refused.code or "internal", refused.message, refused.retry_after)
                case None:
                    raise self._why_lost or PeerLost(
                        "The link to the other node was lost before it answered. Try again."
                    )

    def _grant(self, rid: str, waiting: _Waiting, read: int) -> None:
        """Give credit for what was read, half a window at a time."""
        if read + EVENT_WINDOW - waiting.credit >= EVENT_WINDOW // 2:
            waiting.credit = read + EVENT_WINDOW
            self._outlet.send_soon(AgentCredit(rid=rid, n=read))


def _fields(lineage: Lineage) -> LineageFields:
    root = lineage.root
    return LineageFields(
        ask=lineage.ask,
        seen=list(lineage.seen),
        hops=lineage.hops,
        asks=lineage.asks,
        ms=lineage.ms,
        root=RootFields(id=root.id, at=root.at, sig=root.sig) if root else None,
    )


def _count_event(waiting: _Waiting, event: AgentEvent) -> None:
    if event.n != waiting.events or event.n >= waiting.credit:
        raise ProtocolError(f"event {event.n} came as number {waiting.events} with credit {waiting.credit}")
    waiting.events += 1
    waiting.chars += len(event.text)
    if waiting.chars > STREAM_MAX_CHARS:
        raise ProtocolError("an ask streamed more than is allowed")


def _count_result(waiting: _Waiting, result: AgentResult) -> None:
    waiting.answer_bytes += len(result.text.encode())
    if waiting.answer_bytes > ANSWER_MAX_BYTES:
        raise ProtocolError("an answer is longer than is allowed")
    waiting.is_over = not (result.ok and result.more)
