"""The rules of a link, without any socket: text comes in, events and text to send come out.

    GREETING ──► PROVING ─────────────────► OPEN ──► CLOSED   (from each to CLOSED, with a code that says why)
                    └──► COMPARING ──────────┘

The listener greets with a nonce. The dialler, which knows from TLS whose key it talks to, signs that key, its
own, both nonces, the versions that it heard offered and the one it chose: the signature is good for this
listener and this connection only, and not if somebody took versions off the offer. The listener then signs
the same. A trusted peer is held to the highest version that it has spoken. An unknown key is turned away and
learns nothing, not even a name, unless it has a ticket or the owner lets strangers compare codes. While
COMPARING, both sides wait for their owners' `agree`.
"""

import hmac
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from peer.closing import Close
from peer.comparing import ComparingDialler, ComparingListener
from peer.errors import (
    BadProof,
    KeyChangeWaits,
    LinkRefused,
    NotTrusted,
    PeerError,
    ProtocolError,
    VersionDowngrade,
    VersionMismatch,
)
from peer.identity import Identity, NodeId, negotiated, public_key_of, verify
from peer.messages import (
    FRAME_MAX_BYTES,
    GREETING_MAX_BYTES,
    VERSIONS,
    AnyFrame,
    Auth,
    FormerKey,
    Greeting,
    Hello,
    KeyChanged,
    OpenFrame,
    PairCompare,
    PairConfirm,
    PairDone,
    PairReveal,
    PairShare,
    PairTicket,
    Welcome,
    decode,
    encode,
)
from peer.pairing import INVITER, JOINER, Ticket, TicketBook, proof
from peer.rotation import FORMER_MAX, Former, KeyChange, proven
from peer.trust import TrustState

HANDSHAKE_TIMEOUT_S = 10
NONCE_BYTES = 32

CLIENT = "palaver/link/1/client"
CHANGED = "palaver/link/1/changed"
SERVER = "palaver/link/1/server"


class State(Enum):
    GREETING = auto()
    PROVING = auto()
    COMPARING = auto()
    OPEN = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Both sides have proved their keys."""

    peer: NodeId
    is_pairing: bool = False
    """A ticket was redeemed, or both owners agreed: from now on the two trust each other."""
    name: str = ""
    """With `is_pairing`: what the peer calls itself."""
    version: int
    """What both speak from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeShown:
    """Both owners are to look whether their screens show this code, and then `agree`, or not."""

    peer: NodeId
    name: str
    """What the peer calls itself: a stranger's text."""
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    frame: OpenFrame


Event: TypeAlias = Opened | CodeShown | Received


class PeerProtocol(ABC):
    """What both sides share; `Listener` and `Dialler` add the greeting. Never raises on what is received."""

    def __init__(self, identity: Identity) -> None:
        self.state = State.GREETING
        self.close: Close | None = None
        """Set when this side ends the link."""
        self.failure: PeerError | None = None
        """Why, for this side alone."""
        self._identity = identity
        self._version = 0
        self._nonce = secrets.token_bytes(NONCE_BYTES)
        self._outgoing: list[str] = []
        self._events: list[Event] = []
        self._sent_seq = 0
        self._heard_seq = 0

    def receive(self, text: str) -> list[Event]:
        """Take one message and return what it means; a breach of the rules closes the link."""
        if self.state is State.CLOSED:
            return []
        try:
            self._check_size(text)
            self._take(decode(text))
        except PeerError as error:
            self.fail(error)
        return self._take_events()

    def agree(self) -> list[Event]:
        """Take this owner's word that both screens show the code; without one being shown nothing happens."""
        if self.state is State.COMPARING:
            self._agree()
        return self._take_events()

    def send(self, frame: OpenFrame) -> None:
        """Number the frame and queue it. Frames for a link that is no longer open are dropped."""
        if self.state is not State.OPEN:
            return
        self._sent_seq += 1
        self._outgoing.append(encode(frame.model_copy(update={"seq": self._sent_seq})))

    def text_to_send(self) -> list[str]:
        """Return, once, what is to be sent."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def fail(self, error: PeerError) -> None:
        """End the link because of `error`; the other side hears its code and nothing else."""
        if self.state is State.CLOSED:
            return
        self.state = State.CLOSED
        self.failure = error
        self.close = Close.of(error)

    def _check_size(self, text: str) -> None:
        limit = FRAME_MAX_BYTES if self.state is State.OPEN else GREETING_MAX_BYTES
        if len(text.encode(errors="replace")) > limit:
            raise LinkRefused(f"a frame is longer than {limit} bytes")

    def _take(self, frame: AnyFrame) -> None:
        match (self.state, frame):
            case (State.OPEN, OpenFrame()):
                if frame.seq <= self._heard_seq:
                    raise ProtocolError(f"frame {frame.seq} came after {self._heard_seq}")
                self._heard_seq = frame.seq
                self._events.append(Received(frame=frame))
            case (State.GREETING | State.PROVING | State.COMPARING, Greeting()):
                self._greet(frame)
            case _:
                raise ProtocolError(f"{frame.t} is out of place while {self.state.name.lower()}")

    @abstractmethod
    def _greet(self, frame: Greeting) -> None:
        """Take a frame of the greeting, as this side of the link expects it."""

    @abstractmethod
    def _agree(self) -> None:
        """Say this owner's yes, as this side of the link does it."""

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _show(self, side: ComparingDialler | ComparingListener) -> None:
        self.state = State.COMPARING
        self._events.append(CodeShown(peer=side.peer, name=side.peer_name, code=side.code))

    def _say(self, frame: Greeting) -> None:
        self._outgoing.append(encode(frame))

    def _open(self, peer: NodeId, *, is_pairing: bool = False, name: str = "") -> None:
        self.state = State.OPEN
        self._events.append(Opened(peer=peer, is_pairing=is_pairing, name=name, version=self._version))

    def _hold(self, spoken: int) -> None:
        """Raise `VersionDowngrade` when the peer goes back behind what it has spoken and this node speaks."""
        if self._version < min(spoken, max(VERSIONS)):
            raise VersionDowngrade(
                f"The other node has spoken version {spoken} of the protocol, and now goes back to "
                f"{self._version}. If its owner went back to an older program, pair again with a ticket."
            )


