"""Why a link ends before its time: the close codes, and what the other side's closing means to this owner."""

from dataclasses import dataclass

from peer.errors import PeerError, heard

CLOSE_GOING = 1001
CLOSE_JUNK = 1002
CLOSE_BAD_PROOF = 4401
CLOSE_NOT_TRUSTED = 4403
CLOSE_VERSION = 4406
CLOSE_TOO_SLOW = 4408
CLOSE_LIMITS = 4429

CLOSE_CODES = {
    "bad_proof": CLOSE_BAD_PROOF,
    "ticket_expired": CLOSE_BAD_PROOF,
    "ticket_used": CLOSE_BAD_PROOF,
    "not_trusted": CLOSE_NOT_TRUSTED,
    "codes_refused": CLOSE_NOT_TRUSTED,
    "key_change": CLOSE_NOT_TRUSTED,
    "version": CLOSE_VERSION,
    "downgrade": CLOSE_VERSION,
    "deadline": CLOSE_TOO_SLOW,
    "link_refused": CLOSE_LIMITS,
}
"""Close code by error code; any other error is junk to the other side."""

_HEARD = {
    "bad_proof": "The other node did not accept the proof. Ask its owner for a new ticket.",
    "ticket_expired": "The ticket is too old. Ask its owner for a new one.",
    "ticket_used": "The ticket was used before. Ask its owner for a new one.",
    "not_trusted": "The other node does not trust this one. Pair again with a ticket from its owner.",
    "codes_refused": "The other owner did not agree that both screens show one code. Nothing was stored.",
    "key_change": "The other owner has not agreed to this node's new key yet. Tell them; it is tried again.",
    "version": "The two nodes speak no common version of the protocol. Update the older one.",
    "downgrade": "The other node has spoken a newer version with this one, and does not go back behind it. "
    "Update this node; or pair again, with a ticket from the other owner.",
    "deadline": "The other node waited too long for this one and hung up. Try again.",
    "link_refused": "The other node takes no more links just now. Try again later.",
    "protocol": "The other node did not understand what this one sent. Update the older one.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    code: int
    reason: str
    """An error code of `errors.ERRORS`, or empty."""

    @classmethod
    def of(cls, error: PeerError) -> "Close":
        """Return how a link is closed because of `error`: its code, and nothing of its text."""
        return cls(code=CLOSE_CODES.get(error.code, CLOSE_JUNK), reason=error.code)

    def as_error(self) -> PeerError | None:
        """Return what the other side's closing means to this owner, or None when it explains nothing."""
        return heard(self.reason, _HEARD[self.reason]) if self.reason in _HEARD else None
