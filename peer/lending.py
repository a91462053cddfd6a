"""Rounds that peers run on our model: each is admitted or refused, run once, and stopped when it must be."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from peer.asking import Outlet
from peer.credit import Credit
from peer.errors import DeadlinePassed, NotAllowed, PeerError, ProtocolError, TooLarge, told
from peer.identity import NodeId
from peer.limits import TokenBucket
from peer.loans import LOAN_MAX_MS, NOT_LENT, LoanPolicy, loan_refusal
from peer.messages import (
    EVENT_WINDOW,
    MODEL_REPLY_MAX_CHARS,
    MODEL_REQUEST_MAX_CHARS,
    PART_MAX_CHARS,
    ModelCancel,
    ModelCard,
    ModelCredit,
    ModelDelta,
    ModelEnd,
    ModelRequest,
    sound,
)
from peer.trust import PeerRecord

STOP_TIMEOUT_S = 2
READ_TIMEOUT_S = 15.0
"""A borrower that reads nothing for so long is let go: it must not keep the model from its owner."""

FromBorrower: TypeAlias = ModelRequest | ModelCancel | ModelCredit

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """An admitted round, whole, for the node to run."""

    peer: PeerRecord
    body: str
    emit: Callable[[str], Awaitable[None]]
    """Stream a piece to the borrower; waits while it is slow. Raises `NotAllowed` once the loan has ended."""


Lend: TypeAlias = Callable[[Loan], Awaitable[None]]
"""Runs a round. Cancelled when the borrower stops, the link or the time is lost, or the owner says so."""


async def lend_nothing(_: Loan) -> None:
    raise NotAllowed(NOT_LENT)


class Lending:
    """All rounds that this node runs for its peers."""

    def __init__(
        self,
        record: Callable[[NodeId], PeerRecord | None],
        policy: Callable[[PeerRecord], LoanPolicy],
        lend: Lend,
        incident: Callable[[NodeId, PeerError], None],
    ) -> None:
        self._record = record
        self._policy_of = policy
        self._lend = lend
        self._incident = incident
        self._rounds: dict[tuple[NodeId, str], _Round] = {}
        self._buckets: dict[NodeId, TokenBucket] = {}

    def offer(self, peer: NodeId) -> ModelCard | None:
        """Return the model that this peer may borrow now."""
        policy = self._policy(peer)
        return policy.card if policy.allowed else None

    def is_idle(self, outlet: Outlet) -> bool:
        return not any(round_.outlet is outlet for round_ in self._rounds.values())

    def take(self, peer: NodeId, outlet: Outlet, frame: FromBorrower) -> bool:
        """Take what a peer sent about its rounds; False for what neither begins nor belongs to one.

        Everything is looked up under the peer's own id.
        """
        round_ = self._rounds.get((peer, frame.rid))
        match frame:
            case ModelRequest(n=0) if round_ is None:
                return self._admit(peer, outlet, frame)
            case ModelRequest() if round_ is not None:
                round_.add(frame)
            case ModelCancel() if round_ is not None:
                round_.cancel()
            case ModelCredit() if round_ is not None:
                round_.credit.give(frame.n)
        return round_ is not None

    async def drop(self, outlet: Outlet) -> None:
        """Cancel every round of a link that is gone."""
        await _cancel([round_ for round_ in self._rounds.values() if round_.outlet is outlet])

    def reconsider(self) -> None:
        """End the rounds of peers that may not borrow any more; they are told."""
        for (peer, _), round_ in self._rounds.items():
            policy = self._policy(peer)
            if not policy.allowed:
                round_.cancel(NotAllowed(policy.reason or NOT_LENT))

    def _policy(self, peer: NodeId) -> LoanPolicy:
        record = self._record(peer)
        return self._policy_of(record) if record and record.is_trusted else LoanPolicy(allowed=False)

    def _admit(self, peer: NodeId, outlet: Outlet, request: ModelRequest) -> bool:
        record, policy, now = self._record(peer), self._policy(peer), asyncio.get_running_loop().time()
        bucket = self._buckets.setdefault(peer, TokenBucket(policy.per_minute, now))
        running = sum(who == peer for who, _ in self._rounds)
        refused = loan_refusal(record, policy, running=running, wait_s=bucket.wait_s(now))
        if refused is not None:
            self._incident(peer, refused)
            outlet.send_soon(_end(request.rid, refused))
            return False
        assert record is not None, "a stranger is refused"
        bucket.take(now)
        self._start(_Round(outlet, record, request))
        return True

    def _start(self, round_: "_Round") -> None:
        key = (round_.peer.node_id, round_.rid)
        self._rounds[key] = round_
        round_.task = asyncio.create_task(round_.run(self._lend), name=f"lend {round_.rid}")
        round_.task.add_done_callback(lambda _: self._rounds.pop(key))


class _Round:
    def __init__(self, outlet: Outlet, peer: PeerRecord, first: ModelRequest) -> None:
        self.outlet = outlet
        self.peer = peer
        self.rid = first.rid
        self.credit = Credit(EVENT_WINDOW)
        self.task: asyncio.Task[None] | None = None
        self._ms = min(first.ms, LOAN_MAX_MS)
        self._parts: list[str] = []
        self._chars = 0
        self._whole = asyncio.Event()
        self._sent_chars = 0
        self._reason: PeerError | None = None
        """Why this side ended it."""
        self.add(first)

    def add(self, part: ModelRequest) -> None:
        """Take the next part of the request."""
        self._chars += len(part.text)
        if part.n != len(self._parts) or self._whole.is_set() or self._chars > MODEL_REQUEST_MAX_CHARS:
            raise ProtocolError("a request's parts are out of order or too long")
        self._parts.append(part.text)
        if not part.more:
            self._whole.set()

    def cancel(self, reason: PeerError | None = None) -> None:
        """Stop it; the borrower is told a reason of ours, and hears nothing where it stopped by itself."""
        self._reason = self._reason or reason
        if self.task is not None:
            self.task.cancel()

    async def run(self, lend: Lend) -> None:
        """Wait for the whole request, run it, and tell how it ended unless the borrower stopped it."""
        end = await self._outcome(lend)
        try:
            await self.outlet.send(end)
        except PeerError:
            logger.debug("a round ended too late: its link is gone")

    async def _outcome(self, lend: Lend) -> ModelEnd:
        try:
            async with asyncio.timeout(self._ms / 1000) as limit:
                await self._whole.wait()
                body, self._parts = "".join(self._parts), []
                await lend(Loan(peer=self.peer, body=body, emit=self._emit))
                return ModelEnd(rid=self.rid, ok=True)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._reason is None or task is None:
                raise
            task.uncancel()
            return _end(self.rid, self._reason)
        except PeerError as error:
            return _end(self.rid, error)
        except Exception as error:
            if limit.expired():
                return _end(self.rid, DeadlinePassed("That node's model did not finish in time."))
            logger.exception("running a round for a peer failed")
            return _end(self.rid, error)

    async def _emit(self, text: str) -> None:
        text = sound(text)
        self._sent_chars += len(text)
        if self._sent_chars > MODEL_REPLY_MAX_CHARS:
            raise TooLarge(f"The model's reply passed {MODEL_REPLY_MAX_CHARS} characters and was stopped.")
        last = max(0, len(text) - 1) // PART_MAX_CHARS
        for at in range(last + 1):
            part = text[at * PART_MAX_CHARS : (at + 1) * PART_MAX_CHARS]
            number = await self._next_number()
            await self.outlet.send(ModelDelta(rid=self.rid, n=number, text=part, more=at < last))

    async def _next_number(self) -> int:
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                return await self.credit.take()
        except TimeoutError:
            raise DeadlinePassed(f"Your node read nothing of the reply for {READ_TIMEOUT_S:.0f} s.") from None


def _end(rid: str, error: BaseException) -> ModelEnd:
    code, message, retry_after = told(error)
    return ModelEnd(rid=rid, ok=False, code=code, message=sound(message), retry_after=retry_after)


async def _cancel(rounds: list[_Round]) -> None:
    tasks = [round_.task for round_ in rounds if round_.task is not None]
    for task in tasks:
        task.cancel()
    if tasks:
        _, stuck = await asyncio.wait(tasks, timeout=STOP_TIMEOUT_S)
        for task in stuck:
            logger.error("%s does not stop", task.get_name())
