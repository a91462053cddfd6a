"""Whether a peer may run a round on this node's model: decided before any of its request is read."""

from dataclasses import dataclass

from peer.errors import Busy, NotAllowed, NotTrusted, PeerError
from peer.messages import ModelCard
from peer.trust import PeerRecord

LOAN_MAX_MS = 300_000
"""A round takes longer than an answer's first word: a large prompt on a slow machine."""
NOT_LENT = "That node does not lend its model. Its owner can allow it in the network settings."


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanPolicy:
    """What a peer may borrow here; read afresh for every request, and while one runs."""

    allowed: bool
    reason: str = ""
    """When not allowed: a sentence for the borrower, naming what this node's owner can do."""
    card: ModelCard | None = None
    """The model, as a peer that may borrow it is told."""
    max_running: int = 2
    per_minute: int = 30


def loan_refusal(
    record: PeerRecord | None, policy: LoanPolicy, *, running: int, wait_s: float
) -> PeerError | None:
    """Return why a request is refused, or None to admit it; `wait_s` is how long until the next is due."""
    if record is None or not record.is_trusted:
        return NotTrusted("That node does not trust this one. Pair with a ticket from its owner.")
    if not policy.allowed:
        return NotAllowed(policy.reason or NOT_LENT)
    if running >= policy.max_running:
        return Busy(f"That node already runs {running} rounds for you.", retry_after=1.0)
    if wait_s > 0:
        return Busy(
            f"That node runs {policy.per_minute} rounds a minute for a peer. Try again in {wait_s:.0f} s.",
            retry_after=wait_s,
        )
    return None
