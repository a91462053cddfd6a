"""The log of every session's turn events, numbered per session, from which a client catches up."""

from collections.abc import Sequence
from dataclasses import dataclass

from node.store.db import Database


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    seq: int
    turn_id: str
    event: str
    data: str
    """The event's `data` as JSON text, so that it is written out once for the log and every client."""


class EventLog:
    """Numbers events at once and writes them in batches; `since` sees the unwritten ones too."""

    @classmethod
    async def open(cls, db: Database) -> "EventLog":
        """Start the writer task."""
        raise NotImplementedError

    async def append(self, session_id: str, turn_id: str, event: str, data: str) -> int:
        """Log one event and return its number. Waits only for a session's first event or a full backlog."""
        raise NotImplementedError

    async def since(self, session_id: str, last_seq: int) -> Sequence[LoggedEvent]:
        """Return every event after `last_seq` that was appended before this call.

        A follower that wants no gap subscribes to live events first, then asks, then skips the live
        ones whose number it has already seen.
        """
        raise NotImplementedError

    async def last_seq(self, session_id: str) -> int:
        raise NotImplementedError

    async def flush(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        """Write what is left and stop the writer task."""
        raise NotImplementedError
