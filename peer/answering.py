"""Asks that peers send us: admit or refuse, run, stream, answer; all that stops one stops it here."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from peer.asking import Outlet
from peer.errors import DeadlinePassed, PeerError, Stopped, TooLarge, told
from peer.guard import Policy, Standing, refusal
from peer.identity import NodeId
from peer.limits import TokenBucket
from peer.lineage import Lineage, OpenLineage
from peer.messages import (
    ANSWER_MAX_BYTES,
    EVENT_WINDOW,
    PART_MAX_CHARS,
    AgentCancel,
    AgentCredit,
    AgentEvent,
    AgentRequest,
    AgentResult,
    EventKind,
)
from peer.trust import PeerRecord

STOP_TIMEOUT_S = 2
RESULTS_KEPT = 32
"""Results kept for requests that come again; the oldest goes first."""

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


Answer: TypeAlias = Callable[[InboundAsk], Awaitable[str]]
"""Answers an ask. Cancelled when the asker stops, the link or the time is lost, or the owner says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundStatus:
    """An ask that is being answered, for the owner to see."""

    rid: str
    peer: PeerRecord
    prompt: str
    hops: int
    """Nodes the question went through before it came here."""
    started_at: float


@dataclass(slots=True, kw_only=True, eq=False)
class _Turn:
    ask: InboundAsk
    outlet: Outlet
    started_at: float
    task: "asyncio.Task[None] | None" = None
    sent: int = 0
    credit: int = EVENT_WINDOW
    credited: asyncio.Event = field(default_factory=asyncio.Event)
    emitting: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_stopped: bool = False
    """By the owner, so that the asker is told."""

    @property
    def key(self) -> tuple[NodeId, str]:
        return self.ask.peer.node_id, self.ask.rid


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What only the hub knows when an ask arrives."""

    own: NodeId
    record: Callable[[NodeId], PeerRecord | None]
    policy: Callable[[PeerRecord], Policy]
    is_own_question: Callable[[str, NodeId], bool]
    """Says of ask id and peer whether the question began here, or waits for that very peer."""
    incident: Callable[[NodeId, PeerError], None]
    """Hears of every refused ask."""


class Answering:
    """All turns that this node runs for its peers."""

    def __init__(
        self, knowledge: Knowledge, answer: Answer, *, now: Callable[[], float], changed: Callable[[], None]
    ) -> None:
        self._knowledge = knowledge
        self._answer = answer
        self._now = now
        self._changed = changed
        self._turns: dict[tuple[NodeId, str], _Turn] = {}
        self._results: OrderedDict[tuple[NodeId, str], list[AgentResult]] = OrderedDict()
        self._buckets: dict[NodeId, TokenBucket] = {}
        self._repeats: set[asyncio.Task[None]] = set()

    def running(self) -> list[InboundStatus]:
        return [
            InboundStatus(
                rid=turn.ask.rid,
                peer=turn.ask.peer,
                prompt=turn.ask.prompt,
                hops=len(turn.ask.lineage.lineage.seen),
                started_at=turn.started_at,
            )
            for turn in self._turns.values()
        ]

    def is_idle(self, outlet: Outlet) -> bool:
        return not any(turn.outlet is outlet for turn in self._turns.values())

    def take(self, peer: NodeId, outlet: Outlet, frame: AgentRequest | AgentCancel | AgentCredit) -> None:
        """Take what a peer sent about its asks; everything is looked up under the peer's own id."""
        key = (peer, frame.rid)
        turn = self._turns.get(key)
        match frame:
            case AgentRequest() if turn is None:
                self._admit(peer, outlet, frame)
            case AgentCancel() if turn is not None and turn.task is not None:
                turn.task.cancel()
            case AgentCredit() if turn is not None:
                turn.credit = max(turn.credit, min(frame.n, turn.sent) + EVENT_WINDOW)
                turn.credited.set()

    async def stop(self, rid: str) -> bool:
        """Stop the turns of this request id, as the owner; say whether there was one."""
        turns = [turn for (_, known), turn in self._turns.items() if known == rid]
        for turn in turns:
            turn.is_stopped = True
        await _cancel(turns)
        return bool(turns)

    async def drop(self, outlet: Outlet) -> None:
        """Cancel every turn of a link that is gone; wait for their end, for as long as is reasonable."""
        await _cancel([turn for turn in self._turns.values() if turn.outlet is outlet])

    def _admit(self, peer: NodeId, outlet: Outlet, request: AgentRequest) -> None:
        known = self._results.get((peer, request.rid))
        if known is not None:
            self._repeat(outlet, known)
            return
        record = self._knowledge.record(peer)
        policy = self._knowledge.policy(record) if record else Policy(allowed=False)
        lineage = _lineage(request)
        refused = refusal(lineage, request.prompt, self._standing(peer, record, policy, lineage))
        if refused is not None:
            self._knowledge.incident(peer, refused)
            outlet.send_soon(_refused(request.rid, refused))
            return
        assert record is not None, "a stranger is refused"
        now = asyncio.get_running_loop().time()
        self._bucket(peer, policy).take(now)
        opened = OpenLineage.inbound(lineage.clamped(policy.limits), now=now)
        self._start(outlet, record, request, opened)

    def _standing(
        self, peer: NodeId, record: PeerRecord | None, policy: Policy, lineage: Lineage
    ) -> Standing:
        running = [turn.ask.lineage.lineage.ask for (who, _), turn in self._turns.items() if who == peer]
        return Standing(
            own=self._knowledge.own,
            peer=record,
            policy=policy,
            running=running,
            is_own_question=self._knowledge.is_own_question(lineage.ask, peer),
            wait_s=self._bucket(peer, policy).wait_s(asyncio.get_running_loop().time()),
        )

    def _bucket(self, peer: NodeId, policy: Policy) -> TokenBucket:
        bucket = self._buckets.get(peer)
        if bucket is None or bucket.per_minute != policy.per_minute:
            bucket = TokenBucket(policy.per_minute, asyncio.get_running_loop().time())
            self._buckets[peer] = bucket
        return bucket

    def _start(self, outlet: Outlet, record: PeerRecord, request: AgentRequest, opened: OpenLineage) -> None:
        async def emit(kind: EventKind, text: str) -> None:
            async with turn.emitting:
                await _emit(turn, kind, text)

        ask = InboundAsk(peer=record, rid=request.rid, prompt=request.prompt, lineage=opened, emit=emit)
        turn = _Turn(ask=ask, outlet=outlet, started_at=self._now())
        self._turns[turn.key] = turn
        turn.task = asyncio.create_task(self._run(turn), name=f"answer {request.rid}")
        # Not a `finally` in the task: one that is cancelled before its first step runs none of its code.
        turn.task.add_done_callback(lambda _: self._ended(turn))
        self._changed()

    async def _run(self, turn: _Turn) -> None:
        results = await self._results_of(turn)
        self._keep(turn.key, results)
        await _send(turn.outlet, results)

    def _ended(self, turn: _Turn) -> None:
        del self._turns[turn.key]
        turn.ask.lineage.end()
        self._changed()

    async def _results_of(self, turn: _Turn) -> list[AgentResult]:
        """Answer the ask; whatever comes of it is a result, except being cancelled from the other side."""
        loop = asyncio.get_running_loop()
        limit = asyncio.timeout(turn.ask.lineage.remaining_s(loop.time()))
        try:
            async with limit:
                return _parts(turn.ask.rid, await self._answer(turn.ask))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not turn.is_stopped or task is None:
                raise
            task.uncancel()
            return [_refused(turn.ask.rid, Stopped("The owner of that node stopped this ask."))]
        except PeerError as error:
            return [_refused(turn.ask.rid, error)]
        except Exception as error:
            if limit.expired():
                return [
                    _refused(turn.ask.rid, DeadlinePassed("That node did not finish its answer in time."))
                ]
            logger.exception("answering a peer failed")
            return [_refused(turn.ask.rid, error)]

    def _keep(self, key: tuple[NodeId, str], results: list[AgentResult]) -> None:
        self._results[key] = results
        while len(self._results) > RESULTS_KEPT:
            self._results.popitem(last=False)

    def _repeat(self, outlet: Outlet, results: list[AgentResult]) -> None:
        if len(self._repeats) >= RESULTS_KEPT:
            return  # somebody repeats itself faster than it reads
        task = asyncio.create_task(_send(outlet, results))
        self._repeats.add(task)
        task.add_done_callback(self._repeats.discard)


