"""What a peer hears when this node's model fails: nothing of this node's addresses and paths. Pure."""

from agent.desk import TurnOutcome
from agent.models.base import TRANSIENT, ErrorKind
from peer.errors import AnswerFailed, Busy

RETRY_S = 5.0
GONE = frozenset({ErrorKind.UNREACHABLE, ErrorKind.NO_MODEL, ErrorKind.NOT_LOCAL})
"""With these, the node is one without a model for the moment."""


def trouble_of(outcome: TurnOutcome) -> ErrorKind | None:
    """Return how the model of a turn failed; None when it did not."""
    _, marked, kind = outcome.code.partition("model_")
    return ErrorKind(kind) if marked else None


def told_to_peer(kind: ErrorKind) -> AnswerFailed | Busy:
    if kind in TRANSIENT:
        text = "that node's model is busy or still loading. Try again in a moment."
        return Busy(text, retry_after=RETRY_S)
    if kind is ErrorKind.TOO_LONG:
        return AnswerFailed("that is longer than the window of that node's model")
    return AnswerFailed("that node's model failed; its owner can see why with: palaver doctor")
