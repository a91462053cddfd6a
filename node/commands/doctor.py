"""`palaver doctor`: what is right and what is wrong with this node, each with what to do."""

import argparse
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from node.client import NodeClient
from node.commands.output import say, say_json
from node.commands.running import FAILED
from node.config import data_folder
from node.replies import NodeError

KEY_FILE = "identity.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    ok: bool
    text: str


async def doctor(arguments: argparse.Namespace) -> int:
    """Check everything; the exit code says whether all is well."""
    data = data_folder(arguments.data)
    checks = [private("folder", data), private("key", data / KEY_FILE), *await checks_of_the_node(data)]
    if arguments.json:
        say_json([asdict(check) for check in checks])
    else:
        for check in checks:
            say(f"{'ok' if check.ok else 'wrong':<6} {check.name:<7} {check.text}")
    return 0 if all(check.ok for check in checks) else FAILED


def private(name: str, path: Path) -> Check:
    """Check that only the owner can read a path."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return Check(name=name, ok=False, text=f"{path} is not there; `palaver up` makes it")
    except OSError as error:
        return Check(name=name, ok=False, text=f"{path} cannot be looked at: {error.strerror}")
    if os.name != "nt" and mode & 0o077:
        return Check(
            name=name, ok=False, text=f"others can read {path} (mode {mode:o}); chmod go= takes that away"
        )
    return Check(name=name, ok=True, text=str(path))


async def checks_of_the_node(data: Path) -> list[Check]:
    """Check that the node runs and answers, where it listens, and whether it has a model."""
    try:
        async with NodeClient.at(data) as node:
            identity, status = await node.identity(), await node.status()
    except NodeError as error:
        return [Check(name="node", ok=False, text=str(error))]
    readiness = status["readiness"]
    remedy = f"; {readiness['remedy']}" if readiness["remedy"] else ""
    return [
        Check(name="node", ok=True, text=f"{identity['name']} answers at {node.url}"),
        Check(name="peers", ok=True, text=f"their door is {identity['peerAddress']}"),
        # Rules are a way to work, not a fault; an unreachable choice is one.
        Check(
            name="model",
            ok=readiness["state"] in {"ready", "not_configured"},
            text=f"{readiness['text']}{remedy}",
        ),
    ]
