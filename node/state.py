"""What a node keeps between starts: its folder, store, settings, key, trust, and the log of events."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from node.config import NodeConfig
from node.datadir import DataDir
from node.settings import Settings
from node.store.db import Database
from node.store.events import EventLog
from node.store.peers import PeerStore
from node.store.settings import SettingStore
from peer.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All of it, opened."""

    folder: DataDir
    db: Database
    settings: Settings
    identity: Identity
    trust: PeerStore
    log: EventLog


async def open_state(config: NodeConfig, stack: AsyncExitStack) -> State:
    """Open it from the ground up; the stack closes it in the opposite order."""
    folder = DataDir.open(config.data)
    stack.callback(folder.close)
    db = await Database.open(folder.database)
    stack.push_async_callback(db.close)
    settings = await Settings.load(SettingStore(db))
    log = await EventLog.open(db, keep_turns=lambda: settings.whole("events.keepTurns"))
    stack.push_async_callback(log.close)
    return State(
        folder=folder,
        db=db,
        settings=settings,
        identity=Identity.load_or_create(folder.identity_key),
        trust=PeerStore(db),
        log=log,
    )
