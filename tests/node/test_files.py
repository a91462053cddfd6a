"""The owner's documents over HTTP: what can be listed, read and written, and what never."""

import os
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.node.nodes import RunningNode, running_node
from tests.node.test_http import http


@asynccontextmanager
async def editing(tmp_path: Path, *, chosen: Path | None = None) -> AsyncIterator[tuple[RunningNode, Path]]:
    """Run a node whose owner has set a workspace with a plan in it."""
    folder = chosen or tmp_path / "work"
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    (folder / "docs" / "plan.md").write_bytes(b"# Plan\r\nbake\r\n")
    async with running_node(tmp_path / "data") as node:
        await http(node, "PUT", "/api/settings/agent.workspace", {"value": str(folder)})
        yield node, folder


async def read(node: RunningNode, uri: str) -> tuple[int, dict[str, Any]]:
    status, document, _ = await http(node, "GET", f"/api/files/content?uri={quote(uri)}")
    assert isinstance(document, dict)
    return status, document


async def write(
    node: RunningNode, uri: str, content: str, revision: str | None = None
) -> tuple[int, dict[str, Any]]:
    body = {"uri": uri, "content": content, "revision": revision}
    status, document, _ = await http(node, "PUT", "/api/files/content", body)
    assert isinstance(document, dict)
    return status, document


async def listed(node: RunningNode, query: str = "") -> tuple[int, dict[str, Any]]:
    status, folder, _ = await http(node, "GET", f"/api/files{query}")
    assert isinstance(folder, dict)
    return status, folder


async def test_without_a_workspace_notes_can_be_edited_and_files_cannot(tmp_path: Path) -> None:
    async with running_node(tmp_path / "data") as node:
        _, folder = await listed(node)
        assert (folder["root"], folder["entries"]) == (None, [])
        assert "agent.workspace" in folder["problem"]
        assert (await read(node, "file:plan.md"))[1]["code"] == "no_workspace"
        status, note = await write(node, "note:bread", "rye\n")
        assert (status, note["language"]) == (200, "markdown")
        _, names, _ = await http(node, "GET", "/api/files/all")
        assert names == {"notes": ["bread"], "files": [], "more": False}
        assert (await read(node, "note:bread"))[1] == note
        assert (await read(node, "note:../ui"))[1]["code"] == "not_found"


async def test_files_are_listed_read_and_written_as_they_are(tmp_path: Path) -> None:
    async with editing(tmp_path) as (node, folder):
        (folder / "docs" / "plan.md").chmod(0o640)
        (folder / ".profile").write_text("x")
        _, root = await listed(node)
        assert root["root"] == str(folder)
        assert root["entries"] == [{"name": "docs", "path": "docs", "folder": True}]
        _, inside = await listed(node, "?path=docs")
        assert [entry["path"] for entry in inside["entries"]] == ["docs/plan.md"]
        _, everything = await listed(node, "?hidden=true")
        assert [entry["name"] for entry in everything["entries"]] == ["docs", ".profile"]
        _, plan = await read(node, "file:docs/plan.md")
        assert (plan["content"], plan["language"], plan["private"]) == (
            "# Plan\r\nbake\r\n",
            "markdown",
            False,
        )
        status, changed = await write(node, "file:docs/plan.md", "# Plan\r\neat\r\n", plan["revision"])
        assert status == 200
        assert (folder / "docs" / "plan.md").read_bytes() == b"# Plan\r\neat\r\n"
        assert changed["revision"] != plan["revision"]
        if sys.platform != "win32":
            assert stat.S_IMODE((folder / "docs" / "plan.md").stat().st_mode) == 0o640
        assert (await write(node, "file:docs/new.py", "pass\n"))[1]["language"] == "python"
        _, names, _ = await http(node, "GET", "/api/files/all")
        assert isinstance(names, dict)
        assert names["files"] == ["docs/new.py", "docs/plan.md"]
        assert sorted(path.name for path in (folder / "docs").iterdir()) == ["new.py", "plan.md"]


