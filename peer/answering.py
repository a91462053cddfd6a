"""Asks that peers send us: admit or refuse, run, stream, answer; all that stops them stops here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from peer.lineage import MAX_ASKS, MAX_PEER_HOPS, PEER_AGENT_TIMEOUT_S, OpenLineage
from peer.trust import PeerRecord

EventKind: TypeAlias = Literal["reasoning", "token", "status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a peer's asks may do here; read afresh for every ask."""

    allowed: bool
    reason: str = ""
    """When not allowed: a sentence for the asker, naming what this node's owner can do."""
    max_running: int = 2
    per_minute: int = 30
    max_hops: int = MAX_PEER_HOPS
    max_asks: int = MAX_ASKS
    max_ms: int = PEER_AGENT_TIMEOUT_S * 1000


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
