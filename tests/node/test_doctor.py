"""`palaver doctor` over real nodes, folders and networks, and its hints over made-up ones."""

import asyncio
import os
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from node.checks import files, multicast, ports, store
from node.checks.finding import Surroundings, finding, is_ufw_on
from node.interfaces import LOOPBACK, Interface, chosen, interfaces
from node.replies import Discovery
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, Together, running_node
from tests.node.program import Finished, palaver
from tests.node.test_discovery import FINDABLE, LO

WIFI = Interface(name="wlan0", address="192.168.1.5")
TUNNEL = Interface(name="tun0", address="10.8.0.2")
DOCKER = Interface(name="docker0", address="172.17.0.1")
BRIDGE = Interface(name="br-0123456789ab", address="172.18.0.1")
LOOP = Interface(name="lo", address="127.0.0.1")


def by_name(done: Finished) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in done.json()}


@requirement("P10")
async def test_of_a_healthy_node_all_is_well(tmp_path: Path) -> None:
    async with running_node(tmp_path, settings={"network.interfaces": [LO]}):
        well = await palaver("doctor", data=tmp_path)
        assert well.code == 0, well.out
        shown = [line.split()[:2] for line in well.out.splitlines()]
        assert shown == [
            [verdict, name]
            for verdict, name in (
                ("ok", "folder"), ("ok", "key"), ("ok", "store"), ("ok", "clock"), ("ok", "node"),
                ("ok", "door"), ("ok", "model"), ("ok", "finding"), ("ok", "multicast"),
            )
        ]  # fmt: skip
        assert "hears what it sends" in well.out


@requirement("P10")
async def test_a_key_that_others_can_read_is_wrong_and_so_is_the_exit_code(tmp_path: Path) -> None:
    async with running_node(tmp_path, settings={"network.interfaces": [LO]}):
        (tmp_path / "identity.key").chmod(0o644)
        ill = await palaver("doctor", "--json", data=tmp_path)
    assert ill.code == 1
    assert [check["name"] for check in ill.json() if not check["ok"]] == ["key"]
    assert by_name(ill)["key"]["remedy"].startswith("chmod go=")


@requirement("P10")
async def test_without_a_running_node_the_rest_is_checked_all_the_same(tmp_path: Path) -> None:
    async with running_node(tmp_path):
        pass
    alone = await palaver("doctor", data=tmp_path)
    assert alone.code == 1
    assert "wrong  node      no node runs" in alone.out
    for name in ("folder", "key", "store", "clock"):
        assert f"ok     {name}" in alone.out


async def test_a_node_that_never_was_is_told_how_to_begin(tmp_path: Path) -> None:
    never = await palaver("doctor", data=tmp_path / "none")
    assert never.code == 1
    assert "`palaver up` makes it" in never.out


@requirement("P10")
async def test_a_damaged_store_is_told(tmp_path: Path) -> None:
    async with running_node(tmp_path):
        pass
    path = tmp_path / "palaver.db"
    assert store.integrity(path).verdict == "ok"
    data = bytearray(path.read_bytes())
    data[8192:-4096] = os.urandom(len(data) - 8192 - 4096)
    path.write_bytes(data)
    ill = store.integrity(path)
    assert (ill.ok, "damaged" in ill.text, "backup" in ill.remedy) == (False, True, True)
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    assert not store.integrity(path).ok


