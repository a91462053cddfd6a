"""The peers that the owner knows, stored: the node's `peer.trust.TrustStore`."""

import json
import sqlite3

from node.store.db import Database, storable
from peer.identity import NodeId
from peer.trust import Grant, PeerRecord, TrustState


class PeerStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, node_id: NodeId) -> PeerRecord | None:
        rows = await self._db.rows("SELECT * FROM peers WHERE node_id = ?", (node_id,))
        return _record(rows[0]) if rows else None

    async def all(self) -> list[PeerRecord]:
        return [_record(row) for row in await self._db.rows("SELECT * FROM peers ORDER BY added_at, node_id")]

    async def save(self, record: PeerRecord) -> None:
        """Insert the record or replace the one with its node id."""
        await self._db.write(
            "INSERT OR REPLACE INTO peers"
            " (node_id, name, pet_name, met_as, state, addresses, added_at, last_seen, grants, version)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.node_id,
                storable(record.name),
                storable(record.pet_name),
                storable(record.met_as),
                record.state,
                json.dumps(record.addresses),
                record.added_at,
                record.last_seen,
                None if record.grants is None else json.dumps(sorted(record.grants)),
                record.version,
            ),
        )

    async def remove(self, node_id: NodeId) -> None:
        """Forget the record; unknown ids are no error."""
        await self._db.write("DELETE FROM peers WHERE node_id = ?", (node_id,))


def _record(row: sqlite3.Row) -> PeerRecord:
    return PeerRecord(
        node_id=NodeId(row["node_id"]),
        name=row["name"],
        pet_name=row["pet_name"],
        met_as=row["met_as"],
        state=TrustState(row["state"]),
        addresses=tuple(json.loads(row["addresses"])),
        added_at=row["added_at"],
        last_seen=row["last_seen"],
        grants=_grants(row["grants"]),
        version=row["version"],
    )


def _grants(stored: str | None) -> frozenset[Grant] | None:
    return None if stored is None else frozenset(Grant(name) for name in json.loads(stored))
