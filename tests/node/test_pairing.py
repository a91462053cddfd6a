"""Pairing as owners see it: over HTTP, on the command line, in the console, with real nodes behind."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from node.console.comparing import is_address
from node.qr import QUIET, qr_path, qr_text
from node.replies import NodeError
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RunningNode, Together
from tests.node.program import palaver, started
from tests.node.terminal import on_a_terminal

CODE = re.compile(r"\d{3} \d{3}\?")


async def until_read(process: asyncio.subprocess.Process, pattern: "re.Pattern[str]") -> str:
    """Return what the pattern finds in stderr, once it is there."""
    assert process.stderr is not None
    text = ""
    async with asyncio.timeout(PATIENCE_S):
        while (found := pattern.search(text)) is None:
            piece = await process.stderr.read(4_000)
            assert piece, text
            text += piece.decode()
    return found.group()


async def answer(process: asyncio.subprocess.Process, word: str) -> tuple[int, str]:
    async with asyncio.timeout(PATIENCE_S):
        out, _ = await process.communicate(f"{word}\n".encode())
    assert process.returncode is not None
    return process.returncode, out.decode()


async def ended(node: RunningNode) -> Any:
    """Return how the node's comparison ended."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            comparison = (await node.client.pairing())["comparison"]
            assert comparison is not None
            if comparison["state"] in ("paired", "refused"):
                return comparison
            await asyncio.sleep(0)