@requirement("P10")
async def test_a_clock_that_is_behind_the_store_is_told(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as ws:
        await ws.whole_turn("hello")
    path = tmp_path / "palaver.db"
    now = time.time()
    assert store.clock(path, now).ok
    behind = store.clock(path, now - 86_400)
    assert not behind.ok
    assert "has a message of" in behind.text
    assert not store.clock(tmp_path / "none", 0).ok


def test_a_port_that_another_program_has_is_told_with_the_option_to_choose_another() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = ports.free("page", "127.0.0.1", other.getsockname()[1], "--port")
    assert not taken.ok
    assert "--port N" in taken.remedy
    assert ports.free("page", "127.0.0.1", 0, "--port").ok


async def test_a_door_that_does_not_answer_or_is_anothers_is_told(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        [fine] = await ports.answering([node.peer_address], node.node_id)
        [other] = await ports.answering([node.peer_address], "a" * 52)
        [silent] = await ports.answering(["127.0.0.1:9"], node.node_id)
    assert (fine.verdict, other.verdict, silent.verdict) == ("ok", "wrong", "wrong")
    assert "firewall" in silent.remedy


def test_a_key_of_another_length_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "identity.key"
    path.write_bytes(b"short")
    path.chmod(0o600)
    assert "5 bytes" in files.key(path).text


@requirement("F2", "P10")
async def test_nobody_found_is_explained_and_a_found_node_counted(tmp_path: Path) -> None:
    async with Together(tmp_path) as together:
        anna = await together.node("anna", settings=FINDABLE)
        async with asyncio.timeout(PATIENCE_S):
            while not (await anna.client.discovery())["announced"]:
                pass
        await together.node("ben", settings=FINDABLE)
        async with asyncio.timeout(PATIENCE_S):
            while not (await anna.client.discovery())["found"]:
                pass
        done = await palaver("doctor", "--json", data=anna.data)
    assert done.code == 0, done.out
    assert "found" in by_name(done)["finding"]["text"]


@requirement("P10")
async def test_an_interface_that_hears_its_own_multicast_is_told_from_one_that_does_not() -> None:
    [lo] = [one for one in interfaces() if one.address == LOOPBACK]
    [fine] = await multicast.heard([lo])
    assert fine.verdict == "ok"
    [nothing] = await multicast.heard([])
    assert nothing.verdict == "hint"


async def test_an_interface_that_stays_silent_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multicast, "WITHIN_S", 0.05)
    monkeypatch.setattr("peer.discovery.AsyncServiceBrowser", _Deaf)
    [silent] = await multicast.heard([Interface(name=LO, address=LOOPBACK)])
    assert not silent.ok
    assert "5353" in silent.remedy


class _Deaf:
    """A browser that hears nothing, as behind a firewall."""

    def __init__(self, *_: object, **__: object) -> None: ...

    async def async_cancel(self) -> None: ...


def how(**more: object) -> Discovery:
    shown = {
        "enabled": True, "hidden": False, "interfaces": [{"name": "wlan0", "address": WIFI.address}],
        "announced": ["192.168.1.5:8766"], "found": 0, "problem": None,
    }  # fmt: skip
    return cast("Discovery", shown | more)


def around(*present: Interface, system: str = "Linux", **more: Any) -> Surroundings:
    facts = {"way_out": present[0] if present else None, "has_ufw": False, "has_firewalld": False} | more
    return Surroundings(present=present, system=system, **facts)


@requirement("P10")
def test_the_reasons_for_finding_nobody_name_the_vpn_and_the_firewall_in_plain_words() -> None:
    found = {check.name: check for check in finding(how(), around(TUNNEL, WIFI, has_ufw=True), 8766)}
    assert found.keys() == {"finding", "vpn", "firewall"}
    assert all(check.ok for check in found.values()), "a lonely node is not ill"
    assert "tun0" in found["vpn"].text
    assert "ufw allow 8766/tcp" in found["firewall"].remedy
    assert "palaver connect" in found["finding"].remedy


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"system": "Darwin"}, "Local Network"),
        ({"system": "Windows"}, "Private"),
        ({"has_firewalld": True}, "firewall-cmd"),
        ({}, "5353"),
    ],
)
def test_the_remedy_fits_the_system(facts: dict[str, Any], word: str) -> None:
    [*_, firewall] = finding(how(), around(WIFI, **facts), 8766)
    assert word in firewall.remedy


def test_a_machine_without_a_network_is_told_first() -> None:
    names = [check.name for check in finding(how(), around(WIFI, way_out=None), 8766)]
    assert names == ["finding", "network", "firewall"]


def test_what_keeps_discovery_from_working_is_wrong_and_what_the_owner_chose_is_not() -> None:
    [off] = finding(how(enabled=False), around(WIFI), 8766)
    [hidden] = finding(how(hidden=True, announced=[], found=2), around(WIFI), 8766)
    assert (off.verdict, hidden.verdict) == ("ok", "ok")
    assert "enableLanDiscovery true" in off.text
    [broken] = finding(how(problem="the network cannot be looked at"), around(WIFI), 8766)
    [nowhere] = finding(how(interfaces=[]), around(DOCKER), 8766)
    [shut] = finding(how(announced=[]), around(WIFI), 8766)
    assert (broken.ok, nowhere.ok, shut.ok) == (False, False, False)
    assert "docker0" in nowhere.text
    assert "network.listen auto" in shut.remedy


def test_containers_bridges_vpns_and_loopback_are_used_only_when_they_are_named() -> None:
    present = [LOOP, DOCKER, BRIDGE, TUNNEL, WIFI]
    assert chosen(present, ()) == [WIFI]
    assert chosen(present, ["tun0", "lo"]) == [LOOP, TUNNEL]
    assert chosen(present, ["gone"]) == []


def test_ufw_counts_as_on_only_when_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ufw.conf"
    assert not is_ufw_on(path)
    path.write_text("ENABLED=no\n")
    assert not is_ufw_on(path)
    path.write_text("ENABLED=yes\nLOGLEVEL=low\n")
    assert is_ufw_on(path)


def test_looking_through_a_large_store_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "palaver.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE t (a TEXT)")
        db.executemany("INSERT INTO t VALUES (?)", (("x" * 100,) for _ in range(20_000)))
        db.commit()
    monkeypatch.setattr(store, "CHECK_MAX_S", -1.0)
    assert "as far as" in store.integrity(path).text
