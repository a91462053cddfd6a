"""A node's change of key: what the old key says of the new one, and what peers' owners are asked.

The statement proves only that who holds the old key wants this. Who stole it can want the same; so no
statement makes a key trusted, and the owner is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from peer.errors import BadProof, UnknownPeer
from peer.identity import Identity, NodeId, public_key_of, verify

LABEL = "palaver/rotate/1"
FORMER_MAX = 4
"""A node names no more of its former keys than this, the latest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """A key that a node had, and its signature under the key that the node has now."""

    id: NodeId
    sig: str


def followed_by(old: Identity, new: NodeId) -> Former:
    """Have the old key say that `new` follows it."""
    return Former(id=old.node_id, sig=old.sign(LABEL, *_fields(old.node_id, new)).hex())


def proven(former: Sequence[Former], new: NodeId) -> list[NodeId]:
    """Return the keys of which it is proven that `new` follows them."""
    return [one.id for one in former[:FORMER_MAX] if _holds(one, new)]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """A question for the owner."""

    old: NodeId
    new: NodeId


class KeyChanges:
    """The questions that wait: one per trusted peer, so that nobody can fill the list."""

    def __init__(self) -> None:
        self._waiting: dict[NodeId, KeyChange] = {}
        self._refused: set[KeyChange] = set()

    def waiting(self) -> list[KeyChange]:
        return list(self._waiting.values())

    def of(self, old: NodeId) -> NodeId | None:
        """Return the key that waits to follow this one."""
        change = self._waiting.get(old)
        return change.new if change else None

    def ask(self, change: KeyChange) -> bool:
        """Note a change to ask about; False when the owner has refused it or is asked already."""
        if change in self._refused or change.old in self._waiting:
            return False
        self._waiting[change.old] = change
        return True

    def answer(self, old: NodeId, *, accept: bool) -> KeyChange:
        """Take the question off the list; raise `UnknownPeer` when there is none about `old`."""
        change = self._waiting.pop(old, None)
        if change is None:
            raise UnknownPeer(f"No change of key waits for {old[:8]}.")
        if not accept:
            self._refused.add(change)
        return change

    def forget(self, old: NodeId) -> None:
        """The peer is no longer trusted: its word is worth nothing."""
        self._waiting.pop(old, None)


def _holds(former: Former, new: NodeId) -> bool:
    try:
        verify(former.id, bytes.fromhex(former.sig), LABEL, *_fields(former.id, new))
    except (BadProof, ValueError):
        return False
    return former.id != new


def _fields(old: NodeId, new: NodeId) -> tuple[bytes, bytes]:
    return public_key_of(old), public_key_of(new)
