"""Asks that peers send us: each is admitted or refused, run once, answered, and stopped when it must be."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from peer.asking import Outlet
from peer.errors import PeerError
from peer.guard import Policy, Standing, refusal, repeat_refusal
from peer.identity import NodeId
from peer.limits import TokenBucket
from peer.lineage import Lineage, OpenLineage, Root, tag
from peer.messages import AgentCancel, AgentCredit, AgentRequest, AgentResult
from peer.root import proven
from peer.told import AskRecorder, AskStart, Ended
from peer.trust import PeerRecord
from peer.turn import Answer, Answered, InboundAsk, Turn, refusal_of

__all__ = ["Answer", "Answered", "Answering", "InboundAsk", "InboundStatus", "Knowledge", "Policy"]

STOP_TIMEOUT_S = 2
RESULTS_KEPT = 8
"""Results kept of each peer, for requests that come again; the oldest goes first."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundStatus:
    """An ask that is being answered, for the owner to see."""

    rid: str
    peer: PeerRecord
    prompt: str
    hops: int
    """Nodes the question went through before it came here."""
    first_asker: NodeId | None
    """Who signed that the question began there."""
    started_at: float


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
    recorder: AskRecorder


class Answering:
    """All turns that this node runs for its peers."""

    def __init__(
        self, knowledge: Knowledge, answer: Answer, *, now: Callable[[], float], changed: Callable[[], None]
    ) -> None:
        self._knowledge = knowledge
        self._answer = answer
        self._now = now
        self._changed = changed
        self._turns: dict[tuple[NodeId, str], Turn] = {}
        self._results: defaultdict[NodeId, dict[str, list[AgentResult]]] = defaultdict(dict)
        self._buckets: dict[NodeId, TokenBucket] = {}
        self._repeats: dict[asyncio.Task[None], NodeId] = {}

    def running(self) -> list[InboundStatus]:
        return [
            InboundStatus(
                rid=turn.ask.rid,
                peer=turn.ask.peer,
                prompt=turn.ask.prompt,
                hops=len(turn.ask.lineage.lineage.seen),
                first_asker=turn.ask.lineage.lineage.first_asker,
                started_at=turn.started_at,
            )
            for turn in self._turns.values()
        ]

    def is_idle(self, outlet: Outlet) -> bool:
        return not any(turn.outlet is outlet for turn in self._turns.values())

    def take(self, peer: NodeId, outlet: Outlet, frame: AgentRequest | AgentCancel | AgentCredit) -> bool:
        """Take what a peer sent about its asks; False for what neither begins nor belongs to one.

        Everything is looked up under the peer's own id.
        """
        key = (peer, frame.rid)
        turn = self._turns.get(key)
        match frame:
            case AgentRequest() if turn is None:
                return self._admit(peer, outlet, frame)
            case AgentCancel() if turn is not None and turn.task is not None:
                turn.task.cancel()
            case AgentCredit() if turn is not None:
                turn.give_credit(frame.n)
        return turn is not None

    async def stop(self, rid: str) -> bool:
        """Stop the turns of this request id, as the owner; say whether there was one."""
        turns = [turn for (_, known), turn in self._turns.items() if known == rid]
        _stop(turns)
        await _ends(turns)
        return bool(turns)

    def reconsider(self) -> None:
        """Stop the turns of peers that may not ask any more, as the owner."""
        _stop([turn for turn in self._turns.values() if not turn.ask.policy().allowed])

    async def drop(self, outlet: Outlet) -> None:
        """Cancel every turn of a link that is gone; wait for their end, for as long as is reasonable."""
        turns = [turn for turn in self._turns.values() if turn.outlet is outlet]
        _cancel(turns)
        await _ends(turns)

    def _admit(self, peer: NodeId, outlet: Outlet, request: AgentRequest) -> bool:
        record, policy = self._knowledge.record(peer), self._policy(peer)
        lineage = _lineage(peer, request)
        standing = self._standing(peer, record, policy, lineage)
        known = self._results[peer].get(request.rid)
        refused = repeat_refusal(standing) if known else refusal(lineage, request.prompt, standing)
        if refused is not None:
            self._knowledge.incident(peer, refused)
            if record is not None:
                self._knowledge.recorder.refused(self._told(record, request, lineage), refused.code)
            outlet.send_soon(refusal_of(request.rid, refused))
            return False
        assert record is not None, "a stranger is refused"
        now = asyncio.get_running_loop().time()
        self._bucket(peer, policy).take(now)
        if known:
            self._repeat(peer, outlet, known)
            return False
        root = proven(
            _claimed_root(request),
            ask=lineage.ask,
            seen=lineage.seen,
            own=self._knowledge.own,
            now=self._now(),
        )
        opened = OpenLineage.inbound(replace(lineage.clamped(policy.limits), root=root), now=now)
        self._start(outlet, record, request, opened)
        return True

    def _told(self, record: PeerRecord, request: AgentRequest, lineage: Lineage) -> AskStart:
        return AskStart(
            direction="in",
            peer=record,
            ask=lineage.ask,
            hops=len(lineage.seen),
            prompt=request.prompt,
            at=self._now(),
            first_asker=lineage.first_asker,
        )

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

    def _policy(self, peer: NodeId) -> Policy:
        record = self._knowledge.record(peer)
        return self._knowledge.policy(record) if record else Policy(allowed=False)

    def _bucket(self, peer: NodeId, policy: Policy) -> TokenBucket:
        bucket = self._buckets.get(peer)
        if bucket is None or bucket.per_minute != policy.per_minute:
            bucket = TokenBucket(policy.per_minute, asyncio.get_running_loop().time())
            self._buckets[peer] = bucket
        return bucket

    def _start(self, outlet: Outlet, record: PeerRecord, request: AgentRequest, opened: OpenLineage) -> None:
        policy = partial(self._policy, record.node_id)
        turn = Turn(outlet, record, request, opened, started_at=self._now(), policy=policy)
        self._turns[turn.key] = turn
        ended = self._knowledge.recorder.began(self._told(record, request, opened.lineage))
        turn.task = asyncio.create_task(self._run(turn, ended), name=f"answer {request.rid}")
        # Not a `finally` in the task: one that is cancelled before its first step runs none of its code.
        turn.task.add_done_callback(lambda _: self._ended(turn, ended))
        self._changed()

    async def _run(self, turn: Turn, ended: Ended) -> None:
        turn.results = await turn.run(self._answer)
        self._keep(turn)
        ended(turn.end)
        await _send(turn.outlet, turn.results)

    def _ended(self, turn: Turn, ended: Ended) -> None:
        if turn.results is None:
            ended(turn.end)
        del self._turns[turn.key]
        turn.ask.lineage.end()
        self._changed()

    def _keep(self, turn: Turn) -> None:
        assert turn.results is not None, "it has ended"
        peer, rid = turn.key
        kept = self._results[peer]
        kept[rid] = turn.results
        while len(kept) > RESULTS_KEPT:
            del kept[next(iter(kept))]

    def _repeat(self, peer: NodeId, outlet: Outlet, results: list[AgentResult]) -> None:
        if list(self._repeats.values()).count(peer) >= RESULTS_KEPT:
            return  # it repeats itself faster than it reads
        task = asyncio.create_task(_send(outlet, results))
        self._repeats[task] = peer
        task.add_done_callback(self._repeats.pop)


