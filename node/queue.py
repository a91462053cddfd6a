"""Runs stored turns: many sessions at once, one turn per session, and tries again what may pass.

`run` builds the history and calls `agent.turn.run_turn`; its desk calls `TurnStore.conclude` before `answer`,
`error` or `done` are shown. The queue concludes once more with what `run` returned, raised, or left open when
it was stopped. That changes nothing where the desk came first; where it did not, `tell` shows the ending.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import TypeAlias
from weakref import WeakValueDictionary

from agent.desk import TurnOutcome
from agent.models.base import ModelError
from node.store.errors import StoreError, StoreFull
from node.store.turn import ClaimedTurn, Conclusion
from node.store.turns import TurnStore

Run: TypeAlias = Callable[[ClaimedTurn], Awaitable[TurnOutcome]]
"""Runs one attempt of a turn."""

Tell: TypeAlias = Callable[[ClaimedTurn, TurnOutcome, Conclusion], Awaitable[None]]
"""Tells those who watch how an attempt ended that no desk concluded."""

RUNNING_MAX = 64
RECOVERY_EVERY_S = 60.0
RECOVERY_STUCK_S = 900.0
CLOSE_TIMEOUT_S = 5.0
RELEASE_TIMEOUT_S = 5.0
"""How long a turn may take to stop before its session goes on without it."""
STORE_RETRY_S = 5.0
"""How soon a store that failed is tried again, as when the disk was full."""

logger = logging.getLogger(__name__)


class Cancelled(StrEnum):
    WITHDRAWN = "withdrawn"
    """The turn waited; it will not run. Nobody has said `done` yet."""
    STOPPING = "stopping"
    """The turn runs and was told to stop; its desk says `done`."""
    NOT_FOUND = "not_found"


class TurnQueue:
    def __init__(
        self, turns: TurnStore, run: Run, *, tell: Tell | None = None, running_max: int = RUNNING_MAX
    ) -> None:
        self._turns = turns
        self._run = run
        self._tell = tell or _tell_nobody
        self._running_max = running_max
        self._running: dict[asyncio.Task[TurnOutcome], ClaimedTurn] = {}
        self._keepers: dict[asyncio.Task[TurnOutcome], asyncio.Task[None]] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._work_to_do = asyncio.Event()
        self._moved = asyncio.Event()
        """Set, and replaced by the next one, when a turn begins or ends."""
        # Held from a turn's claim in the store until it is known here: a cancel finds it there or here.
        self._claiming = asyncio.Lock()
        # Second guard behind the store's index: of a session deleted and opened again, a turn may still end.
        self._sessions: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def open(self) -> None:
        """Take back what a killed node left behind, then start running turns."""
        await self._recover(stuck_s=0)
        self._loops = [
            asyncio.create_task(self._start_turns(), name="queue"),
            asyncio.create_task(self._recover_stuck(), name="queue recovery"),
        ]

    def wake(self) -> None:
        """Look for work now; call it after every `TurnStore.submit`."""
        self._work_to_do.set()

    async def cancel(self, session_id: str, turn_id: str) -> Cancelled:
        """Withdraw a turn that waits, stop one that runs."""
        async with self._claiming:
            if await self._turns.withdraw(session_id, turn_id):
                return Cancelled.WITHDRAWN
        # An attempt may still be winding up while the next one has been claimed.
        attempts = [
            work
            for work, turn in self._running.items()
            if (turn.session_id, turn.turn_id) == (session_id, turn_id)
        ]
        for work in attempts:
            work.cancel()
        return Cancelled.STOPPING if attempts else Cancelled.NOT_FOUND

    async def release(self, session_id: str) -> Sequence[ClaimedTurn]:
        """Stop what a session runs and free its place, also of a turn that will not stop; return what ran."""
        async with self._claiming:
            running = {work: turn for work, turn in self._running.items() if turn.session_id == session_id}
        for work in running:
            work.cancel()
        if keepers := [self._keepers[work] for work in running]:
            await asyncio.wait(keepers, timeout=RELEASE_TIMEOUT_S)
        for work, turn in running.items():
            if not work.done():
                await self._abandon(work, turn)
        self.wake()
        return list(running.values())

    async def _abandon(self, work: asyncio.Task[TurnOutcome], turn: ClaimedTurn) -> None:
        """Go on without a turn that does not stop; whatever it still says of its end changes nothing."""
        logger.warning("turn %r did not stop in %g s; going on without it", turn.turn_id, RELEASE_TIMEOUT_S)
        self._running.pop(work, None)
        self._sessions.pop(turn.session_id, None)
        outcome = TurnOutcome(turn_id=turn.turn_id, text="", cancelled=True)
        conclusion = await self._turns.conclude(turn, outcome)
        if conclusion.has_effect:
            await self._tell(turn, outcome, conclusion)

    async def let_owner_first(self, patience_s: float) -> bool:
        """Wait until no turn here waits for a place to run; False when that takes longer."""
        try:
            async with asyncio.timeout(patience_s):
                while True:
                    moved = self._moved  # before the look, so that no change after it is missed
                    if not await self._turns.is_any_due():
                        return True
                    await moved.wait()
        except TimeoutError:
            pass
        return False

    def _has_moved(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    def running(self, session_id: str) -> ClaimedTurn | None:
        """Return the session's running turn."""
        return next((turn for turn in self._running.values() if turn.session_id == session_id), None)

    async def close(self) -> None:
        """Stop running turns within `CLOSE_TIMEOUT_S`; they wait in the store for the next start."""
        async with self._claiming:
            for loop in self._loops:
                loop.cancel()
        # First in the store, so that the stopped turns find themselves interrupted, not cancelled for good.
        await self._turns.release(self._running.values())
        for work in self._running:
            work.cancel()
        if tasks := [*self._loops, *self._keepers.values()]:
            _, late = await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT_S)
            for task in late:
                logger.warning("%s did not stop in %g s", task.get_name(), CLOSE_TIMEOUT_S)
                task.cancel()

    async def _start_turns(self) -> None:
        while True:
            self._work_to_do.clear()
            try:
                pause = await self._start_due_turns()
            except Exception:
                logger.exception("cannot claim turns; trying again")
                pause = STORE_RETRY_S
            try:
                async with asyncio.timeout(pause):
                    await self._work_to_do.wait()
            except TimeoutError:
                pass

    async def _start_due_turns(self) -> float | None:
        """Start what may run now; return after how many seconds there may be more."""
        while room := max(0, self._running_max - len(self._running)):
            async with self._claiming:
                claims = await self._turns.claim(room)
                for turn in claims.turns:
                    self._start(turn)
                self._has_moved()
            if len(claims.turns) < room:
                return claims.next_due_in
        return None

    def _start(self, turn: ClaimedTurn) -> None:
        work = asyncio.create_task(self._run_alone(turn), name=f"turn {turn.turn_id!r}")
        self._running[work] = turn
        keeper = asyncio.create_task(self._see_through(turn, work), name=f"keeper of turn {turn.turn_id!r}")
        self._keepers[work] = keeper
        keeper.add_done_callback(lambda _: self._keepers.pop(work))

    async def _run_alone(self, turn: ClaimedTurn) -> TurnOutcome:
        async with self._sessions.setdefault(turn.session_id, asyncio.Lock()):
            return await self._run(turn)

    async def _see_through(self, turn: ClaimedTurn, work: asyncio.Task[TurnOutcome]) -> None:
        """Wait for a turn's end, however it ends, and leave it concluded."""
        try:
            await asyncio.wait([work])
            outcome = _outcome(turn, work)
            conclusion = await self._conclude(turn, outcome)
            if conclusion.has_effect:
                await self._tell(turn, outcome, conclusion)
        except Exception:
            logger.exception("cannot store the end of turn %r; it will be taken back", turn.turn_id)
        finally:
            self._running.pop(work, None)
            self._has_moved()
            self.wake()

    async def _conclude(self, turn: ClaimedTurn, outcome: TurnOutcome) -> Conclusion:
        """Store an end, however long the disk is full: until then the session waits, and nothing is lost."""
        while True:
            try:
                return await self._turns.conclude(turn, outcome)
            except StoreFull as error:
                logger.warning("cannot store the end of turn %r: %s", turn.turn_id, error)
                await asyncio.sleep(STORE_RETRY_S)

    async def _recover_stuck(self) -> None:
        while True:
            await asyncio.sleep(RECOVERY_EVERY_S)
            try:
                await self._recover(stuck_s=RECOVERY_STUCK_S)
            except Exception:
                logger.exception("cannot take back stuck turns; trying again")

    async def _recover(self, *, stuck_s: float) -> None:
        for lost in await self._turns.recover(stuck_s=stuck_s, running=self._running.values()):
            logger.warning("took back turn %r of session %r", lost.turn.turn_id, lost.turn.session_id)
            await self._tell(lost.turn, lost.outcome, lost.conclusion)
        self.wake()


async def _tell_nobody(turn: ClaimedTurn, outcome: TurnOutcome, conclusion: Conclusion) -> None:
    """Tell nothing, for a queue that nobody watches."""


def _outcome(turn: ClaimedTurn, work: asyncio.Task[TurnOutcome]) -> TurnOutcome:
    """Return what came of a turn's task."""
    if work.cancelled():
        return TurnOutcome(turn_id=turn.turn_id, text="", cancelled=True)
    match work.exception():
        case None:
            return work.result()
        case ModelError() as error:
            return TurnOutcome(turn_id=turn.turn_id, text="", error=str(error), transient=error.is_transient)
        case StoreError() as error:
            return TurnOutcome(turn_id=turn.turn_id, text="", error=str(error), code=error.code)
        case fault:
            logger.error("turn %r failed inside", turn.turn_id, exc_info=fault)
            return TurnOutcome(
                turn_id=turn.turn_id, text="", error="internal error; the node's log says more"
            )