async def _emit(turn: _Turn, kind: EventKind, text: str) -> None:
    for at in range(0, len(text), PART_MAX_CHARS):
        while turn.sent >= turn.credit:
            turn.credited.clear()
            await turn.credited.wait()
        piece = AgentEvent(rid=turn.ask.rid, n=turn.sent, kind=kind, text=text[at : at + PART_MAX_CHARS])
        turn.sent += 1
        await turn.outlet.send(piece)


async def _send(outlet: Outlet, results: list[AgentResult]) -> None:
    try:
        for result in results:
            await outlet.send(result)
    except PeerError:
        logger.debug("a result came too late: its link is gone")


async def _cancel(turns: list[_Turn]) -> None:
    tasks = [turn.task for turn in turns if turn.task is not None]
    for task in tasks:
        task.cancel()
    if tasks:
        _, stuck = await asyncio.wait(tasks, timeout=STOP_TIMEOUT_S)
        for task in stuck:
            logger.error("%s does not stop", task.get_name())


def _lineage(request: AgentRequest) -> Lineage:
    claims = request.lineage
    return Lineage(ask=claims.ask, seen=tuple(claims.seen), hops=claims.hops, asks=claims.asks, ms=claims.ms)


def _parts(rid: str, text: str) -> list[AgentResult]:
    """Cut an answer into frames; raise `TooLarge` for one that no asker would take."""
    if len(text.encode()) > ANSWER_MAX_BYTES:
        raise TooLarge(f"The answer is longer than {ANSWER_MAX_BYTES // 1024} KB. Ask for a shorter one.")
    pieces = [text[at : at + PART_MAX_CHARS] for at in range(0, len(text), PART_MAX_CHARS)] or [""]
    last = len(pieces) - 1
    return [AgentResult(rid=rid, ok=True, text=piece, more=n < last) for n, piece in enumerate(pieces)]


def _refused(rid: str, error: BaseException) -> AgentResult:
    code, message, retry_after = told(error)
    return AgentResult(rid=rid, ok=False, code=code, message=message, retry_after=retry_after)
