"""What is told of every ask at both of its ends: that it began, what it came to, or that it was refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from peer.identity import NodeId
from peer.trust import PeerRecord

ANSWERED = "answered"
"""The outcome of an ask that went well; every other outcome is a code of `peer.errors`, or `stopped`."""
STOPPED = "stopped"
"""The outcome of an ask that this node's owner stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStart:
    direction: Literal["in", "out"]
    peer: PeerRecord
    """The node at the other end."""
    ask: str
    """Id of the first ask, the same at every node that the question passes."""
    hops: int
    """Links that the question has gone over, this one included."""
    prompt: str
    at: float
    """Seconds since 1970."""
    first_asker: NodeId | None = None
    """Who signed that the question began there; None: nobody did, which is the usual case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskEnd:
    outcome: str
    answer: str = ""


Ended: TypeAlias = Callable[[AskEnd], None]


class AskRecorder(Protocol):
    """Hears of asks as they happen; it neither waits nor raises."""

    def began(self, start: AskStart) -> Ended:
        """Return what hears of this ask's end."""
        ...

    def refused(self, start: AskStart, outcome: str) -> None:
        """Hear of an ask that was not admitted here; a peer can cause as many of them as it likes."""
        ...


class NoRecorder:
    """An `AskRecorder` that keeps nothing."""

    def began(self, _: AskStart) -> Ended:
        return lambda _: None

    def refused(self, _: AskStart, __: str) -> None:
        pass
