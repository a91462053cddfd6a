"""Sharing folders from the command line and the console, against a real node."""

import shutil
from pathlib import Path

import pytest

from node.console.shares import sources_text
from node.replies import NodeError
from tests.flows.test_two_nodes import ALLOWED, pair
from tests.mission import requirement
from tests.node.nodes import Together, running_node
from tests.node.program import palaver
from tests.node.slash import typed

BAKERY = Path(__file__).parent.parent / "fixtures" / "bakery"


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BAKERY, tmp_path / "bakery"))


@requirement("U5")
async def test_a_folder_is_shared_listed_and_taken_back(tmp_path: Path, bakery: Path) -> None:
    (bakery / ".env").write_text("x")
    (bakery / "picture.png").write_bytes(b"\0")
    data = tmp_path / "node"
    async with running_node(data):
        assert "no folder is shared" in (await palaver("share", data=data)).err
        added = await palaver("share", "add", str(bakery), data=data)
        assert "15 files, 2 skipped: 1 hidden, 1 without text" in added.out
        assert "network.allowRemoteAgent true" in added.err
        (listed,) = (await palaver("share", "list", "--json", data=data)).json()
        assert (listed["label"], listed["files"], listed["peers"]) == ("bakery", 15, None)
        assert "not picture.png: without text" in (await palaver("share", data=data)).out
        assert "no longer shared" in (await palaver("share", "remove", "bakery", data=data)).out
        gone = await palaver("share", "remove", str(bakery), data=data)
        assert (gone.code, "is not shared" in gone.err) == (1, True)
        refused = await palaver("share", "add", str(data), data=data)
        assert (refused.code, "never shared" in refused.err) == (1, True)


@requirement("U5")
async def test_the_asker_sees_the_sources_and_the_sharer_names_the_peers(
    tmp_path: Path, bakery: Path
) -> None:
    async with Together(tmp_path / "nodes") as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        unknown = await palaver("share", "add", str(bakery), "--with", "zoe", data=bob.data)
        assert unknown.code == 1
        assert "zoe" in unknown.err
        added = await palaver("share", "add", str(bakery), "--with", "alice", data=bob.data)
        assert "with alice" in added.out
        told = await palaver("ask-peer", "bob", "what does E4 mean?", data=alice.data)
        assert "sources: bakery/oven.md, lines 8\u201311" in told.out
        listed = await typed(bob.client, "/share")
        assert "with alice" in listed
        assert "sources: bakery/oven.md" in await typed(alice.client, "/ask bob what does E4 mean?")
        assert "every peer" in await typed(bob.client, f"/share add {bakery}")
        assert "no longer shared" in await typed(bob.client, f"/share remove {bakery}")
        with pytest.raises(NodeError, match="usage: /share"):
            await typed(bob.client, "/share add")
        with pytest.raises(NodeError, match="no whole path"):
            await typed(bob.client, "/share add bakery")


@requirement("U5")
@pytest.mark.parametrize(
    "whom", ["--with alice --with carol", "--with alice carol", "--with carol --with all"]
)
async def test_every_peer_that_is_named_is_shared_with_however_often_with_is_said(
    tmp_path: Path, bakery: Path, whom: str
) -> None:
    async with Together(tmp_path / "nodes") as nodes:
        bob = await nodes.node("bob", settings=ALLOWED)
        for name in ("alice", "carol"):
            await pair(bob, await nodes.node(name))
        added = (await palaver("share", "add", str(bakery), *whom.split(), "--json", data=bob.data)).json()
    named = None if "all" in whom else ["alice", "carol"]
    assert (added["peers"] and sorted(each["label"] for each in added["peers"])) == named


@requirement("U5")
async def test_of_a_folder_in_one_that_is_shared_more_widely_it_is_said_who_reads_it_through_that(
    tmp_path: Path, bakery: Path
) -> None:
    all_read = "shop lies in bakery, through which its files can also be read by every peer"
    carol_reads = "shop lies in bakery, through which its files can also be read by carol;"

    async def share(*arguments: str) -> str:
        return (await palaver("share", "add", *arguments, data=bob.data)).err

    async with Together(tmp_path / "nodes") as nodes:
        bob = await nodes.node("bob", settings=ALLOWED)
        for name in ("alice", "carol"):
            await pair(bob, await nodes.node(name))
        assert await share(str(bakery)) == ""
        assert all_read in await share(str(bakery / "shop"), "--with", "alice")
        assert all_read in (await palaver("share", data=bob.data)).out
        assert carol_reads in await share(str(bakery), "--with", "alice", "carol")
        assert carol_reads in await typed(bob.client, f"/share add {bakery / 'shop'} with alice")
        assert await share(str(bakery), "--with", "alice") == ""
        assert all_read in await typed(bob.client, f"/share add {bakery}")
        assert await share(str(bakery / "shop")) == ""
        assert "lies in" not in (await palaver("share", data=bob.data)).out


async def test_shares_outlive_the_node_and_two_of_one_name_are_told_apart(
    tmp_path: Path, bakery: Path
) -> None:
    other = Path(shutil.copytree(bakery / "shop", tmp_path / "other" / "bakery"))
    async with running_node(tmp_path / "node") as node:
        await node.client.share(str(bakery), ["all"])
        await node.client.share(str(other), ["all"])
    (tmp_path / "node" / "shared.db").unlink()
    async with running_node(tmp_path / "node") as node:
        again = await node.client.share(str(other), ["all"])
        assert again["label"] == "bakery 2"
        assert [(each["label"], each["files"]) for each in await node.client.shares()] == [
            ("bakery", 15),
            ("bakery 2", 4),
        ]
        assert (await node.client.unshare("bakery 2"))["folder"] == str(other)


def test_sources_are_told_on_one_line_that_steers_no_terminal() -> None:
    place = {"file": "h/\x1b[31m.md", "first": 3, "last": 3, "unit": "page", "quote": ""}
    text = sources_text([place])  # type: ignore[list-item]  # as a stranger's JSON has it
    assert text.startswith("sources: ")
    assert "\x1b" not in text
    assert sources_text([]) == ""
