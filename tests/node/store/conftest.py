"""A store in a folder of its own, with a clock that the test moves."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node.store.db import Database
from node.store.sessions import SessionStore
from node.store.turns import TurnStore
from tests.node.store.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "palaver.db")
    yield database
    await database.close()


@pytest.fixture
def turns(db: Database, clock: Clock) -> TurnStore:
    return TurnStore(db, clock=clock)


@pytest.fixture
def sessions(db: Database, clock: Clock) -> SessionStore:
    return SessionStore(db, clock=clock)
