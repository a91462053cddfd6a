"""What importing costs and needs: every module stands alone, pure ones stay pure, help waits for no library."""

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import agent
import node
import peer
import tools

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    module.name
    for room in (agent, node, peer, tools)
    for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
)
PURE = (
    "tools.spec", "tools.registry", "tools.manifest", "tools.schema",
    "agent.compact", "agent.context", "agent.repeats",
    "agent.events", "agent.history", "agent.prompt", "agent.disclosure", "agent.ranking", "agent.gate", "agent.rules",
    "agent.breakers", "agent.paths", "agent.subject", "agent.rule_check",
    "agent.shell.line", "agent.shell.programs", "agent.shell.reading", "agent.shell.rereading", "agent.shell.syntax", "agent.nudge",
    "peer.announcement", "peer.messages", "peer.protocol", "peer.pairing", "peer.comparing", "peer.window", "peer.rotation", "peer.trust", "peer.guard",
    "node.chat_links.page", "node.chat_links.prose", "node.chat_links.secret",
    "node.envelope", "node.router", "node.slash.commands", "node.slash.outcome", "node.console.render",
    "node.console.conversation", "node.console.news",
)  # fmt: skip
IO_LIBRARIES = ("aiohttp", "aiosqlite", "asyncio", "ollama", "prompt_toolkit", "websockets", "zeroconf")
LATE_LIBRARIES = ("aiohttp", "cryptography", "pydantic", "websockets")

IMPORT_SHARES = 8
"""Interpreters among which the modules are shared out: each builds the models of all that it imports."""

# One interpreter tries many modules: before each, it forgets ours, so that none finds what another brought along.
TRY_EACH = """
import importlib, json, sys, traceback
failed = {}
for name in json.loads(sys.argv[1]):
    for known in [known for known in sys.modules if known.partition(".")[0] in {"agent", "node", "peer", "tools"}]:
        del sys.modules[known]
    try:
        importlib.import_module(name)
    except BaseException:
        failed[name] = traceback.format_exc()
print(json.dumps(failed))
"""

LOADED_BY = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def in_fresh_interpreter(program: str, names: list[str]) -> object:
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(names)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("share", range(IMPORT_SHARES))
def test_each_module_can_be_imported_first(share: int) -> None:
    failed = in_fresh_interpreter(TRY_EACH, MODULES[share::IMPORT_SHARES])
    assert failed == {}


@pytest.mark.parametrize("room", ["tools", "agent", "peer", "node"])
def test_pure_modules_bring_in_no_library_that_does_input_or_output(room: str) -> None:
    names = [name for name in PURE if name.startswith(f"{room}.")]
    loaded = in_fresh_interpreter(LOADED_BY, names)
    assert isinstance(loaded, list)
    assert set(loaded).isdisjoint(IO_LIBRARIES)


def test_a_node_without_work_holds_no_stemmer() -> None:
    loaded = in_fresh_interpreter(LOADED_BY, ["node.app"])
    assert isinstance(loaded, list)
    assert "snowballstemmer" not in loaded


def test_help_is_shown_before_any_heavy_library_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "node.cli", "--help"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=50,
    )
    assert done.returncode == 0
    assert "palaver" in done.stdout
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "argparse" in loaded
    assert loaded.isdisjoint(LATE_LIBRARIES)
