"""One peer's ask while this node answers it: the streaming, the deadline, and the result whatever happens."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from peer.asking import Outlet
from peer.credit import Credit
from peer.errors import DeadlinePassed, PeerError, Stopped, TooLarge, told
from peer.guard import Policy
from peer.identity import NodeId
from peer.lineage import OpenLineage
from peer.messages import (
    ANSWER_MAX_BYTES,
    EVENT_WINDOW,
    PART_MAX_CHARS,
    AgentEvent,
    AgentRequest,
    AgentResult,
    Citation,
    EventKind,
    sound,
)
from peer.told import ANSWERED, STOPPED, AskEnd
from peer.trust import PeerRecord

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundAsk:
    """An admitted ask, for the node to answer."""

    peer: PeerRecord
    rid: str
    prompt: str
    lineage: OpenLineage
    """Hand it back to `PeerHub.ask` when answering takes another peer."""
    emit: Callable[[EventKind, str], Awaitable[None]]
    """Stream a piece to the asker; waits while the asker is slow."""
    policy: Callable[[], Policy]
    """What the peer may do here, read afresh: the owner can change it while the ask runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer, and the places in shared files that it rests on."""

    text: str
    citations: tuple[Citation, ...] = ()


Answer: TypeAlias = Callable[[InboundAsk], Awaitable[str | Answered]]
"""Answers an ask. Cancelled when the asker stops, the link or the time is lost, or the owner says so."""


class Turn:
    def __init__(
        self,
        outlet: Outlet,
        peer: PeerRecord,
        request: AgentRequest,
        lineage: OpenLineage,
        *,
        started_at: float,
        policy: Callable[[], Policy],
    ) -> None:
        self.outlet = outlet
        self.ask = InboundAsk(
            peer=peer,
            rid=request.rid,
            prompt=request.prompt,
            lineage=lineage,
            emit=self._emit,
            policy=policy,
        )
        self.started_at = started_at
        self.task: asyncio.Task[None] | None = None
        self.is_stopped = False
        """By the owner, so that the asker is told."""
        self.results: list[AgentResult] | None = None
        """What it came to; None while it runs, and when it was cancelled from the other side."""
        self._credit = Credit(EVENT_WINDOW)
        self._emitting = asyncio.Lock()

    @property
    def key(self) -> tuple[NodeId, str]:
        return self.ask.peer.node_id, self.ask.rid

    @property
    def end(self) -> AskEnd:
        """What it came to, for the record."""
        if self.is_stopped:
            return AskEnd(outcome=STOPPED)
        last = self.results[-1] if self.results else None
        if last is None or not last.ok:
            return AskEnd(outcome=(last.code if last else None) or Stopped.code)
        return AskEnd(outcome=ANSWERED, answer="".join(part.text for part in self.results or ()))

    def give_credit(self, read: int) -> None:
        """Note that the asker has read so many events; it cannot have read what was not sent."""
        self._credit.give(read)

    async def run(self, answer: Answer) -> list[AgentResult]:
        """Answer the ask; whatever comes of it is a result, except being cancelled from the other side."""
        limit = asyncio.timeout(self.ask.lineage.remaining_s(asyncio.get_running_loop().time()))
        try:
            async with limit:
                return _parts(self.ask.rid, await answer(self.ask))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self.is_stopped or task is None:
                raise
            task.uncancel()
            return [self._refused(Stopped("The owner of that node stopped this ask."))]
        except PeerError as error:
            return [self._refused(error)]
        except Exception as error:
            if limit.expired():
                return [self._refused(DeadlinePassed("That node did not finish its answer in time."))]
            logger.exception("answering a peer failed")
            return [self._refused(error)]

    async def _emit(self, kind: EventKind, text: str) -> None:
        text = sound(text)
        async with self._emitting:
            for at in range(0, len(text), PART_MAX_CHARS):
                await self._send_event(kind, text[at : at + PART_MAX_CHARS])

    async def _send_event(self, kind: EventKind, text: str) -> None:
        number = await self._credit.take()
        await self.outlet.send(AgentEvent(rid=self.ask.rid, n=number, kind=kind, text=text))

    def _refused(self, error: BaseException) -> AgentResult:
        return refusal_of(self.ask.rid, error)


def refusal_of(rid: str, error: BaseException) -> AgentResult:
    """Return the result that tells the asker of an error."""
    code, message, retry_after = told(error)
    return AgentResult(rid=rid, ok=False, code=code, message=sound(message), retry_after=retry_after)


def _parts(rid: str, answer: str | Answered) -> list[AgentResult]:
    """Cut an answer into frames; raise `TooLarge` for one that no asker would take."""
    answered = answer if isinstance(answer, Answered) else Answered(text=answer)
    text = sound(answered.text)
    if len(text.encode()) > ANSWER_MAX_BYTES:
        raise TooLarge(f"The answer is longer than {ANSWER_MAX_BYTES // 1024} KB. Ask for a shorter one.")
    pieces = [text[at : at + PART_MAX_CHARS] for at in range(0, len(text), PART_MAX_CHARS)] or [""]
    *firsts, final = pieces
    parts = [AgentResult(rid=rid, ok=True, text=piece, more=True) for piece in firsts]
    return [*parts, AgentResult(rid=rid, ok=True, text=final, citations=list(answered.citations) or None)]
