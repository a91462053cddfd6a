"""Which nodes were noticed, and where: hints in memory, few, of which nothing follows by itself."""

from collections.abc import Callable
from dataclasses import replace

from peer.identity import NodeId
from peer.roster import ID_PREFIX_MIN
from peer.trust import PeerRecord, TrustState

STRANGERS_MAX = 64
"""Announcements cost a liar nothing. Those who came first stay, until they are gone."""
MET_MAX = 16
"""Whom the owner looked for by address; the latest stay, however many strangers are announced."""


class Sightings:
    """Strangers as records that are `seen`, and for known peers the addresses they were found at.

    `noticed` is called for each node of which something changed.
    """

    def __init__(
        self,
        *,
        own: NodeId,
        is_known: Callable[[NodeId], bool],
        now: Callable[[], float],
        noticed: Callable[[NodeId], None],
    ) -> None:
        self._own = own
        self._is_known = is_known
        self._now = now
        self._noticed = noticed
        self._found: dict[NodeId, PeerRecord] = {}
        self._met: dict[NodeId, PeerRecord] = {}

    def found(self, node_id: NodeId, addresses: tuple[str, ...]) -> None:
        """Somebody announces this node at these addresses."""
        known = self._found.get(node_id)
        if node_id == self._own or (known is None and not self._has_room(node_id)):
            return
        if known is None or known.addresses != addresses:
            self._found[node_id] = self._record(node_id, addresses, known)
            self._noticed(node_id)

    def gone(self, node_id: NodeId) -> None:
        """The announcement was taken back, or nobody repeats it."""
        if self._found.pop(node_id, None) is not None:
            self._noticed(node_id)

    def none_found(self) -> None:
        """Nobody looks any more."""
        for node_id in list(self._found):
            self.gone(node_id)

    def met(self, node_id: NodeId, address: str) -> PeerRecord:
        """The owner gave this address, and this key answered there."""
        known = self._met.pop(node_id, None)
        addresses = (address, *(known.addresses if known else ()))
        self._met[node_id] = self._record(node_id, tuple(dict.fromkeys(addresses))[:2], known)
        while len(self._met) > MET_MAX:
            del self._met[next(iter(self._met))]
        self._noticed(node_id)
        return self._met[node_id]

    @property
    def announced(self) -> int:
        """How many nodes are announced now, known ones among them."""
        return len(self._found)

    def strangers(self) -> list[PeerRecord]:
        """Return the nodes that were noticed and are not known."""
        everybody = dict.fromkeys((*self._met, *self._found))
        return [self._seen(node_id) for node_id in everybody if not self._is_known(node_id)]

    def find(self, peer: str) -> PeerRecord | None:
        """Return the one stranger whose id begins like this, with 6 characters at least."""
        start = peer.strip().casefold()
        found = [one for one in self.strangers() if one.node_id.startswith(start)]
        return found[0] if len(start) >= ID_PREFIX_MIN and len(found) == 1 else None

    def addresses(self, record: PeerRecord) -> tuple[str, ...]:
        """Return where to dial a peer: where it was last, where it is announced, where it was before.

        In this order, since an announcement may be newer than what is known, and may be a lie.
        """
        node_id = record.node_id
        hints = [one.addresses for kind in (self._met, self._found) if (one := kind.get(node_id))]
        told = [address for addresses in hints for address in addresses]
        return tuple(dict.fromkeys((*record.addresses[:1], *told, *record.addresses[1:])))

    def _seen(self, node_id: NodeId) -> PeerRecord:
        record = self._found.get(node_id) or self._met[node_id]
        return replace(record, addresses=self.addresses(replace(record, addresses=())))

    def _has_room(self, node_id: NodeId) -> bool:
        if self._is_known(node_id):
            return True
        return sum(not self._is_known(other) for other in self._found) < STRANGERS_MAX

    def _record(self, node_id: NodeId, addresses: tuple[str, ...], known: PeerRecord | None) -> PeerRecord:
        return PeerRecord(
            node_id=node_id,
            state=TrustState.SEEN,
            addresses=addresses,
            added_at=known.added_at if known else self._now(),
            last_seen=self._now(),
        )
