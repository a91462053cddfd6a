"""What the store refuses.

StoreError
├── StoreUnusable     the file cannot be opened, read or written
├── NoSuchSession
├── SessionBusy
├── QueueFull
└── TurnIdReused
"""

QUEUE_RETRY_AFTER_S = 30


class StoreError(Exception):
    """The text says what happened, to what, and what the owner or the client can do."""


class StoreUnusable(StoreError):
    """The file cannot be opened, read or written."""


class NoSuchSession(StoreError):
    """There is no session of this id."""

    def __init__(self, session_id: str) -> None:
        super().__init__(f"there is no session {session_id!r}")


class SessionBusy(StoreError):
    """A transcript cannot be replaced while turns of its session wait or run."""

    def __init__(self, session_id: str) -> None:
        super().__init__(f"session {session_id!r} has turns that wait or run; stop them first")


class QueueFull(StoreError):
    """Too many turns of the session wait."""

    def __init__(self, queue_length: int) -> None:
        super().__init__("Agent queue is full")
        self.queue_length = queue_length
        self.retry_after = QUEUE_RETRY_AFTER_S


class TurnIdReused(StoreError):
    """A turn id came again in its session with another prompt."""

    def __init__(self, session_id: str, turn_id: str) -> None:
        super().__init__(
            f"session {session_id!r} has a turn {turn_id!r} with another prompt; use a new turn id"
        )
