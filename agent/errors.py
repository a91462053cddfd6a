"""What can go wrong in a turn, and the one table that says it in words.

AgentError
├── RuleError               a permission rule cannot be read
└── TurnError               the turn cannot go on
    ├── IdleLimitError
    ├── TurnLimitError
    ├── ReplyTooLongError
    ├── RepeatedCallError
    └── EmptyReplyError
"""

from dataclasses import dataclass

from agent.models.base import ModelError


class AgentError(Exception):
    pass


class RuleError(AgentError):
    """A permission rule cannot be read. The text says which and why."""


class TurnError(AgentError):
    """The turn cannot go on. The text is read by the owner."""

    code = "turn_failed"


class IdleLimitError(TurnError):
    code = "turn_idle"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __str__(self) -> str:
        return f"the model sent nothing for {self.seconds:g} s (idle limit); ask again, or raise the limit"


class TurnLimitError(TurnError):
    code = "turn_too_long"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __str__(self) -> str:
        return f"the turn took longer than {self.seconds:g} s in all (hard limit) and was stopped"


class ReplyTooLongError(TurnError):
    code = "reply_too_long"

    def __init__(self, chars: int) -> None:
        self.chars = chars

    def __str__(self) -> str:
        return (
            f"the model's reply passed {self.chars} characters without an end and was stopped"
            " (setting agent.replyMaxChars)"
        )


class RepeatedCallError(TurnError):
    code = "repeated_call"

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return (
            f"the model made the same call of {self.name or 'a tool without a name'} again and again,"
            " also after it was refused;"
            " the turn was stopped"
        )


class EmptyReplyError(TurnError):
    code = "empty_reply"

    def __init__(self, *, cut: bool) -> None:
        self.cut = cut

    def __str__(self) -> str:
        if self.cut:
            return "the model reached its length limit before it said anything; raise the limit (maxTokens)"
        return "the model ended without a word; ask again, or choose another model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed turn as its `error` event tells it."""

    code: str
    message: str
    transient: bool = False
    """The same turn may work later."""


def failure_of(error: Exception) -> Failure | None:
    """Say what a turn died of; None for what nobody foresaw, which stays inside."""
    if isinstance(error, ModelError):
        return Failure(code=f"model_{error.kind}", message=str(error), transient=error.is_transient)
    if isinstance(error, TurnError):
        return Failure(code=error.code, message=str(error))
    return None
