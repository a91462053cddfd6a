"""Whether an ask from a peer may become a turn here: decided before any model or other work is done."""

from collections.abc import Collection
from dataclasses import dataclass
from math import ceil

from peer.errors import (
    BudgetSpent,
    Busy,
    Cycle,
    DeadlinePassed,
    Duplicate,
    HopsSpent,
    NotAllowed,
    NotTrusted,
    PeerError,
    TooLarge,
)
from peer.grants import NOTHING
from peer.identity import NodeId
from peer.lineage import MAX_ASKS, MAX_PEER_HOPS, PEER_AGENT_TIMEOUT_S, Lineage, LineageLimits, tag
from peer.messages import PROMPT_MAX_BYTES
from peer.trust import Grant, PeerRecord

NOT_ALLOWED = "That node does not answer asks from peers. Its owner can allow it in the network settings."


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a peer's asks may do here; read afresh for every ask."""

    allowed: bool
    reason: str = ""
    """When not allowed: a sentence for the asker, naming what this node's owner can do."""
    granted: frozenset[Grant] = NOTHING
    """What the turns that it causes may use."""
    max_running: int = 2
    per_minute: int = 30
    max_hops: int = MAX_PEER_HOPS
    max_asks: int = MAX_ASKS
    max_ms: int = PEER_AGENT_TIMEOUT_S * 1000

    @property
    def limits(self) -> LineageLimits:
        return LineageLimits(hops=self.max_hops, asks=self.max_asks, ms=self.max_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What this node knows by itself when an ask arrives; nothing of it was said by the asker."""

    own: NodeId
    peer: PeerRecord | None
    policy: Policy
    running: Collection[str]
    """Ask ids of this peer's turns that run now, one for each turn."""
    is_own_question: bool
    """The ask id began here, or this node waits for this very peer to answer it."""
    wait_s: float
    """Until this peer's next ask is due."""


def refusal(lineage: Lineage, prompt: str, standing: Standing) -> PeerError | None:
    """Return why the ask is refused, or None to admit it with its lineage clamped to the policy's limits.

    The order is fixed: who asks, whether the claims can be true, what they leave, what this node can bear.
    """
    clamped = lineage.clamped(standing.policy.limits)
    return (
        _stranger(standing)
        or _out_of_range(lineage, prompt)
        or _returning(lineage, standing)
        or _unpaid(clamped)
        or _overloaded(standing)
        or _late(clamped)
        or _repeated(lineage, standing)
    )


def _stranger(standing: Standing) -> PeerError | None:
    if standing.peer is None or not standing.peer.is_trusted:
        return NotTrusted("That node does not trust this one. Pair with a ticket from its owner.")
    if not standing.policy.allowed:
        return NotAllowed(standing.policy.reason or NOT_ALLOWED)
    return None


def _out_of_range(lineage: Lineage, prompt: str) -> PeerError | None:
    if len(lineage.seen) > MAX_PEER_HOPS:
        return HopsSpent(f"The question went through {len(lineage.seen)} nodes; {MAX_PEER_HOPS} is the most.")
    if len(prompt.encode()) > PROMPT_MAX_BYTES:
        return TooLarge(f"The question is longer than {PROMPT_MAX_BYTES // 1024} KB. Ask a shorter one.")
    return None


def _returning(lineage: Lineage, standing: Standing) -> PeerError | None:
    if tag(lineage.ask, standing.own) in lineage.seen or standing.is_own_question:
        return Cycle("That node is already part of this conversation. Answer without asking it again.")
    return None


def _unpaid(clamped: Lineage) -> PeerError | None:
    if clamped.asks < 1:
        return BudgetSpent("This question has used all its asks to other nodes. Answer with what is known.")
    return None


def repeat_refusal(standing: Standing) -> PeerError | None:
    """Return why a result that was given once is not given again, or None: a right may have ended since."""
    return _stranger(standing) or _too_often(standing)


def _overloaded(standing: Standing) -> PeerError | None:
    if len(standing.running) >= standing.policy.max_running:
        return Busy(f"That node already answers {len(standing.running)} of your asks.", retry_after=1.0)
    return _too_often(standing)


def _too_often(standing: Standing) -> PeerError | None:
    if standing.wait_s > 0:
        return Busy(
            f"That node takes {standing.policy.per_minute} asks a minute from a peer. "
            f"Try again in {ceil(standing.wait_s)} s.",
            retry_after=standing.wait_s,
        )
    return None


def _late(clamped: Lineage) -> PeerError | None:
    if clamped.ms < 1:
        return DeadlinePassed("No time is left for this question.")
    return None


def _repeated(lineage: Lineage, standing: Standing) -> PeerError | None:
    if lineage.ask in standing.running:
        return Duplicate("That node is already answering you on this question. Wait for that answer.")
    return None
