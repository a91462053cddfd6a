"""Runs stored turns: many sessions at once, one turn per session, and tries again what may pass.

`run` builds the history and calls `agent.turn.run_turn`; its desk calls `TurnStore.conclude` before `answer`,
`error` or `done` are shown. The queue concludes only what `run` left open because it raised or was stopped.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeAlias

from agent.desk import TurnOutcome
from node.store.turns import ClaimedTurn, TurnStore

Run: TypeAlias = Callable[[ClaimedTurn], Awaitable[TurnOutcome]]

RUNNING_MAX = 64
RECOVERY_EVERY_S = 60.0
CLOSE_TIMEOUT_S = 5.0


class Cancelled(StrEnum):
    WITHDRAWN = "withdrawn"
    """The turn waited; it will not run. Nobody has said `done` yet."""
    STOPPING = "stopping"
    """The turn runs and was told to stop; its desk says `done`."""
    NOT_FOUND = "not_found"


class TurnQueue:
    def __init__(self, turns: TurnStore, run: Run, *, running_max: int = RUNNING_MAX) -> None: ...

    async def open(self) -> None:
        """Take back what a killed node left behind, then start running turns."""
        raise NotImplementedError

    def wake(self) -> None:
        """Look for work now; call it after every `TurnStore.submit`."""
        raise NotImplementedError

    async def cancel(self, session_id: str, turn_id: str) -> Cancelled:
        raise NotImplementedError

    def running(self, session_id: str) -> ClaimedTurn | None:
        raise NotImplementedError

    async def close(self) -> None:
        """Stop running turns within `CLOSE_TIMEOUT_S`; they wait in the store for the next start."""
        raise NotImplementedError
