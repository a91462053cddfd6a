"""A disk without room: the owner is told, nothing is half-written, and the node goes on when there is room."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from node import queue
from node.store import db as store
from tests.fakes.ollama_server import FakeOllama, answer, done, reply, text
from tests.node.nodes import PATIENCE_S, running_node
from tests.node.test_http import CHAT, http

LONG = "word " * 20_000


class Disk:
    """Where SQLite finds no page beyond those that it has: what a full disk is to it."""

    def __init__(self) -> None:
        self.files: list[sqlite3.Connection] = []
        self._is_full = False

    def fill(self) -> None:
        self._is_full = True

    def make_room(self) -> None:
        self._is_full = False

    def apply(self, file: sqlite3.Connection) -> None:
        pages = file.execute("PRAGMA page_count").fetchone()[0] if self._is_full else 1 << 30
        file.execute(f"PRAGMA max_page_count = {pages}")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made, commit = Disk(), store._commit

    def on_the_disk(file: sqlite3.Connection, jobs: Any) -> list[object]:
        made.apply(file)
        return commit(file, jobs)

    monkeypatch.setattr(store, "_commit", on_the_disk)
    monkeypatch.setattr(queue, "STORE_RETRY_S", 0.05)
    return made


@asynccontextmanager
async def whole(path: Path) -> AsyncIterator[sqlite3.Connection]:
    """Look at the file from beside, and find it sound."""
    file = sqlite3.connect(path)
    try:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        yield file
    finally:
        file.close()


async def test_a_message_that_finds_no_room_is_refused_in_words_and_leaves_nothing(
    tmp_path: Path, disk: Disk
) -> None:
    async with running_node(tmp_path) as node, node.socket() as socket:
        await socket.whole_turn("what time is it", "t1", sessionId="s")
        disk.fill()
        status, refused, _ = await http(node, "POST", CHAT, {"message": LONG})
        assert (status, refused["code"]) == (507, "disk_full")
        assert "make some room" in refused["error"]
        await socket.ask(LONG, "t2", sessionId="s")
        told = await socket.until("error", code="disk_full", turnId="t2")
        assert "nothing of this was stored" in told["data"]["message"]
        assert (await http(node, "GET", "/health"))[0] == 200
        async with whole(tmp_path / "palaver.db") as file:
            assert file.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
            assert file.execute("SELECT count(*) FROM messages").fetchone() == (2,)
            assert file.execute("SELECT count(*) FROM turns").fetchone() == (1,)
        disk.make_room()
        frames = await socket.whole_turn("what is the date", "t3", sessionId="s")
        assert frames[-1]["data"]["reason"] == "answered"


async def test_an_answer_that_finds_no_room_is_told_as_failed_and_stored_once_there_is_some(
    tmp_path: Path, disk: Disk
) -> None:
    async with FakeOllama() as ollama:
        gate = asyncio.Event()
        ollama.chat(reply(*text("begun "), gate, *text(LONG), done()), answer("and now"))
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
            node.socket() as socket,
        ):
            await socket.ask("tell me all", "t1", sessionId="s")
            await socket.until("token")
            disk.fill()
            gate.set()
            told = await socket.until("error", turnId="t1")
            assert told["data"]["code"] == "disk_full"
            await socket.until("done", turnId="t1", reason="failed")
            async with whole(tmp_path / "palaver.db") as file:
                assert file.execute("SELECT role FROM messages").fetchall() == [("user",)]
            disk.make_room()
            async with asyncio.timeout(PATIENCE_S):
                while (await http(node, "GET", "/api/queue"))[1]:
                    pass
            messages = (await http(node, "GET", "/api/chat/sessions/s"))[1]["messages"]
            assert [(m["role"], m["state"]) for m in messages] == [("user", "complete"), ("agent", "failed")]
            assert messages[1]["content"] == "begun " + LONG
            assert "disk is full" in messages[1]["error"]
            frames = await socket.whole_turn("go on", "t2", sessionId="s")
            assert frames[-1]["data"]["reason"] == "answered"
            endings = [frame["event"] for frame in socket.frames if frame["data"].get("turnId") == "t1"]
            assert endings.count("done") == 1
