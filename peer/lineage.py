"""What travels with an ask: its id, its ancestors, hops, a share of the ask budget, and the time left.

A lineage can only lower what its receiver allows. Every node clamps what it hears to its own limits, and what
it sends on is smaller again, so a claim that lies gains nothing over asking afresh.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from peer.errors import BudgetSpent, Cycle, DeadlinePassed, HopsSpent, Stopped
from peer.identity import NodeId

MAX_PEER_HOPS = 3
PEER_AGENT_TIMEOUT_S = 120
MAX_ASKS = 8
"""How many asks one question may cause in all, whatever the topology."""
MARGIN_MS = 250
"""A forwarded ask ends this much earlier, so that its end is still heard in time."""

TAG_HEX_CHARS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageLimits:
    """What one ask may use at most, here."""

    hops: int = MAX_PEER_HOPS
    asks: int = MAX_ASKS
    ms: int = PEER_AGENT_TIMEOUT_S * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Who began the question, and its signature for that; `peer.root` makes and checks it."""

    id: NodeId
    at: int
    """Seconds since 1970, by the signer's clock."""
    sig: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    ask: str
    """Id of the first ask, 16 random bytes in hex; the same all the way down."""
    seen: tuple[str, ...] = ()
    """Blind tags of the ancestors, the first asker first."""
    hops: int
    """How many times the receiver's side may still ask on, one below the other."""
    asks: int
    """How many asks this one may stand for, itself included."""
    ms: int
    """Time left. Relative, so that clocks need not agree."""
    root: Root | None = None
    """Here only once it is proven; a claim that does not hold is dropped."""

    @property
    def first_asker(self) -> NodeId | None:
        return self.root.id if self.root else None

    def clamped(self, limits: LineageLimits) -> "Lineage":
        """Return the lineage cut to what this node allows, whatever it claims.

        `limits.hops` is the whole way, and one hop at least lies behind an ask that was received.
        """
        return replace(
            self,
            hops=max(0, min(self.hops, limits.hops - max(1, len(self.seen)))),
            asks=min(self.asks, limits.asks),
            ms=min(self.ms, limits.ms),
        )

    def forwarded(self, *, own: NodeId, share: int, elapsed_ms: int) -> "Lineage":
        """Return what a child of this ask is told: own tag added, everything else smaller."""
        return replace(
            self,
            seen=(*self.seen, tag(self.ask, own)),
            hops=self.hops - 1,
            asks=share,
            ms=self.ms - elapsed_ms - MARGIN_MS,
        )


def tag(ask: str, node_id: NodeId) -> str:
    """Return the mark a node leaves in this ask: it and its friends recognise it, strangers learn nothing."""
    return hmac.new(bytes.fromhex(ask), node_id.encode(), hashlib.sha256).hexdigest()[:TAG_HEX_CHARS]


class AskBudget:
    """The asks a turn may still cause, split among its children: the shares never sum to more than `asks`."""

    def __init__(self, asks: int) -> None:
        self.left = max(0, asks)

    def draw(self, among: int = 1) -> int:
        """Take the share of one child `among` several: what is left, split evenly among them and the turn.

        So a single child gets half, rounded up; 0 when nothing is left. Shares never come back: how much of
        its share a child used is only its own claim.
        """
        share = (self.left + among) // (among + 1)
        self.left -= share
        return share


class OpenLineage:
    """A lineage in use by one running turn: its claims, its budget and its clock. Only ever shrinks.

    Wherever it takes `now`, that is the event loop's clock, `time.monotonic()`.
    """

    def __init__(self, lineage: Lineage, *, children: int, started: float) -> None:
        self.lineage = lineage
        self.budget = AskBudget(children)
        self._started = started
        self._is_over = False
        self._stops: set[Callable[[], object]] = set()

    @classmethod
    def root(cls, *, now: float, limits: LineageLimits | None = None) -> "OpenLineage":
        """Open the lineage of a question that starts here; `now` is a monotonic clock."""
        limits = limits or LineageLimits()
        lineage = Lineage(ask=secrets.token_hex(16), hops=limits.hops, asks=limits.asks, ms=limits.ms)
        return cls(lineage, children=limits.asks, started=now)

    @classmethod
    def inbound(cls, lineage: Lineage, *, now: float) -> "OpenLineage":
        """Open an admitted, clamped lineage: the ask itself has used one of its `asks`."""
        return cls(lineage, children=lineage.asks - 1, started=now)

    @contextmanager
    def child(self, stop: Callable[[], object]) -> Iterator[None]:
        """Run a child of this turn: should the turn end first, `stop` is called."""
        self._stops.add(stop)
        try:
            yield
        finally:
            self._stops.discard(stop)

    def end(self) -> None:
        """End the turn: nothing is asked on its behalf any more, and its children stop."""
        self._is_over = True
        for stop in list(self._stops):
            stop()

    def remaining_s(self, now: float) -> float:
        return max(0.0, self.lineage.ms / 1000 - (now - self._started))

    def forward(self, *, own: NodeId, to: NodeId, now: float, label: str = "", among: int = 1) -> Lineage:
        """Return the lineage for an ask to `to`, paid from this one's budget; raise when nothing is left.

        `label` is what this node calls it; `among` so many peers the turn asks at the same time.
        """
        if self._is_over:
            raise Stopped("The turn that wanted to ask has ended.")
        if tag(self.lineage.ask, to) in self.lineage.seen:
            raise Cycle(
                f"{label or to[:8]} is already part of this conversation. Answer without asking it again."
            )
        if self.lineage.hops < 1:
            raise HopsSpent(f"This question has gone through {len(self.lineage.seen)} nodes. Answer it here.")
        elapsed_ms = int((now - self._started) * 1000)
        if self.lineage.ms - elapsed_ms <= MARGIN_MS:
            raise DeadlinePassed("No time is left to ask another node. Answer with what is known.")
        share = self.budget.draw(among)
        if share < 1:
            raise BudgetSpent(
                "This question has used all its asks to other nodes. Answer with what is known."
            )
        return self.lineage.forwarded(own=own, share=share, elapsed_ms=elapsed_ms)
