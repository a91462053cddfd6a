"""Whole nodes that find each other on loopback, as their owners see it."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from node.interfaces import LOOPBACK, interfaces
from node.replies import NodeError
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RunningNode, Together
from tests.node.program import palaver

LO = next(one.name for one in interfaces() if one.address == LOOPBACK)
FINDABLE: Mapping[str, object] = {"network.interfaces": [LO], "network.enableLanDiscovery": True}


async def seen(node: RunningNode, other: RunningNode, holds: Callable[[Any], bool]) -> Any:
    """Wait until what a node lists of another, None for nothing, is as it should be, and return it."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            listed = next((one for one in await node.client.peers() if one["nodeId"] == other.node_id), None)
            if holds(listed):
                return listed


def is_listed(peer: object) -> bool:
    return peer is not None


def is_missing(peer: object) -> bool:
    return peer is None


@requirement("F2")
async def test_nodes_that_are_shown_see_each_other_with_state_and_address_and_nothing_more(
    tmp_path: Path,
) -> None:
    async with Together(tmp_path) as together:
        anna = await together.node("anna", settings=FINDABLE)
        ben = await together.node("ben", settings=FINDABLE)
        peer = await seen(anna, ben, is_listed)
        assert (peer["state"], peer["connected"], peer["name"]) == ("seen", False, "")
        assert peer["addresses"] == [ben.peer_address]
        assert peer["label"] == ben.node_id[:8]
        assert peer["fingerprint"] == (await ben.client.identity())["fingerprint"]
        refused = await anna.client.ask_peer(ben.node_id, "hello")
        assert (refused["ok"], refused["code"]) == (False, "unknown_peer")


@requirement("F2")
async def test_without_the_owners_word_nobody_is_shown_or_looked_for(tmp_path: Path) -> None:
    async with Together(tmp_path) as together:
        anna = await together.node("anna", settings=FINDABLE)
        ben = await together.node("ben", settings={"network.interfaces": [LO]})
        carl = await together.node("carl", settings=FINDABLE)
        await seen(anna, carl, is_listed)
        await seen(anna, ben, is_missing)
        assert await ben.client.peers() == []
        status = await ben.client.discovery()
        assert (status["enabled"], status["interfaces"], status["announced"]) == (False, [], [])


@requirement("F2")
async def test_discovery_is_switched_off_and_on_and_hidden_without_a_restart(tmp_path: Path) -> None:
    async with Together(tmp_path) as together:
        anna = await together.node("anna", settings=FINDABLE)
        ben = await together.node("ben", settings=FINDABLE)
        await seen(anna, ben, is_listed)
        await ben.client.set_setting("network.enableLanDiscovery", value=False)
        await seen(anna, ben, is_missing)
        await seen(ben, anna, is_missing)
        await ben.client.set_setting("network.hidden", value=True)
        await ben.client.set_setting("network.enableLanDiscovery", value=True)
        await seen(ben, anna, is_listed)
        assert (await ben.client.discovery())["announced"] == []
        await seen(anna, ben, is_missing)
        await ben.client.set_setting("network.hidden", value=False)
        await seen(anna, ben, is_listed)


async def test_a_node_says_where_it_looks_and_what_it_shows(tmp_path: Path) -> None:
    async with Together(tmp_path) as together:
        anna = await together.node("anna", settings=FINDABLE)
        async with asyncio.timeout(PATIENCE_S):
            while not (status := await anna.client.discovery())["announced"]:
                pass
        assert status["announced"] == [anna.peer_address]
        assert status["interfaces"] == [{"name": LO, "address": LOOPBACK}]
        assert status["problem"] is None


async def test_a_network_that_cannot_be_used_is_told_and_the_node_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(**_: object) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf.__init__", lambda *_, **more: taken(**more))
    async with Together(tmp_path) as together:
        anna = await together.node("anna", settings=FINDABLE)
        async with asyncio.timeout(PATIENCE_S):
            while not (status := await anna.client.discovery())["problem"]:
                pass
        assert "already in use" in status["problem"]
        assert (await anna.client.health())["status"] == "ok"


@requirement("F3")
async def test_an_address_is_looked_at_and_the_stranger_there_listed_as_seen(tmp_path: Path) -> None:
    async with Together(tmp_path) as together:
        anna, ben = await together.node("anna"), await together.node("ben")
        met = await anna.client.connect(ben.peer_address)
        assert (met["nodeId"], met["state"], met["name"]) == (ben.node_id, "seen", "")
        [listed] = await anna.client.peers()
        assert (listed["nodeId"], listed["addresses"]) == (ben.node_id, [ben.peer_address])
        assert await ben.client.peers() == []
        with pytest.raises(NodeError, match="this node itself"):
            await anna.client.connect(anna.peer_address)
        with pytest.raises(NodeError, match="cannot be reached") as nobody:
            await anna.client.connect("127.0.0.1:9")
        assert nobody.value.code == "unreachable"
        with pytest.raises(NodeError):
            await anna.client.call("POST", "/api/network/connect", {})


@requirement("F3")
async def test_connect_tells_an_owner_whose_key_is_there_and_how_to_go_on(tmp_path: Path) -> None:
    async with Together(tmp_path) as together:
        anna, ben = await together.node("anna"), await together.node("ben")
        met = await palaver("connect", ben.peer_address, data=anna.data)
        assert met.code == 0, met.err
        assert f"is {ben.node_id}: seen, not trusted" in met.out
        assert (await ben.client.identity())["fingerprint"] in met.out
        assert f"palaver pair {ben.node_id[:8]}" in met.err
        row = (await palaver("peers", data=anna.data)).out.splitlines()[1].split()
        assert row == [ben.node_id[:8], "seen", "-", ben.peer_address, ben.node_id]
        nobody = await palaver("connect", "127.0.0.1:9", data=anna.data)
        assert (nobody.code, nobody.out) == (1, "")
        assert "Is the node on?" in nobody.err


@requirement("F25")
async def test_peers_hear_of_a_new_name_at_once(tmp_path: Path) -> None:
    async with Together(tmp_path) as together:
        anna = await together.node("anna")
        ben = await together.node("")
        await anna.client.join((await ben.client.invite())["ticket"])
        await ben.client.set_setting("network.nodeName", value="Benjamin")
        await seen(anna, ben, lambda peer: peer["name"] == "Benjamin")