class Listener(PeerProtocol):
    """The side that was dialled."""

    def __init__(
        self,
        identity: Identity,
        *,
        name: str,
        trust: Callable[[NodeId], TrustState | None],
        spoken: Callable[[NodeId], int],
        tickets: TicketBook,
        may_compare: Callable[[], bool],
        key_changed: Callable[[KeyChange], None],
        now: Callable[[], float],
    ) -> None:
        """`spoken` says which version a peer has spoken before; 0 for none.

        `may_compare` says whether a stranger may have a code shown, and takes the place for it.

        `key_changed` hears of a trusted peer that is said to have a new key; nothing follows by itself.
        """
        super().__init__(identity)
        self._name = name
        self._trust = trust
        self._spoken = spoken
        self._tickets = tickets
        self._may_compare = may_compare
        self._key_changed = key_changed
        self._now = now
        self._comparing: ComparingListener | None = None
        self._has_agreed = False
        self._has_heard_yes = False
        self._say(Hello(v=list(VERSIONS), n=self._nonce.hex()))
        self.state = State.PROVING

    def _greet(self, frame: Greeting) -> None:
        match (self.state, frame, self._comparing):
            case (State.PROVING, Auth(), None):
                self._check_auth(frame)
            case (State.PROVING, PairTicket(), None):
                self._check_ticket(frame)
            case (State.PROVING, KeyChanged(), None):
                self._check_change(frame)
            case (State.PROVING, PairCompare(), None):
                self._begin_comparing(frame)
            case (State.PROVING, PairReveal(), ComparingListener() as side):
                side.check(frame)
                self._show(side)
            case (State.COMPARING, PairConfirm(), ComparingListener() as side) if not self._has_heard_yes:
                side.take(frame)
                self._has_heard_yes = True
                self._conclude(side)
            case _:
                raise ProtocolError(f"a dialler does not say {frame.__class__.__name__} now")

    def _check_auth(self, auth: Auth) -> None:
        peer, fields = self._proved(auth, CLIENT, [])
        if self._trust(peer) is not TrustState.TRUSTED:
            raise NotTrusted("an unknown key")
        self._hold(self._spoken(peer))
        self._say(Welcome(sig=self._identity.sign(SERVER, *fields).hex()))
        self._open(peer)

    def _check_change(self, frame: KeyChanged) -> None:
        peer, _ = self._proved(frame, CHANGED, [])
        former = proven([Former(id=NodeId(one.id), sig=one.sig) for one in frame.former], peer)
        old = next((one for one in former if self._trust(one) is TrustState.TRUSTED), None)
        if old is None or self._trust(peer) is TrustState.BLOCKED:
            raise NotTrusted("an unknown key")
        self._key_changed(KeyChange(old=old, new=peer))
        raise KeyChangeWaits("a known node under a new key")

    def _check_ticket(self, frame: PairTicket) -> None:
        peer, fields = self._proved(frame, JOINER, [frame.name.encode()])
        if self._trust(peer) is TrustState.BLOCKED or peer == self._identity.node_id:
            raise NotTrusted("a key that may not pair")
        secret = self._tickets.redeem(tid=frame.tid, mac=frame.mac, fields=fields, now=self._now())
        answer = [*fields, self._name.encode()]
        self._say(
            PairDone(
                name=self._name,
                mac=proof(secret, INVITER, *answer),
                sig=self._identity.sign(INVITER, *answer).hex(),
            )
        )
        self._open(peer, is_pairing=True, name=frame.name)

    def _begin_comparing(self, frame: PairCompare) -> None:
        self._choose(frame.v)
        peer = NodeId(frame.id)
        _key(peer)
        is_barred = self._trust(peer) is TrustState.BLOCKED or peer == self._identity.node_id
        if is_barred or not self._may_compare():
            raise NotTrusted("a key that may not pair")
        self._comparing = ComparingListener(
            self._identity, name=self._name, nonce=self._nonce, asked=frame, offered=VERSIONS
        )
        self._say(self._comparing.share())

    def _agree(self) -> None:
        assert self._comparing is not None, "a code is shown"
        self._has_agreed = True
        self._conclude(self._comparing)

    def _conclude(self, side: ComparingListener) -> None:
        if self._has_agreed and self._has_heard_yes:
            self._say(side.agree())
            self._open(side.peer, is_pairing=True, name=side.peer_name)

    def _choose(self, version: int) -> None:
        if version not in VERSIONS:
            raise VersionMismatch(f"version {version}")
        self._version = version

    def _proved(
        self, frame: Auth | PairTicket | KeyChanged, label: str, extra: list[bytes]
    ) -> tuple[NodeId, list[bytes]]:
        """Return the proved peer and the fields both sides sign."""
        self._choose(frame.v)
        peer = NodeId(frame.id)
        keys_and_nonces = self._identity.public_key, _key(peer), self._nonce, bytes.fromhex(frame.n)
        fields = [*keys_and_nonces, negotiated(VERSIONS, frame.v), *extra]
        verify(peer, bytes.fromhex(frame.sig), label, *fields)
        return peer, fields


