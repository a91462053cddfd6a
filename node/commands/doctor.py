"""`palaver doctor`: what is right and what is wrong with this node, each with what to do."""

import argparse
import asyncio
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from node.checks import files, multicast, ports, store
from node.checks.check import Check, ok, wrong
from node.checks.finding import FIREWALLD, Surroundings, finding, is_ufw_on
from node.client import NodeClient
from node.commands.output import say, say_json
from node.commands.running import FAILED
from node.config import NodeConfig, data_folder
from node.datadir import DATABASE, IDENTITY_KEY
from node.interfaces import LOOPBACK, Interface, chosen, interfaces, way_out
from node.listening import EVERYWHERE
from node.replies import Identity, NodeError, Readiness


async def doctor(arguments: argparse.Namespace) -> int:
    """Check everything; the exit code says whether all is well."""
    checks = await all_checks(data_folder(arguments.data))
    if arguments.json:
        say_json([asdict(check) for check in checks])
    else:
        for check in checks:
            say(line(check))
    return 0 if all(check.ok for check in checks) else FAILED


def line(check: Check) -> str:
    text = f"{check.text}; {check.remedy}" if check.remedy else check.text
    return f"{check.verdict:<6} {check.name:<9} {text}"


async def all_checks(data: Path) -> list[Check]:
    present = await asyncio.to_thread(interfaces)
    kept = await asyncio.to_thread(checks_of_the_folder, data)
    try:
        async with NodeClient.at(data) as node:
            running, used = await checks_of_the_node(node, present)
    except NodeError as error:
        running, used = [wrong("node", str(error), ""), *checks_of_the_ports()], chosen(present, ())
    return [*kept, *running, *await multicast.heard(used)]


def checks_of_the_folder(data: Path) -> list[Check]:
    """Check what the node keeps. Blocks."""
    return [
        files.private("folder", data),
        files.key(data / IDENTITY_KEY),
        store.integrity(data / DATABASE),
        store.clock(data / DATABASE, time.time()),
    ]


def checks_of_the_ports() -> list[Check]:
    """Check that a node that does not run could listen."""
    config = NodeConfig.from_environment()
    return [
        ports.free("page", LOOPBACK, config.port, "--port"),
        ports.free("door", EVERYWHERE, config.peer_port, "--peer-port"),
    ]


async def checks_of_the_node(
    node: NodeClient, present: Sequence[Interface]
) -> tuple[list[Check], list[Interface]]:
    """Check the node that runs; return with that the interfaces on which it looks or would look."""
    identity, status, discovery = await node.identity(), await node.status(), await node.discovery()
    wanted = await node.setting("network.interfaces")
    used = chosen(present, wanted if isinstance(wanted, list) else ())
    addresses = own_addresses(identity, present)
    port = int(identity["peerAddress"].rpartition(":")[2])
    around = await asyncio.to_thread(surroundings, present)
    return [
        ok("node", f"{identity['name']} answers at {node.url}"),
        *await ports.answering(addresses, identity["nodeId"]),
        model(status["readiness"]),
        *finding(discovery, around, port),
    ], used


def own_addresses(identity: Identity, present: Sequence[Interface]) -> list[str]:
    """Return where the peers' door has to answer: everywhere, unless it is open to this machine alone."""
    best, _, port = identity["peerAddress"].rpartition(":")
    hosts = [LOOPBACK] if best == LOOPBACK else sorted({LOOPBACK, *(one.address for one in present)})
    return [f"{host}:{port}" for host in hosts]


def model(readiness: Readiness) -> Check:
    # Rules are a way to work, not a fault; an unreachable choice is one.
    is_ok = readiness["state"] in {"ready", "not_configured"}
    return Check(name="model", ok=is_ok, text=readiness["text"], remedy=readiness["remedy"])


def surroundings(present: Sequence[Interface]) -> Surroundings:
    """Look around on this machine. Blocks, shortly."""
    return Surroundings(
        present=present,
        way_out=way_out(present),
        system=platform.system(),
        has_ufw=is_ufw_on(),
        has_firewalld=FIREWALLD.exists(),
    )