async def _send(outlet: Outlet, results: list[AgentResult]) -> None:
    try:
        for result in results:
            await outlet.send(result)
    except PeerError:
        logger.debug("a result came too late: its link is gone")


def _stop(turns: list[Turn]) -> None:
    """Cancel turns so that their askers are told."""
    for turn in turns:
        turn.is_stopped = True
    _cancel(turns)


def _cancel(turns: list[Turn]) -> None:
    for turn in turns:
        if turn.task is not None:
            turn.task.cancel()


async def _ends(turns: list[Turn]) -> None:
    """Wait for the end of cancelled turns, for as long as is reasonable."""
    if tasks := [turn.task for turn in turns if turn.task is not None]:
        _, stuck = await asyncio.wait(tasks, timeout=STOP_TIMEOUT_S)
        for task in stuck:
            logger.error("%s does not stop", task.get_name())


def _lineage(peer: NodeId, request: AgentRequest) -> Lineage:
    """Return what a peer claims, and what it cannot deny: that the question came through it."""
    claims = request.lineage
    own_mark = tag(claims.ask, peer)
    seen = tuple(claims.seen) if own_mark in claims.seen else (*claims.seen, own_mark)
    return Lineage(ask=claims.ask, seen=seen, hops=claims.hops, asks=claims.asks, ms=claims.ms)


def _claimed_root(request: AgentRequest) -> Root | None:
    claimed = request.lineage.root
    return Root(id=NodeId(claimed.id), at=claimed.at, sig=claimed.sig) if claimed else None
