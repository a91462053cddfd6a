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
    """The other side did not prove its key, or that it knows the ticket."""

    code = "bad_proof"


class NotTrusted(LinkError):
    """One side does not trust the other."""

    code = "not_trusted"


class KeyChangeWaits(NotTrusted):
    """The other owner has not agreed to this node's new key yet."""

    code = "key_change"


class VersionMismatch(LinkError):
    """The two speak no common version of the protocol."""

    code = "version"


class VersionDowngrade(VersionMismatch):
    """A known peer goes back behind the version that it has spoken."""

    code = "downgrade"


class ProtocolError(LinkError):
    """A frame broke the rules."""

    code = "protocol"


class LinkRefused(LinkError):
    """Too many links, too slow a greeting, or more frames than a link may carry."""

    code = "link_refused"


class PeerLost(LinkError):
    """The link went away."""

    code = "peer_lost"


class Unreachable(LinkError):
    """No address answered."""

    code = "unreachable"


class WrongNode(LinkError):
    """Another key answered at the address."""

    code = "wrong_node"


class PortInUse(LinkError):
    """The node cannot listen there."""

    code = "port_in_use"


class TicketError(PeerError):
    code = "ticket"


class TicketUnreadable(TicketError):
    """What was given is no whole ticket."""

    code = "ticket_unreadable"


class TicketExpired(TicketError):
    """The ticket is too old."""

    code = "ticket_expired"


class TicketUsed(TicketError):
    """The ticket was used before, or burnt by wrong tries."""

    code = "ticket_used"


class TicketWrongNode(TicketError):
    """Another node answers at the ticket's address, or it is one's own."""

    code = "ticket_wrong_node"


class CompareError(PeerError):
    code = "compare"


class PairingClosed(CompareError):
    """Nobody there, or here, lets others pair now."""

    code = "pairing_closed"


class CodesRefused(CompareError):
    """An owner said that the codes differ, or nothing."""

    code = "codes_refused"


class AskError(PeerError):
    code = "ask"


class UnknownPeer(AskError):
    """No peer is meant by that name, or several are."""

    code = "unknown_peer"


class NotAllowed(AskError):
    """The owner does not allow that."""

    code = "not_allowed"


class Cycle(AskError):
    """The question has been at that node already."""

    code = "cycle"


class HopsSpent(AskError):
    """The question went over as many links as it may."""

    code = "hops"


class BudgetSpent(AskError):
    """The question has caused as many asks as it may."""

    code = "budget"


class DeadlinePassed(AskError):
    """No time is left for the question."""

    code = "deadline"


class Duplicate(AskError):
    """The same peer is being answered on the same question."""

    code = "duplicate"


class Busy(AskError):
    """Too many at once or in a minute; `retry_after` says when to come back."""

    code = "busy"

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class TooLarge(AskError):
    """A question or an answer is longer than allowed."""

    code = "too_large"


class Stopped(AskError):
    """Whoever asked no longer wants it, or the answering owner stopped it."""

    code = "cancelled"


class AnswerFailed(AskError):
    """The asked node's agent could not answer.

    Raise it from `answer()` with a sentence for the asker.
    """

    code = "answer_failed"


class KeyFileError(PeerError):
    """The node's own key file cannot be used."""

    code = "key_file"


class InternalError(PeerError):
    """Anything else; told outside as just that."""

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
