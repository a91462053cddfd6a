"""The turns of every session: waiting, running and ended.

Who writes what, exactly once:

- `submit` stores the user's message and its waiting turn together, before anything else happens.
- `claim_next` makes a turn ours. The `ClaimedTurn` is the right to end this attempt; a later claim ends that right.
- `conclude` alone decides what an outcome comes to, and stores it together with the agent's message. The turn's
  desk calls it. Called again, or with a claim that is no longer valid, it changes nothing and says how things stand.
- `release` gives claims back when the node stops, `recover` takes back what a killed node left behind.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.desk import TurnOutcome
from node.store.db import Database
from node.store.sessions import Draft, StoredMessage
from tools.spec import JsonObject

ATTEMPTS = 5
RECOVERY_STUCK_S = 900.0
QUEUE_RETRY_AFTER_S = 30
USER_WAITING_MAX = 32
OTHER_WAITING_MAX = 3


class QueueFull(Exception):
    """Too many turns of the session wait."""

    def __init__(self, queue_length: int) -> None:
        super().__init__("Agent queue is full")
        self.queue_length = queue_length
        self.retry_after = QUEUE_RETRY_AFTER_S


class TurnIdReused(ValueError):
    """A turn id came again in its session with another prompt."""


class Source(StrEnum):
    USER = "user"
    PEER = "peer"
    APP = "app"
    SCHEDULE = "schedule"


class TurnState(StrEnum):
    PENDING = "pending"
    DISPATCHING = "dispatching"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTurn:
    turn_id: str
    """The asker's send key: the same id twice in a session is one message."""
    prompt: str
    session_id: str | None = None
    """None opens a new session; an id that is not stored yet is taken as the new session's."""
    source: Source = Source.USER
    priority: int = 0
    mode: str | None = None
    context: JsonObject | None = None
    """What else the run needs to know, as the focused buffer."""
    history: Sequence[Draft] = ()
    """Stored ahead of the message when the session is new, else ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    session_id: str
    turn_id: str
    position: int
    """Grows per session."""
    prompt: str
    source: Source
    priority: int
    state: TurnState
    attempts: int
    created_at: float
    mode: str | None = None
    context: JsonObject | None = None
    last_error: str | None = None
    claimed_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedTurn(Turn):
    """The right to run one attempt of a turn and to conclude it."""

    groups: tuple[str, ...] = ()
    """Tool groups that the session's last turn had in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    turn: Turn
    ahead: int
    """How many turns of the session come first."""
    is_new: bool
    """False: this turn id was stored before, nothing was added."""
    opened_session: bool


class Ending(StrEnum):
    ANSWERED = "answered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETRYING = "retrying"
    """The failure may pass: the turn waits and will run again. Nobody should be told that it is done."""
    INTERRUPTED = "interrupted"
    """The claim was given back or taken away; the turn waits or runs again elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    ending: Ending
    attempts: int
    retry_in_s: float = 0.0


class TurnStore:
    def __init__(self, db: Database, *, clock: Callable[[], float]) -> None: ...

    async def submit(self, turn: NewTurn) -> Submitted:
        """Store session, message and turn in one go; raise `QueueFull` or `TurnIdReused`."""
        raise NotImplementedError

    async def claim_next(self) -> ClaimedTurn | None:
        """Take the next turn that may run: at most one per session, by priority, then users first, then age."""
        raise NotImplementedError

    async def next_due(self) -> float | None:
        """Return when the next waiting turn's pause is over, on the store's clock."""
        raise NotImplementedError

    async def conclude(self, turn: ClaimedTurn, outcome: TurnOutcome) -> Conclusion:
        """Store what an attempt came to. Only the first call for a valid claim has an effect."""
        raise NotImplementedError

    async def release(self, turns: Collection[ClaimedTurn]) -> None:
        """Give claims back: the turns wait again."""
        raise NotImplementedError

    async def recover(self, *, stuck_s: float, running: Collection[ClaimedTurn] = ()) -> int:
        """Take back claims older than `stuck_s`, except the `running` ones; return how many."""
        raise NotImplementedError

    async def withdraw(self, session_id: str, turn_id: str) -> bool:
        """Cancel a waiting turn; False when it does not wait."""
        raise NotImplementedError

    async def get(self, session_id: str, turn_id: str) -> Turn | None:
        raise NotImplementedError

    async def unended(self, session_id: str | None = None) -> Sequence[Turn]:
        """Return what runs and waits, in the order in which it will run."""
        raise NotImplementedError

    async def history(self, turn: ClaimedTurn) -> Sequence[StoredMessage]:
        """Return what the session's ended turns and imported messages say, without this turn's own message."""
        raise NotImplementedError