class Dialler(PeerProtocol):
    """The side that dialled `listener`, whose key TLS has proved before this object is made."""

    def __init__(
        self,
        identity: Identity,
        *,
        listener: NodeId,
        name: str,
        pairing: Ticket | ComparingDialler | None = None,
        former: Sequence[Former] = (),
        spoken: int = 0,
    ) -> None:
        """`spoken` is the highest version that the listener has spoken before; a pairing begins anew.

        With `former` it says only that its key has changed, and is turned away in any case.
        """
        super().__init__(identity)
        self._former = former[:FORMER_MAX]
        self._listener = listener
        self._name = name
        self._pairing = pairing
        self._spoken = 0 if pairing else spoken
        self._has_agreed = False
        self._fields: list[bytes] = []

    def _greet(self, frame: Greeting) -> None:
        match (self.state, frame, self._pairing):
            case (State.GREETING, Hello(), _):
                self._answer_hello(frame)
            case (State.PROVING, Welcome(), None) if not self._former:
                verify(self._listener, bytes.fromhex(frame.sig), SERVER, *self._fields)
                self._open(self._listener)
            case (State.PROVING, PairDone(), Ticket() as ticket):
                self._check_done(frame, ticket)
            case (State.PROVING, PairShare(), ComparingDialler() as side):
                self._say(side.reveal(frame))
                self._show(side)
            case (State.COMPARING, PairConfirm(), ComparingDialler() as side) if self._has_agreed:
                side.take(frame)
                self._open(side.peer, is_pairing=True, name=side.peer_name)
            case _:
                raise ProtocolError(f"a listener does not say {frame.__class__.__name__} now")

    def _answer_hello(self, hello: Hello) -> None:
        version = next((version for version in VERSIONS if version in hello.v), None)
        if version is None:
            raise VersionMismatch(f"the listener speaks {hello.v}")
        self._version = version
        self._hold(self._spoken)
        own = self._identity
        self._fields = [_key(self._listener), own.public_key, bytes.fromhex(hello.n), self._nonce]
        self._fields.append(negotiated(hello.v, version))
        match self._pairing:
            case None if self._former:
                sig = own.sign(CHANGED, *self._fields).hex()
                former = [FormerKey(id=one.id, sig=one.sig) for one in self._former]
                self._say(KeyChanged(v=version, id=own.node_id, n=self._nonce.hex(), sig=sig, former=former))
            case None:
                sig = own.sign(CLIENT, *self._fields).hex()
                self._say(Auth(v=version, id=own.node_id, n=self._nonce.hex(), sig=sig))
            case Ticket() as ticket:
                self._fields.append(self._name.encode())
                self._say(self._redemption(version, ticket))
            case ComparingDialler() as side:
                self._say(
                    side.begin(
                        version=version,
                        offered=hello.v,
                        nonce=self._nonce,
                        heard=bytes.fromhex(hello.n),
                    )
                )
        self.state = State.PROVING

    def _agree(self) -> None:
        if isinstance(self._pairing, ComparingDialler) and not self._has_agreed:
            self._has_agreed = True
            self._say(self._pairing.agree())

    def _redemption(self, version: int, ticket: Ticket) -> PairTicket:
        return PairTicket(
            v=version,
            id=self._identity.node_id,
            n=self._nonce.hex(),
            name=self._name,
            tid=ticket.ticket_id,
            mac=ticket.proof(JOINER, *self._fields),
            sig=self._identity.sign(JOINER, *self._fields).hex(),
        )

    def _check_done(self, done: PairDone, ticket: Ticket) -> None:
        fields = [*self._fields, done.name.encode()]
        verify(self._listener, bytes.fromhex(done.sig), INVITER, *fields)
        if not hmac.compare_digest(done.mac, ticket.proof(INVITER, *fields)):
            raise BadProof("The inviting node did not prove that it knows the ticket.")
        self._open(self._listener, is_pairing=True, name=done.name)


def _key(node_id: NodeId) -> bytes:
    try:
        return public_key_of(node_id)
    except ValueError:
        raise BadProof("a node id that is none") from None
