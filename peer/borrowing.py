"""Rounds that we run on a peer's model over one link: the request in parts, its stream in order, its end.

What is asked and what comes back is text that this room does not read.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from peer.asking import Outlet
from peer.errors import PeerError, PeerLost, ProtocolError, TooLarge, heard
from peer.messages import (
    EVENT_WINDOW,
    MODEL_REPLY_MAX_CHARS,
    MODEL_REQUEST_MAX_CHARS,
    PART_MAX_CHARS,
    ModelCancel,
    ModelCredit,
    ModelDelta,
    ModelEnd,
    ModelRequest,
    sound,
)

FromLender: TypeAlias = ModelDelta | ModelEnd


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """A round without its end yet; the queue's last places are for the end and the news of a lost link."""

    frames: asyncio.Queue[FromLender | None] = field(
        default_factory=lambda: asyncio.Queue(maxsize=EVENT_WINDOW + 2)
    )
    deltas: int = 0
    credit: int = EVENT_WINDOW
    chars: int = 0
    is_over: bool = False


class Borrowing:
    """The rounds under way on one link, for this node."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._why_lost: PeerError | None = None
        self._waiting: dict[str, _Waiting] = {}

    @property
    def is_idle(self) -> bool:
        return not self._waiting

    async def stream(self, body: str, *, ms: int) -> AsyncGenerator[str, None]:
        """Send a request and yield what comes back, piece by piece; leaving early stops the lender.

        Raises what the lender told, `PeerLost`, or `TooLarge` for a request that no lender takes.
        """
        body = sound(body)
        if len(body) > MODEL_REQUEST_MAX_CHARS:
            raise TooLarge(f"The conversation is longer than {MODEL_REQUEST_MAX_CHARS} characters.")
        rid = secrets.token_urlsafe(16)
        waiting = self._waiting[rid] = _Waiting()
        try:
            for part in _parts(rid, body, ms):
                if waiting.is_over:
                    break  # refused before it was whole
                await self._outlet.send(part)
            pieces: list[str] = []
            while (delta := await self._next(waiting)) is not None:
                pieces.append(delta.text)
                if not delta.more:
                    yield "".join(pieces)
                    pieces = []
                self._grant(rid, waiting, delta.n + 1)
        finally:
            del self._waiting[rid]
            if not waiting.is_over:
                self._outlet.send_soon(ModelCancel(rid=rid))

    def take(self, frame: FromLender) -> bool:
        """Take what the lender sent; what comes after the end is dropped: False."""
        waiting = self._waiting.get(frame.rid)
        if waiting is None or waiting.is_over:
            return False
        if isinstance(frame, ModelDelta):
            _count(waiting, frame)
        else:
            waiting.is_over = True
        waiting.frames.put_nowait(frame)
        return True

    def lose(self, why: PeerError | None = None) -> None:
        """Tell every round that the link is gone, and why the other side ended it if it said so."""
        self._why_lost = why
        for waiting in self._waiting.values():
            if not waiting.is_over:
                waiting.is_over = True
                waiting.frames.put_nowait(None)

    async def _next(self, waiting: _Waiting) -> ModelDelta | None:
        """Return the next piece, or None at a good end."""
        match await waiting.frames.get():
            case ModelDelta() as delta:
                return delta
            case ModelEnd(ok=True):
                return None
            case ModelEnd() as refused:
                raise heard(refused.code or "internal", refused.message, refused.retry_after)
            case None:
                raise self._why_lost or PeerLost(
                    "The link to the other node was lost while its model answered. Try again."
                )

    def _grant(self, rid: str, waiting: _Waiting, read: int) -> None:
        """Give credit for what was read, half a window at a time."""
        if not waiting.is_over and read + EVENT_WINDOW - waiting.credit >= EVENT_WINDOW // 2:
            waiting.credit = read + EVENT_WINDOW
            self._outlet.send_soon(ModelCredit(rid=rid, n=read))


def _parts(rid: str, body: str, ms: int) -> Iterator[ModelRequest]:
    last = max(0, len(body) - 1) // PART_MAX_CHARS
    for n in range(last + 1):
        text = body[n * PART_MAX_CHARS : (n + 1) * PART_MAX_CHARS]
        yield ModelRequest(rid=rid, n=n, text=text, more=n < last, ms=ms)


def _count(waiting: _Waiting, delta: ModelDelta) -> None:
    if delta.n != waiting.deltas or delta.n >= waiting.credit:
        raise ProtocolError(f"piece {delta.n} came as number {waiting.deltas} with credit {waiting.credit}")
    waiting.deltas += 1
    waiting.chars += len(delta.text)
    if waiting.chars > MODEL_REPLY_MAX_CHARS:
        raise ProtocolError("a model's reply is longer than is allowed")
