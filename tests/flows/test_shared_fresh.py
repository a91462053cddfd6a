"""How fresh what a peer finds in shared folders is, also where looking at them, or reading them, takes its time."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from node.shared import library, pdf
from node.shared.index import ShareIndex
from node.shared.scan import Report, scan
from tests.flows.test_two_nodes import ALLOWED, pair
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RunningNode, Together, running_node
from tests.node.shared.test_scan import document

NOTHING = "found nothing about this"


@pytest.fixture
def kitchen(tmp_path: Path) -> Path:
    folder = tmp_path / "kitchen"
    folder.mkdir()
    (folder / "oven.md").write_text("The oven needs 230 degrees.\n")
    (folder / "till.md").write_text("Vouchers are valid for three years.\n")
    return folder


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at the folders takes so long that a search begins without."""
    monkeypatch.setattr(library, "QUICK_S", -1.0)
    monkeypatch.setattr(library, "FRESH_LOOKS", 1_000_000_000)


def never_ending(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, given_up_after_s: float) -> None:
    """Have every PDF take so long to read."""
    endless = tmp_path / "endless.py"
    endless.write_text("while True: pass")
    monkeypatch.setattr(pdf, "_CHILD", endless)
    monkeypatch.setattr(pdf, "TIME_MAX_S", given_up_after_s)


async def told(alice: RunningNode, question: str) -> str:
    return str((await alice.client.ask_peer("bob", question))["answer"])


@requirement("U5")
async def test_a_file_that_took_long_to_read_makes_no_later_search_find_less(
    tmp_path: Path, kitchen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pypdf")
    monkeypatch.setattr(library, "QUICK_S", 0.5)
    never_ending(monkeypatch, tmp_path, given_up_after_s=1.0)
    (kitchen / "manual.pdf").write_bytes(document("whatever"))
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        shared = await bob.client.share(str(kitchen), ["all"])
        assert shared["files"] == 2
        (kitchen / "swans.md").write_text("Swans eat yesterday's crumbs.\n")
        assert "crumbs" in await told(alice, "what do swans eat?")


@requirement("U5", "F30")
@pytest.mark.usefixtures("seldom")
async def test_a_passage_is_quoted_only_as_it_stands_in_its_file_now(tmp_path: Path, kitchen: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        await bob.client.share(str(kitchen), ["all"])
        (kitchen / "till.md").unlink()
        (kitchen / "oven.md").write_text("The oven needs 190 degrees.\n")
        assert NOTHING in await told(alice, "how long are vouchers valid?")
        changed = await told(alice, "how hot has the oven to be?")
        assert "190 degrees" in changed
        assert "230" not in changed


@requirement("U5", "F30")
async def test_a_deleted_file_is_not_quoted_while_another_is_being_read(
    tmp_path: Path, kitchen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pypdf")
    monkeypatch.setattr(library, "FRESH_WAIT_S", 0.2)
    never_ending(monkeypatch, tmp_path, given_up_after_s=PATIENCE_S)
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        await bob.client.share(str(kitchen), ["all"])
        (kitchen / "manual.pdf").write_bytes(document("whatever"))
        assert "230 degrees" in await told(alice, "how hot has the oven to be?")
        (kitchen / "oven.md").unlink()
        assert NOTHING in await told(alice, "how hot has the oven to be?")
        assert "three years" in await told(alice, "how long are vouchers valid?")


@requirement("U5", "F30")
@pytest.mark.usefixtures("seldom")
async def test_a_page_of_a_deleted_document_is_not_read_out(tmp_path: Path, kitchen: Path) -> None:
    pytest.importorskip("pypdf")
    (kitchen / "manual.pdf").write_bytes(document("The whisk turns at forty"))
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        await bob.client.share(str(kitchen), ["all"])
        assert "at forty" in await told(alice, "read shared file kitchen/manual.pdf")
        (kitchen / "manual.pdf").unlink()
        assert "There is no shared file" in await told(alice, "read shared file kitchen/manual.pdf")


async def test_a_folder_that_is_shared_while_another_is_read_is_read_right_after_it(
    tmp_path: Path, kitchen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, second_read = threading.Event(), threading.Event()

    def slowly(index: ShareIndex, folder: Path, is_over: Callable[[], bool]) -> Report:
        if folder.name == "kitchen":
            go_on.wait(PATIENCE_S)
            return scan(index, folder, is_over)
        second_read.set()
        return scan(index, folder, is_over)

    monkeypatch.setattr(library, "scan", slowly)
    monkeypatch.setattr(library, "ADD_WAIT_S", 0.1)
    (tmp_path / "shop").mkdir()
    async with running_node(tmp_path / "node") as node:
        await node.client.share(str(kitchen), ["all"])
        await node.client.share(str(tmp_path / "shop"), ["all"])
        go_on.set()
        assert await asyncio.to_thread(second_read.wait, 5.0)
