"""What a stored turn is, from its submission to its end, and the decision what an outcome comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.desk import TurnOutcome
from node.store.messages import Draft
from tools.spec import JsonObject

ATTEMPTS = 5
FIRST_PLACE = 1
"""In a transcript."""
USER_WAITING_MAX = 32
OTHER_WAITING_MAX = 3


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
class Busy:
    """What goes on in one session."""

    runs: bool
    waiting: int
    """Turns that wait in line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedTurn(Turn):
    """The right to run one attempt of a turn and to conclude it."""

    groups: tuple[str, ...] = ()
    """Tool groups that the session's last turn had in use."""

    @property
    def is_first(self) -> bool:
        """Whether the session holds nothing before it."""
        return self.position == FIRST_PLACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    turns: Sequence[ClaimedTurn]
    next_due_in: float | None
    """Seconds until the next pause between attempts is over; None when no turn pauses."""


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
    has_effect: bool = True
    """False: things stood so before, or the claim was no longer valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A claim taken back from a worker that is gone: its turn waits again, or has failed for good."""

    turn: ClaimedTurn
    outcome: TurnOutcome
    conclusion: Conclusion


def ending_of(outcome: TurnOutcome, attempts: int) -> Ending:
    """Decide what the outcome of a turn's `attempts`-th attempt comes to."""
    if outcome.cancelled:
        return Ending.CANCELLED
    if outcome.error is None:
        return Ending.ANSWERED
    return Ending.RETRYING if outcome.transient and attempts < ATTEMPTS else Ending.FAILED


def pause_after(attempts: int) -> float:
    """Return the seconds to wait before the next attempt: 2, 4, 8, 16."""
    return float(2**attempts)
