"""What can go wrong between two nodes: one tree, and the one table between an error and its code on the wire.

PeerError
├── LinkError             the two nodes have no link
│   ├── BadProof          the other side did not prove its key
│   ├── NotTrusted        one side does not trust the other
│   │   └── KeyChangeWaits  the other owner has not agreed to this node's new key
│   ├── VersionMismatch   no protocol version in common
│   │   └── VersionDowngrade  a known peer goes back behind the version that it has spoken
│   ├── ProtocolError     a frame broke the rules
│   ├── LinkRefused       too many links or too slow a greeting
│   ├── PeerLost          the link went away
│   ├── Unreachable       no address answered
│   ├── WrongNode         another key answered at the address
│   └── PortInUse         this node cannot listen there
├── TicketError           a pairing ticket was not accepted
│   └── TicketUnreadable, TicketExpired, TicketUsed, TicketWrongNode
├── CompareError          a comparison of codes came to nothing
│   ├── PairingClosed     nobody there, or here, lets others pair now
│   └── CodesRefused      an owner said no, or nothing
├── AskError              an ask was refused or did not finish
│   ├── UnknownPeer, NotAllowed, Cycle, HopsSpent, BudgetSpent, DeadlinePassed, Duplicate, Busy, TooLarge,
│   └── Stopped, AnswerFailed
├── KeyFileError          the node's own key file cannot be used
└── InternalError         anything else, told outside as just that
"""

from typing import ClassVar

MESSAGE_MAX_CHARS = 500
"""A sentence from another node beyond this is cut."""

INTERNAL_SENTENCE = "internal error"


class PeerError(Exception):
    """The text is a sentence for the owner: what happened, to what, and what can be done."""

    code: ClassVar[str] = "peer"
    retry_after: float | None = None
    """Seconds after which trying again makes sense, when that is known."""


class LinkError(PeerError):
    code = "link"


class BadProof(LinkError):
    code = "bad_proof"


class NotTrusted(LinkError):
    code = "not_trusted"


class KeyChangeWaits(NotTrusted):
    code = "key_change"


class VersionMismatch(LinkError):
    code = "version"


class VersionDowngrade(VersionMismatch):
    code = "downgrade"


class ProtocolError(LinkError):
    code = "protocol"


class LinkRefused(LinkError):
    code = "link_refused"


class PeerLost(LinkError):
    code = "peer_lost"


class Unreachable(LinkError):
    code = "unreachable"


class WrongNode(LinkError):
    code = "wrong_node"


class PortInUse(LinkError):
    code = "port_in_use"


class TicketError(PeerError):
    code = "ticket"


class TicketUnreadable(TicketError):
    code = "ticket_unreadable"


class TicketExpired(TicketError):
    code = "ticket_expired"


class TicketUsed(TicketError):
    code = "ticket_used"


class TicketWrongNode(TicketError):
    code = "ticket_wrong_node"


class CompareError(PeerError):
    code = "compare"


class PairingClosed(CompareError):
    code = "pairing_closed"


class CodesRefused(CompareError):
    code = "codes_refused"


class AskError(PeerError):
    code = "ask"


class UnknownPeer(AskError):
    code = "unknown_peer"


class NotAllowed(AskError):
    code = "not_allowed"


class Cycle(AskError):
    code = "cycle"


class HopsSpent(AskError):
    code = "hops"


class BudgetSpent(AskError):
    code = "budget"


class DeadlinePassed(AskError):
    code = "deadline"


class Duplicate(AskError):
    code = "duplicate"


class Busy(AskError):
    code = "busy"

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class TooLarge(AskError):
    code = "too_large"


class Stopped(AskError):
    code = "cancelled"


class AnswerFailed(AskError):
    """The asked node's agent could not answer; raise it from `answer()` with a sentence for the asker."""

    code = "answer_failed"


class KeyFileError(PeerError):
    code = "key_file"


class InternalError(PeerError):
    code = "internal"


ERRORS: dict[str, type[PeerError]] = {
    kind.code: kind
    for kind in (
        BadProof, NotTrusted, KeyChangeWaits, VersionMismatch, VersionDowngrade, ProtocolError, LinkRefused,
        PeerLost, Unreachable, WrongNode, PortInUse, TicketUnreadable, TicketExpired, TicketUsed,
        TicketWrongNode, PairingClosed, CodesRefused, UnknownPeer, NotAllowed, Cycle, HopsSpent, BudgetSpent,
        DeadlinePassed, Duplicate, Busy, TooLarge, Stopped, AnswerFailed, KeyFileError, InternalError,
    )
}  # fmt: skip
"""Every code a node may say, and the error it stands for on the other side."""


def told(error: BaseException) -> tuple[str, str, float | None]:
    """Return code, sentence and retry_after as another node may hear them."""
    if isinstance(error, PeerError) and error.code in ERRORS:
        return error.code, str(error)[:MESSAGE_MAX_CHARS], error.retry_after
    return InternalError.code, INTERNAL_SENTENCE, None


def heard(code: str, sentence: str, retry_after: float | None = None) -> PeerError:
    """Return the error for what another node told; an unknown code is an internal error over there."""
    kind = ERRORS.get(code, InternalError)
    text = plain(sentence) or kind.code.replace("_", " ")
    return Busy(text, retry_after) if kind is Busy else kind(text)


def plain(text: str, limit: int = MESSAGE_MAX_CHARS) -> str:
    """Return a stranger's text as one printable line, cut at `limit`."""
    return "".join(char if char.isprintable() else " " for char in text[:limit]).strip()