@requirement("U2", "F28")
async def test_two_owners_compare_codes_over_http_and_their_nodes_are_linked(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = [await nodes.node(name) for name in ("alice", "bob")]
        opened = await alice.client.let_pair(allowed=True)
        assert opened["openUntil"] is not None
        begun = await bob.client.compare(address=alice.peer_address)
        assert (begun["peerId"], begun["role"], begun["state"]) == (alice.node_id, "dialler", "undecided")
        assert begun["fingerprint"] == (await alice.client.identity())["fingerprint"]
        waiting = (await alice.client.pairing())["comparison"]
        assert waiting is not None
        assert (waiting["code"], waiting["name"]) == (begun["code"], "bob")
        assert [peer["state"] for peer in await alice.client.peers()] == ["pending"]
        for node in (alice, bob):
            await node.client.agree(begun["code"])
        assert [(await ended(node))["state"] for node in (alice, bob)] == ["paired", "paired"]
        assert [peer["state"] for peer in await alice.client.peers()] == ["trusted"]
        assert (await alice.client.pairing())["openUntil"] is None
        assert [peer["state"] for peer in await bob.client.peers()] == ["trusted"]


@requirement("F5")
async def test_pairing_that_cannot_be_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = [await nodes.node(name) for name in ("alice", "bob")]
        with pytest.raises(NodeError, match="palaver pair") as refused:
            await bob.client.compare(address=alice.peer_address)
        assert refused.value.code == "pairing_closed"
        with pytest.raises(NodeError, match="No peer is called"):
            await bob.client.compare(peer="nobody")
        with pytest.raises(NodeError, match="No comparison waits"):
            await bob.client.agree("123456")
        with pytest.raises(NodeError, match="a yes names the code"):
            await bob.client.call("POST", "/api/network/pairing/answer", {"match": True})
        for body in ({}, {"ticket": "t", "peerId": "p"}, {"open": 1, "address": "a:1"}):
            with pytest.raises(NodeError, match="does not fit"):
                await bob.client.call("POST", "/api/network/pair", body)
        assert await bob.client.peers() == []


@requirement("U2")
@pytest.mark.parametrize(("word", "code"), [("y", 0), ("n", 1)])
async def test_two_owners_pair_at_their_terminals(tmp_path: Path, word: str, code: int) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = [await nodes.node(name) for name in ("alice", "bob")]
        async with started("pair", data=alice.data) as waiting:
            await until_read(waiting, re.compile(rf"palaver pair {alice.peer_address}\n"))
            async with started("pair", alice.peer_address, data=bob.data) as asking:
                shown = [await until_read(process, CODE) for process in (waiting, asking)]
                assert shown[0] == shown[1]
                said = await asyncio.gather(answer(waiting, "y"), answer(asking, word))
        assert [exit_code for exit_code, _ in said] == [code, code]
        if word == "y":
            assert said[0][1] == f"Paired with bob ({bob.node_id}).\n"
            assert said[1][1] == f"Paired with alice ({alice.node_id}).\n"
        else:
            assert "The other owner did not agree" in said[0][1]
            assert await alice.client.peers() == await bob.client.peers() == []
        assert (await alice.client.pairing())["openUntil"] is None


async def test_the_end_of_the_input_is_no_yes(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = [await nodes.node(name) for name in ("alice", "bob")]
        await alice.client.let_pair(allowed=True)
        finished = await palaver("pair", alice.peer_address, data=bob.data)
        assert finished.code == 1
        assert (await ended(alice))["state"] == "refused"


@requirement("F4", "U2")
async def test_an_invitation_comes_with_a_code_for_a_camera(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        made = await alice.client.invite()
        assert made["qr"] == {"size": made["qr"]["size"], "path": qr_path(made["ticket"].upper()).path}
        assert made["qr"]["size"] <= 53 + 2 * QUIET
        here = {"PALAVER_DATA_DIR": str(alice.data)}
        async with on_a_terminal(["invite"], here) as (terminal, _):
            await terminal.until_shows("palaver join TICKET")
            assert "████ ▄▄▄▄▄ █" in "\n".join(terminal.lines())
        async with on_a_terminal(["invite", "--no-qr"], here) as (terminal, _):
            await terminal.until_shows("palaver join TICKET")
            assert "█" not in "\n".join(terminal.lines())
        piped = await palaver("invite", data=alice.data)
        assert "█" not in piped.out


def test_path_and_text_show_the_same_modules() -> None:
    text = "PALAVER1:ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    picture = qr_path(text)
    dark = {
        (int(x) + at, int(y))
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", picture.path)
        for at in range(int(length))
    }
    lines = qr_text(text).splitlines()
    halves = {"█": (False, False), "▀": (False, True), "▄": (True, False), " ": (True, True)}
    drawn = {
        (x, 2 * row + half)
        for row, line in enumerate(lines)
        for x, char in enumerate(line)
        for half in (0, 1)
        if halves[char][half] and 2 * row + half < picture.size
    }
    assert dark == drawn
    assert all(QUIET <= x < picture.size - QUIET and QUIET <= y < picture.size - QUIET for x, y in dark)
    # The three corners that every reader looks for.
    for left, top in ((QUIET, QUIET), (picture.size - QUIET - 7, QUIET), (QUIET, picture.size - QUIET - 7)):
        assert {(left + x, top) for x in range(7)} <= dark


@requirement("F6")
async def test_a_peer_is_renamed_blocked_unblocked_and_revoked_from_the_command_line(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = [await nodes.node(name) for name in ("alice", "bob")]
        await bob.client.join((await alice.client.invite())["ticket"])

        async def state() -> list[tuple[str, str]]:
            return [(peer["label"], peer["state"]) for peer in await alice.client.peers()]

        assert (await palaver("rename", "bob", "Bobby", data=alice.data)).code == 0
        assert await state() == [("Bobby", "trusted")]
        assert (await bob.client.identity())["name"] == "bob"
        assert (await palaver("revoke", "Bobby", "--block", data=alice.data)).code == 0
        assert await state() == [("Bobby", "blocked")]
        with pytest.raises(NodeError):
            await bob.client.join((await alice.client.invite())["ticket"])
        assert (await palaver("unblock", "Bobby", data=alice.data)).code == 0
        assert await state() == [("Bobby", "seen")]
        await bob.client.join((await alice.client.invite())["ticket"])
        assert await state() == [("Bobby", "trusted")]
        assert (await palaver("revoke", "Bobby", data=alice.data)).code == 0
        assert await state() == []
        unknown = await palaver("revoke", "Bobby", data=alice.data)
        assert (unknown.code, "No peer is called" in unknown.err) == (1, True)


@requirement("F6")
async def test_a_peer_cannot_take_the_name_that_the_owner_gave_to_another(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = [await nodes.node(name) for name in ("alice", "bob")]
        mallory = await nodes.node("Bobby")
        for node in (bob, mallory):
            await node.client.join((await alice.client.invite())["ticket"])
        await alice.client.change_peer(bob.node_id, petName="Bobby")
        assert (await alice.client.change_peer("bobby", blocked=True))["nodeId"] == bob.node_id
        await alice.client.change_peer(bob.node_id, petName="my Bob")
        assert (await alice.client.change_peer("Bobby", blocked=True))["nodeId"] == mallory.node_id


@requirement("U2", "F6")
async def test_two_owners_pair_in_their_consoles_and_end_it_there(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = [await nodes.node(name) for name in ("alice", "bob")]

        async def typed(node: RunningNode, *commands: str) -> str:
            finished = await palaver("console", data=node.data, stdin="\n".join(commands) + "\n")
            assert finished.code == 0, finished.err
            return finished.out

        assert "others may ask to pair now" in await typed(alice, "/pair")
        shown = re.search(r"^    \d{3} \d{3}$", await typed(bob, f"/pair {alice.peer_address}"), re.MULTILINE)
        assert shown is not None
        finished = await palaver("console", data=alice.data, stdin="/pair yes\n")
        assert (finished.code, "write the digits" in finished.err) == (1, True)
        said = await typed(alice, "/pair", f"/pair yes {shown.group().strip()}")
        assert shown.group() in said
        assert "other owner has not answered" in said
        await typed(bob, f"/pair yes {shown.group()}")
        await ended(alice)
        said = await typed(
            alice, "/pair", "/call bob Bobby", "/block Bobby", "/unblock Bobby", "/revoke Bobby"
        )
        assert f"Paired with bob ({bob.node_id})" in said
        for done in ("now called Bobby", "Bobby is blocked", "may pair again", "no longer trusted"):
            assert done in said
        assert [peer for peer in await alice.client.peers() if peer["state"] == "trusted"] == []


@pytest.mark.parametrize(
    ("typed", "is_one"),
    [("192.168.1.7", True), ("192.168.1.7:8766", True), ("bob.local:8766", True), ("bob", False), ("bob 2", False), ("1.2.3", False)],
)  # fmt: skip
def test_an_address_is_told_from_the_name_of_a_peer(typed: str, is_one: bool) -> None:
    assert is_address(typed) is is_one
