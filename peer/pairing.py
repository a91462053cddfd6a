"""Pairing by ticket: what a ticket says, how it is written, and the book of those this node gave out.

The ticket carries the inviter's key, so that the joiner knows whom it talks to before it shows anything. It
also carries a secret that is never sent: it keys a MAC over both keys and both nonces, good for this
connection only.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from peer.errors import BadProof, TicketExpired, TicketUnreadable, TicketUsed
from peer.identity import NodeId, node_id_of, public_key_of, transcript

PREFIX = "palaver1:"
VERSION = 1
SECRET_BYTES = 16
CHECK_BYTES = 4
TICKET_MAX_CHARS = 4_000
ADDRESSES_MAX = 8
ADDRESS_MAX_BYTES = 255
INVITE_TTL_S = 86_400.0
MAX_FAILURES = 5
MAX_TICKETS = 64
"""The book forgets the oldest ticket beyond this many."""

_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz234567")

JOINER = "palaver/pair/1/joiner"
INVITER = "palaver/pair/1/inviter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    node_id: NodeId
    """Who invites; the joiner talks to nobody else."""
    secret: bytes
    addresses: tuple[str, ...]

    def __str__(self) -> str:
        body = bytes([VERSION]) + public_key_of(self.node_id) + self.secret
        for address in self.addresses:
            raw = address.encode()
            body += bytes([len(raw)]) + raw
        return PREFIX + base64.b32encode(body + _check(body)).decode().lower().rstrip("=")

    @property
    def ticket_id(self) -> str:
        return ticket_id(self.secret)

    def proof(self, label: str, *fields: bytes) -> str:
        return proof(self.secret, label, *fields)

    @classmethod
    def parse(cls, text: str) -> "Ticket":
        """Read a ticket as a person pasted it; raise `TicketUnreadable` saying what is wrong with it."""
        body = _body(text)
        if body[0] != VERSION:
            raise TicketUnreadable(
                f"The ticket is of version {body[0]}; this node reads {VERSION}. Update it."
            )
        if len(body) < 1 + 32 + SECRET_BYTES:
            raise TicketUnreadable(
                "The ticket is too short. Copy it again, from its first character to its last."
            )
        key, secret, rest = body[1:33], body[33 : 33 + SECRET_BYTES], body[33 + SECRET_BYTES :]
        return cls(node_id=node_id_of(key), secret=secret, addresses=_addresses(rest))


def ticket_id(secret: bytes) -> str:
    """Return the name under which the inviter finds the ticket; it gives nothing of the secret away."""
    return hashlib.sha256(transcript("palaver/pair/1/tid", secret)).hexdigest()[:16]


def proof(secret: bytes, label: str, *fields: bytes) -> str:
    return hmac.new(secret, transcript(label, *fields), hashlib.sha256).hexdigest()


@dataclass(slots=True, kw_only=True)
class _Issued:
    secret: bytes
    expires_at: float
    failures: int = 0
    is_used: bool = False


class TicketBook:
    """The tickets this node gave out; in memory only, so a restart takes all of them back."""

    def __init__(self) -> None:
        self._issued: dict[str, _Issued] = {}

    def issue(self, *, node_id: NodeId, addresses: Sequence[str], expires_at: float) -> Ticket:
        """Make a ticket for one use until `expires_at`."""
        for address in addresses:
            if not address.isascii() or len(address) > ADDRESS_MAX_BYTES:
                raise ValueError(f"{address[:80]!r} does not fit into a ticket: use a plain or shorter name")
        ticket = Ticket(
            node_id=node_id,
            secret=secrets.token_bytes(SECRET_BYTES),
            addresses=tuple(addresses[:ADDRESSES_MAX]),
        )
        while len(self._issued) >= MAX_TICKETS:
            del self._issued[next(iter(self._issued))]
        self._issued[ticket.ticket_id] = _Issued(secret=ticket.secret, expires_at=expires_at)
        return ticket

    def redeem(self, *, tid: str, mac: str, fields: Sequence[bytes], now: float) -> bytes:
        """Use up the ticket and return its secret; only who holds it hears why it is no longer good."""
        issued = self._issued.get(tid)
        if issued is None:
            raise BadProof("This node gave out no such ticket, or was restarted since.")
        if not hmac.compare_digest(mac, proof(issued.secret, JOINER, *fields)):
            issued.failures += 1
            raise BadProof("The ticket's secret was not proved.")
        if issued.is_used or issued.failures >= MAX_FAILURES:
            raise TicketUsed("The ticket was used before.")
        if now >= issued.expires_at:
            raise TicketExpired("The ticket is too old.")
        issued.is_used = True
        return issued.secret


def _body(text: str) -> bytes:
    compact = "".join(text[: TICKET_MAX_CHARS + 1].split()).lower()
    if not compact.startswith(PREFIX):
        raise TicketUnreadable(f"This is not a ticket: tickets begin with {PREFIX!r}.")
    if len(compact) > TICKET_MAX_CHARS:
        raise TicketUnreadable("This is too long for a ticket. Copy the ticket alone.")
    encoded = compact.removeprefix(PREFIX)
    if not _ALPHABET.issuperset(encoded):
        raise TicketUnreadable("The ticket has characters that no ticket has. Copy it again.")
    try:
        raw = base64.b32decode(encoded.upper() + "=" * (-len(encoded) % 8))
    except ValueError:  # of a length that none has
        raw = b""
    body, check = raw[:-CHECK_BYTES], raw[-CHECK_BYTES:]
    if not body or _check(body) != check:
        raise TicketUnreadable("The ticket is damaged or cut off. Copy it again, all of it.")
    return body


def _addresses(raw: bytes) -> tuple[str, ...]:
    addresses = []
    while raw:
        size, raw = raw[0], raw[1:]
        try:
            addresses.append(raw[:size].decode("ascii"))
        except UnicodeDecodeError:
            raise TicketUnreadable("The ticket holds an address that is none.") from None
        if size > len(raw):
            raise TicketUnreadable("The ticket's addresses are cut off. Copy it again, all of it.")
        raw = raw[size:]
    if len(addresses) > ADDRESSES_MAX:
        raise TicketUnreadable(f"The ticket holds more than {ADDRESSES_MAX} addresses.")
    return tuple(addresses)


def _check(body: bytes) -> bytes:
    return hashlib.sha256(b"palaver/ticket" + body).digest()[:CHECK_BYTES]
