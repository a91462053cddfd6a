"""Pairing by comparing six digits, each side of it without a socket or a clock.

    dialler                                listener
    pair_compare  commit = H(keys, rC) ──►
                                       ◄── pair_share   rS
    pair_reveal   rC, signature        ──►            both screens show a code made of keys, rS and rC
    pair_confirm  once its owner agreed──►
                                       ◄── pair_confirm once its owner agreed, too: both trust each other

The dialler fixes its share before it sees the listener's, and the listener chooses without seeing the
dialler's. So nobody in between can look for shares that make two different pairs of keys show one code: there
is one guess in a million per try, where a code without the commitment falls to a few thousand hashes.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from peer.errors import BadProof
from peer.identity import Identity, NodeId, negotiated, public_key_of, transcript, verify
from peer.messages import PairCompare, PairConfirm, PairReveal, PairShare

SHARE_BYTES = 32
CODE_DIGITS = 6

COMMIT = "palaver/sas/1/commit"
CODE = "palaver/sas/1"
REVEAL = "palaver/sas/1/reveal"
DIALLER_MATCH = "palaver/sas/1/dialler"
LISTENER_MATCH = "palaver/sas/1/listener"


def commitment(listener: bytes, dialler: bytes, share: bytes) -> str:
    """Return what fixes the dialler's share for these two keys without telling it."""
    return hashlib.sha256(transcript(COMMIT, listener, dialler, share)).hexdigest()


def code(listener: bytes, dialler: bytes, listener_share: bytes, dialler_share: bytes) -> str:
    """Return the six digits that both screens show."""
    digest = hashlib.sha256(transcript(CODE, listener, dialler, listener_share, dialler_share)).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}}"


class ComparingDialler:
    """The side that asks to compare with `listener`, whose key TLS has proved."""

    def __init__(self, identity: Identity, *, listener: NodeId, name: str) -> None:
        self.peer = listener
        self.peer_name = ""
        self.code = ""
        self._identity = identity
        self._name = name
        self._share = secrets.token_bytes(SHARE_BYTES)
        self._keys = (public_key_of(listener), identity.public_key)
        self._fields: list[bytes] = []

    def begin(self, *, version: int, offered: Sequence[int], nonce: bytes, heard: bytes) -> PairCompare:
        """Answer the listener's nonce `heard` and the versions that it offered."""
        self._fields = [*self._keys, heard, nonce, negotiated(offered, version)]
        return PairCompare(
            v=version,
            id=self._identity.node_id,
            n=nonce.hex(),
            name=self._name,
            commit=commitment(*self._keys, self._share),
        )

    def reveal(self, frame: PairShare) -> PairReveal:
        """Take the listener's share; `code` is there from now on."""
        theirs = bytes.fromhex(frame.r)
        self.peer_name = frame.name
        self._fields += [theirs, self._share, self._name.encode(), frame.name.encode()]
        self.code = code(*self._keys, theirs, self._share)
        return PairReveal(r=self._share.hex(), sig=self._identity.sign(REVEAL, *self._fields).hex())

    def agree(self) -> PairConfirm:
        return PairConfirm(sig=self._identity.sign(DIALLER_MATCH, *self._fields).hex())

    def take(self, frame: PairConfirm) -> None:
        """Take the listener's yes; raise `BadProof` when it is not its own."""
        verify(self.peer, bytes.fromhex(frame.sig), LISTENER_MATCH, *self._fields)


class ComparingListener:
    """The side that was asked to compare."""

    def __init__(
        self, identity: Identity, *, name: str, nonce: bytes, asked: PairCompare, offered: Sequence[int]
    ) -> None:
        self.peer = NodeId(asked.id)
        self.peer_name = asked.name
        self.code = ""
        self._identity = identity
        self._name = name
        self._commit = asked.commit
        self._share = secrets.token_bytes(SHARE_BYTES)
        self._keys = (identity.public_key, public_key_of(self.peer))
        self._fields = [*self._keys, nonce, bytes.fromhex(asked.n), negotiated(offered, asked.v)]

    def share(self) -> PairShare:
        return PairShare(name=self._name, r=self._share.hex())

    def check(self, frame: PairReveal) -> None:
        """Check the dialler's share against its commitment, made for our key; only then there is a `code`."""
        theirs = bytes.fromhex(frame.r)
        if not hmac.compare_digest(commitment(*self._keys, theirs), self._commit):
            raise BadProof("The other node changed its mind about the code, or saw another key than ours.")
        fields = [*self._fields, self._share, theirs, self.peer_name.encode(), self._name.encode()]
        verify(self.peer, bytes.fromhex(frame.sig), REVEAL, *fields)
        self._fields = fields
        self.code = code(*self._keys, self._share, theirs)

    def take(self, frame: PairConfirm) -> None:
        """Take the dialler's yes; raise `BadProof` when it is not its own."""
        verify(self.peer, bytes.fromhex(frame.sig), DIALLER_MATCH, *self._fields)

    def agree(self) -> PairConfirm:
        return PairConfirm(sig=self._identity.sign(LISTENER_MATCH, *self._fields).hex())
