"""The folders that the owner shares, stored."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from node.store.db import Database, storable


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A folder whose files peers' asks may search and read."""

    folder: str
    """Its real path, which no peer ever reads."""
    label: str
    """What peers read in its place."""
    peers: frozenset[str] | None
    """Node ids of those it is shared with; None: every peer that may read what is shared."""
    added_at: float

    def is_for(self, asker: str | None) -> bool:
        """Whether a peer may see it, if it may see shared folders at all; None is the owner."""
        if asker is None:
            return True
        return bool(asker) and (self.peers is None or asker in self.peers)


class ShareStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self) -> Sequence[Share]:
        return [_share(row) for row in await self._db.rows("SELECT * FROM shares ORDER BY added_at, folder")]

    async def save(self, share: Share) -> None:
        """Insert the share or change with whom the folder is shared."""
        await self._db.write(
            "INSERT INTO shares (folder, label, peers, added_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (folder) DO UPDATE SET peers = excluded.peers",
            (
                share.folder,
                storable(share.label),
                None if share.peers is None else json.dumps(sorted(share.peers)),
                share.added_at,
            ),
        )

    async def remove(self, folder: str) -> None:
        await self._db.write("DELETE FROM shares WHERE folder = ?", (folder,))


def _share(row: sqlite3.Row) -> Share:
    return Share(
        folder=row["folder"],
        label=row["label"],
        peers=None if row["peers"] is None else frozenset(json.loads(row["peers"])),
        added_at=row["added_at"],
    )
