"""What the owner may do with the line of messages before the agent."""

import asyncio
import logging
from collections.abc import Sequence

from agent.desk import TurnOutcome
from node.owner_turns import OwnerTurns
from node.settings import Settings
from node.store.errors import NoSuchTurn, TurnHasBegun
from node.store.turn import Submitted
from node.store.waiting import TurnKey, WaitingTurns

logger = logging.getLogger(__name__)

WAITED_TOO_LONG = "waited_too_long"
LOOK_AGAIN_S = 60.0
"""How soon a line that could not be looked at is looked at again."""


class Line:
    """Every method tells the clients of the sessions that it changes."""

    def __init__(self, *, turns: OwnerTurns, waiting: WaitingTurns, settings: Settings) -> None:
        self._turns = turns
        self._waiting = waiting
        self._settings = settings
        self._impatient: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to take out what nobody watches and has waited for too long."""
        self._impatient = asyncio.create_task(self._take_out_the_impatient(), name="queue patience")

    async def close(self) -> None:
        if self._impatient is not None:
            self._impatient.cancel()
            await asyncio.wait([self._impatient])

    async def find(self, turn_id: str, session_id: str | None) -> TurnKey:
        """Return the turn of this id; raise `NoSuchTurn` or `AmbiguousTurn` where no session is named."""
        if session_id is not None:
            return TurnKey(session_id=session_id, turn_id=turn_id)
        return await self._waiting.find(turn_id)

    async def has(self, key: TurnKey) -> bool:
        return await self._waiting.has(key)

    async def withdraw(self, key: TurnKey) -> None:
        """Take a message back that waits, or stop its turn; raise `NoSuchTurn`."""
        if not await self._turns.cancel(key.session_id, key.turn_id):
            raise NoSuchTurn(key.turn_id)

    async def take_back(self, key: TurnKey) -> None:
        """Take a message back that waits; raise `TurnHasBegun` when it runs."""
        running = self._turns.queue.running(key.session_id)
        if running is not None and running.turn_id == key.turn_id:
            raise TurnHasBegun(key.turn_id)
        await self.withdraw(key)

    async def edit(self, key: TurnKey, prompt: str) -> Submitted:
        """Change a message that waits; raise `NoSuchTurn` or `TurnHasBegun`."""
        return await self._turns.change(key.session_id, key.turn_id, lambda: self._waiting.edit(key, prompt))

    async def retry(self, key: TurnKey) -> Submitted:
        """Say a failed or stopped message again; raise `NoSuchTurn`, `TurnNotFailed` or `QueueFull`."""
        return await self._turns.change(key.session_id, key.turn_id, lambda: self._waiting.retry(key))

    async def clear(self, session_id: str | None = None) -> Sequence[TurnKey]:
        """Take everything back that waits, of one session or of all."""
        cleared = await self._waiting.clear(session_id)
        if cleared:
            logger.warning(
                "the owner cleared %d waiting turns of %s", len(cleared), session_id or "all sessions"
            )
        for key in cleared:
            await self._turns.left(key.session_id, TurnOutcome(turn_id=key.turn_id, text="", cancelled=True))
        return cleared

    async def release(self, session_id: str) -> Sequence[str]:
        """Stop what a session runs, by force if need be; return its turns."""
        released = [turn.turn_id for turn in await self._turns.queue.release(session_id)]
        if released:
            logger.warning(
                "the owner released session %r from turn %s", session_id, ", ".join(map(repr, released))
            )
        return released

    async def halt(self, session_id: str) -> None:
        """Take back and stop every turn of a session, so that it can be changed."""
        await self.clear(session_id)
        await self.release(session_id)

    async def _take_out_the_impatient(self) -> None:
        while True:
            self._turns.unwatched.clear()
            try:
                pause = await self._expire()
            except Exception:
                logger.exception("cannot look who has waited too long; trying again")
                pause = LOOK_AGAIN_S
            try:
                async with asyncio.timeout(pause):
                    await self._turns.unwatched.wait()
            except TimeoutError:
                pass

    async def _expire(self) -> float | None:
        """Take out who has waited for too long; return in how many seconds there may be more."""
        patience = self._settings.number("chat.waitMaxS")
        reason = f"nobody got to it within {patience:g} s, so it left the queue; send it again later"
        first = await self._waiting.expires_in(patience)
        if first is None or first > 0:
            return first
        for key in await self._waiting.expire(patience, reason):
            outcome = TurnOutcome(turn_id=key.turn_id, text="", error=reason, code=WAITED_TOO_LONG)
            await self._turns.left(key.session_id, outcome)
        return 0