async def test_a_change_to_what_somebody_changed_is_refused_with_what_is_there(tmp_path: Path) -> None:
    async with editing(tmp_path) as (node, folder):
        _, plan = await read(node, "file:docs/plan.md")
        (folder / "docs" / "plan.md").write_text("another's\n")
        status, refused = await write(node, "file:docs/plan.md", "mine\n", plan["revision"])
        assert (status, refused["code"], refused["current"]["content"]) == (409, "stale", "another's\n")
        assert (folder / "docs" / "plan.md").read_text() == "another's\n"
        assert (await write(node, "file:docs/plan.md", "new\n"))[0] == 409
        assert (await write(node, "file:docs/plan.md", "mine\n", refused["current"]["revision"]))[0] == 200
        (folder / "docs" / "plan.md").unlink()
        status, gone = await write(node, "file:docs/plan.md", "x", plan["revision"])
        assert (status, gone["current"]) == (409, None)


@pytest.mark.parametrize(
    "uri",
    [
        "file:../outside.md",
        "file:docs/../../outside.md",
        "file:/etc/passwd",
        "file:",
        "file:docs/plan.md\0.png",
        "http://example.com/",
        "note:a/b",
    ],
)
async def test_no_address_leads_out_of_the_workspace(tmp_path: Path, uri: str) -> None:
    (tmp_path / "outside.md").write_text("secret")
    async with editing(tmp_path) as (node, _):
        assert (await read(node, uri))[0] == 404
        assert (await write(node, uri, "mine"))[0] == 404
        assert (tmp_path / "outside.md").read_text() == "secret"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
async def test_links_and_what_is_no_plain_file_are_neither_listed_read_nor_written(tmp_path: Path) -> None:
    (tmp_path / "outside.md").write_text("secret")
    async with editing(tmp_path) as (node, folder):
        (folder / "link.md").symlink_to(tmp_path / "outside.md")
        (folder / "up").symlink_to(tmp_path)
        os.mkfifo(folder / "pipe")
        _, root = await listed(node)
        assert [entry["name"] for entry in root["entries"]] == ["docs"]
        for uri in ("file:link.md", "file:up/outside.md", "file:pipe", "file:docs"):
            assert (await read(node, uri))[0] == 403
            assert (await write(node, uri, "mine"))[0] == 403
        assert (await listed(node, "?path=up"))[0] == 403
        assert (await write(node, "file:up/new.md", "mine"))[0] == 403
        assert (tmp_path / "outside.md").read_text() == "secret"
        assert not (tmp_path / "new.md").exists()


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # the test's client, not the node
async def test_what_is_no_text_or_too_large_is_refused(tmp_path: Path) -> None:
    async with editing(tmp_path) as (node, folder):
        (folder / "photo.png").write_bytes(b"\x89PNG\xff\0")
        (folder / "nul.txt").write_bytes(b"a\0b")
        (folder / "log.txt").write_bytes(b"x" * 2_000_001)
        (folder / "most.txt").write_bytes(b"x" * 2_000_000)
        assert [(await read(node, f"file:{name}"))[0] for name in ("photo.png", "nul.txt")] == [415, 415]
        assert (await read(node, "file:log.txt"))[0] == 413
        assert (await read(node, "file:most.txt"))[0] == 200
        assert (await write(node, "file:new.txt", "é" * 1_000_001))[0] == 413
        assert (await write(node, "note:long", "x" * 100_001))[0] == 413
        assert not (folder / "new.txt").exists()


async def test_the_nodes_own_folder_is_no_workspace_and_secrets_are_marked(tmp_path: Path) -> None:
    async with editing(tmp_path, chosen=tmp_path) as (node, folder):
        (folder / ".env").write_text("KEY=1")
        (folder / "credentials.json").write_text("{}")
        for uri in ("file:data/ui.token", "file:data/notes/inbox.md"):
            assert (await read(node, uri))[0] == 403
            assert (await write(node, uri, "mine"))[0] == 403
        assert (await listed(node, "?path=data"))[0] == 403
        assert [
            (await read(node, f"file:{name}"))[1]["private"] for name in (".env", "credentials.json")
        ] == [
            True,
            True,
        ]
