"""Claiming turns one at a time."""

from node.store.turn import ClaimedTurn
from node.store.turns import TurnStore


async def claim_one(turns: TurnStore) -> ClaimedTurn | None:
    """Take the next turn that may run."""
    return next(iter((await turns.claim(1)).turns), None)
