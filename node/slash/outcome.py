"""What a slash command comes to: plain data, which the console and the cockpit draw each in its own way."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    rows: Sequence[Sequence[str]]
    head: Sequence[str] = ()
    """The names of the columns, where they need names."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """To be shown so that another owner can take it over: as text, or drawn."""

    ticket: str


Block: TypeAlias = Text | Table | Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """Nothing was done yet: the owner is asked first."""

    question: str
    action: str
    """What it is called on a button."""
    line: str
    """The command line that does it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Shown to who typed the command, and neither stored nor read by the model."""

    shown: Sequence[Block] = ()
    confirm: Confirm | None = None
    prompt: str | None = None
    """To be sent to the agent, as if the owner had written it."""
    opens: str | None = None
    """The session to go on with."""
    begins: bool = False
    """Go on with a new session."""
    mode: str | None = None
    """How much the agent may do from now on in this session."""


def said(*blocks: str | Block) -> Outcome:
    """Return the outcome that only shows something."""
    return Outcome(shown=[Text(block) if isinstance(block, str) else block for block in blocks])


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    return asdict(outcome)
