"""What a node keeps between starts: its folder, store, settings, key, trust, shares, log of events."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from node.config import NodeConfig
from node.datadir import DataDir
from node.rotation import load_former
from node.settings import Settings
from node.shared.library import SharedFolders
from node.store.db import Database
from node.store.events import EventLog
from node.store.peers import PeerStore
from node.store.settings import SettingStore
from node.store.shares import ShareStore
from peer.identity import Identity
from peer.rotation import Former


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All of it, opened."""

    folder: DataDir
    db: Database
    settings: Settings
    identity: Identity
    trust: PeerStore
    log: EventLog
    shares: SharedFolders
    former: Sequence[Former]
    """What the keys that this node had say of the one it has."""


async def open_state(config: NodeConfig, stack: AsyncExitStack) -> State:
    """Open it from the ground up; the stack closes it in the opposite order."""
    folder = DataDir.open(config.data)
    stack.callback(folder.close)
    db = await Database.open(folder.database)
    stack.push_async_callback(db.close)
    settings = await Settings.load(SettingStore(db))
    log = await EventLog.open(db, keep_turns=lambda: settings.whole("events.keepTurns"))
    stack.push_async_callback(log.close)
    shares = SharedFolders(ShareStore(db), index=folder.shared_index, data=folder.path, home=Path.home())
    stack.push_async_callback(shares.close)
    await shares.open()
    identity = Identity.load_or_create(folder.identity_key)
    return State(
        folder=folder,
        db=db,
        settings=settings,
        identity=identity,
        trust=PeerStore(db),
        log=log,
        shares=shares,
        former=load_former(folder.path, identity.node_id),
    )
