"""Whoever waits is told how many turns come first, whenever that changes."""

from agent.events import Queued
from node.store.turn import Submitted
from node.store.turns import TurnStore
from node.streams import Streams


class Places:
    """Knows what was told of every turn that waits. What is told of one never comes after its begin."""

    def __init__(self, turns: TurnStore, streams: Streams) -> None:
        self._turns = turns
        self._streams = streams
        self._told: dict[tuple[str, str], int] = {}

    async def open(self) -> None:
        """Take note of what waited already."""
        for turn in await self._turns.unended():
            self._told.setdefault((turn.session_id, turn.turn_id), -1)

    async def tell(self, submitted: Submitted) -> None:
        """Tell a message's place for the first time, or after it was changed."""
        turn = submitted.turn
        self._told[turn.session_id, turn.turn_id] = submitted.ahead
        await self._publish(turn.session_id, turn.turn_id, submitted.ahead, turn.prompt)

    def left(self, session_id: str, turn_id: str) -> None:
        """A turn waits no more."""
        self._told.pop((session_id, turn_id), None)

    async def retell(self, session_id: str) -> None:
        """Tell those of a session whose place is not the one they know."""
        if not any(session == session_id for session, _ in self._told):
            return
        for ahead, turn in enumerate(await self._turns.unended(session_id)):
            # One that began meanwhile is known no more.
            if self._told.get((session_id, turn.turn_id), ahead) != ahead:
                self._told[session_id, turn.turn_id] = ahead
                await self._publish(session_id, turn.turn_id, ahead, turn.prompt)

    async def _publish(self, session_id: str, turn_id: str, ahead: int, prompt: str) -> None:
        queued = Queued(turn_id=turn_id, session_id=session_id, position=ahead, prompt=prompt)
        await self._streams.publish(session_id, queued)
