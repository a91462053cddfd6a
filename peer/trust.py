"""Whom this node knows: one record per peer, and where records are kept."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from peer.identity import NodeId


class Grant(StrEnum):
    """One thing that a peer's asks may do or use here. Rights are one-way: each owner gives their own."""

    ASK = "ask"
    """Ask this node's agent; without it, none of the others counts."""
    SHARED = "shared"
    """Search and read the folders that are shared with this peer."""
    NOTES = "notes"
    """Read the owner's notes."""
    MODEL = "model"
    """Run turns of its own on this node's model."""


class TrustState(StrEnum):
    SEEN = "seen"
    """Noticed, by discovery or by hand; nothing follows from it."""
    PENDING = "pending"
    """One side wants to pair; the other has not agreed yet."""
    TRUSTED = "trusted"
    """Paired: links are kept up."""
    BLOCKED = "blocked"
    """Refused until the owner says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRecord:
    node_id: NodeId
    name: str = ""
    """What the peer calls itself: a stranger's text, never a key to anything."""
    pet_name: str = ""
    """What this owner calls it; "" if nothing."""
    met_as: str = ""
    """What it called itself when it was paired, which is the name that this owner agreed to."""
    state: TrustState
    addresses: tuple[str, ...] = ()
    """`host:port`, the last good one first."""
    added_at: float
    last_seen: float | None = None
    grants: frozenset[Grant] | None = None
    """What its asks may do here; None: whatever the owner gives to peers in general."""
    version: int = 0
    """The highest protocol version that it has spoken since it was paired; it is held to that."""

    @property
    def label(self) -> str:
        return self.pet_name or self.name or self.node_id[:8]

    @property
    def is_trusted(self) -> bool:
        return self.state is TrustState.TRUSTED


class TrustStore(Protocol):
    async def get(self, node_id: NodeId) -> PeerRecord | None: ...

    async def all(self) -> list[PeerRecord]: ...

    async def save(self, record: PeerRecord) -> None:
        """Insert the record or replace the one with its node id."""
        ...

    async def remove(self, node_id: NodeId) -> None:
        """Forget the record; unknown ids are no error."""
        ...


class MemoryTrust:
    """A `TrustStore` that lives as long as the process."""

    def __init__(self) -> None:
        self._records: dict[NodeId, PeerRecord] = {}

    async def get(self, node_id: NodeId) -> PeerRecord | None:
        return self._records.get(node_id)

    async def all(self) -> list[PeerRecord]:
        return list(self._records.values())

    async def save(self, record: PeerRecord) -> None:
        self._records[record.node_id] = record

    async def remove(self, node_id: NodeId) -> None:
        self._records.pop(node_id, None)
