"""The peers this node knows, in memory and in the owner's store, and how an owner may name one."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from peer.errors import UnknownPeer
from peer.identity import NodeId
from peer.trust import Grant, PeerRecord, TrustState, TrustStore

ID_PREFIX_MIN = 6
TOLD_ID_CHARS = 12
ADDRESSES_KEPT = 4


class Roster:
    """Memory decides, at once and without waiting; the store follows it, one write at a time.

    So no write that was under way can bring back a trust that has ended meanwhile.
    """

    def __init__(self, store: TrustStore, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._records: dict[NodeId, PeerRecord] = {}
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        self._records = {record.node_id: record for record in await self._store.all()}

    def all(self) -> list[PeerRecord]:
        return list(self._records.values())

    def get(self, node_id: NodeId) -> PeerRecord | None:
        return self._records.get(node_id)

    def state(self, node_id: NodeId) -> TrustState | None:
        record = self._records.get(node_id)
        return record.state if record else None

    def find(self, peer: str) -> PeerRecord:
        """Return the peer meant by a node id, a name or the start of an id; raise `UnknownPeer`.

        The owner's own names count first. What a peer calls itself counts no more than the start of an id:
        a peer may call itself by the start of another's, or make a key whose id begins like another's name.
        """
        wanted = peer.strip().casefold()
        for matches in (_by_id, _by_pet_name, _by_name_or_start):
            found = [record for record in self._records.values() if matches(record, wanted)]
            if len(found) > 1:
                ids = ", ".join(record.node_id[:TOLD_ID_CHARS] for record in found)
                raise UnknownPeer(f"{peer[:80]!r} could be any of {ids}. Say which one by its id.")
            if found:
                return found[0]
        raise UnknownPeer(f"No peer is called {peer[:80]!r}. The list of peers shows whom this node knows.")

    async def trust(
        self, node_id: NodeId, *, name: str, addresses: tuple[str, ...], version: int = 0
    ) -> PeerRecord:
        """Trust this peer once the store has it; an owner's own name for it stays.

        `version` counts from now on, even below an earlier one: that is how an owner lets a peer go back.
        """
        old = self._records.get(node_id) or self._new(node_id)
        record = replace(
            old,
            state=TrustState.TRUSTED,
            name=name,
            met_as=name,
            addresses=_merged(addresses, old.addresses),
            last_seen=self._now(),
            version=version,
        )
        try:
            return await self._put(record)
        except Exception:
            # Trust that a restart would not remember is no trust.
            self._records[node_id] = old
            raise

    async def rename(self, node_id: NodeId, pet_name: str) -> PeerRecord:
        """Give a known peer the owner's own name; raise `UnknownPeer` for others."""
        return await self._put(replace(self.find(node_id), pet_name=pet_name))

    async def grant(self, node_id: NodeId, grants: frozenset[Grant] | None) -> PeerRecord:
        """Give a known peer these rights; raise `UnknownPeer` for others."""
        return await self._put(replace(self.find(node_id), grants=grants))

    async def block(self, node_id: NodeId) -> None:
        """Refuse this peer from this moment on."""
        await self._put(replace(self._records.get(node_id) or self._new(node_id), state=TrustState.BLOCKED))

    async def succeed(self, old: NodeId, new: NodeId) -> None:
        """Have a trusted peer go on under a new id, with all that it has here; raise `UnknownPeer` else."""
        record = self._records.get(old)
        if record is None or not record.is_trusted:
            raise UnknownPeer(f"{old[:8]} is not trusted here.")
        await self._put(replace(record, node_id=new))
        await self.forget(old)

    async def unblock(self, node_id: NodeId) -> None:
        """Have a blocked peer be one that was merely seen."""
        record = self._records.get(node_id)
        if record is not None and record.state is TrustState.BLOCKED:
            await self._put(replace(record, state=TrustState.SEEN))

    async def forget(self, node_id: NodeId) -> None:
        self._records.pop(node_id, None)
        await self._write(node_id)

    def version(self, node_id: NodeId) -> int:
        """Return the highest protocol version that this peer has spoken; 0 when it has spoken none."""
        record = self._records.get(node_id)
        return record.version if record else 0

    async def meet(
        self, node_id: NodeId, *, name: str | None = None, address: str | None = None, version: int = 0
    ) -> None:
        """Note what was learnt of a known peer just now; of an unknown one nothing is kept."""
        old = self._records.get(node_id)
        if old is None:
            return
        addresses = _merged((address,), old.addresses) if address else old.addresses
        name = old.name if name is None else name
        version = max(version, old.version)
        await self._put(replace(old, name=name, addresses=addresses, last_seen=self._now(), version=version))

    def _new(self, node_id: NodeId) -> PeerRecord:
        return PeerRecord(node_id=node_id, state=TrustState.SEEN, added_at=self._now())

    async def _put(self, record: PeerRecord) -> PeerRecord:
        self._records[record.node_id] = record
        await self._write(record.node_id)
        return record

    async def _write(self, node_id: NodeId) -> None:
        async with self._writing:
            record = self._records.get(node_id)
            await (self._store.save(record) if record else self._store.remove(node_id))


def _merged(first: tuple[str, ...], then: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *then)))[:ADDRESSES_KEPT]


def _by_id(record: PeerRecord, wanted: str) -> bool:
    return record.node_id == wanted


def _by_pet_name(record: PeerRecord, wanted: str) -> bool:
    return bool(wanted) and record.pet_name.casefold() == wanted


def _by_name_or_start(record: PeerRecord, wanted: str) -> bool:
    is_start = len(wanted) >= ID_PREFIX_MIN and record.node_id.startswith(wanted)
    return is_start or (bool(wanted) and record.name.casefold() == wanted)
