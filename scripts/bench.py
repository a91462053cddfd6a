"""Measure the node on this machine: `bench.py [NAMES] [--quick]` prints one line per figure.

After `disclosure` may stand a folder of data sets.
"""

import argparse
import datetime as dt
import os
import platform
import sys
from importlib import import_module
from pathlib import Path

import environment

MEASUREMENTS = (
    "start", "memory", "tokens", "peer", "links", "finding", "load", "disclosure", "sessions", "cockpit",
)  # fmt: skip
"""Each is `measure` in the module `bench_NAME` beside this file."""
COCKPIT = "cockpit"
DISCLOSURE = "disclosure"
"""The one that reads data; a folder may be named after it."""


def main() -> int:
    options = _arguments()
    environment.enter(
        "dev" if COCKPIT in (options.names or MEASUREMENTS) else ""
    )  # it needs a browser's driver
    print(surroundings(), flush=True)
    for name in options.names or MEASUREMENTS:
        # Here, not above: these modules need the environment's packages.
        given = {"folder": options.folder} if name == DISCLOSURE else {}
        for figure in import_module(f"bench_{name}").measure(quick=options.quick, **given):
            print(figure, flush=True)
    return 0


def surroundings() -> str:
    """Say what the figures were measured on, and how busy it was by itself."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    today = dt.datetime.now(tz=dt.UTC).date()
    return (
        f"{today}, Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, load before this run {load}. "
        "Node, model server and client are processes of their own and share the cores."
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Measure the node; each figure beside its floor, what the same work costs without a node."
    )
    parser.add_argument("names", metavar="NAMES", nargs="*", help=f"some of: {', '.join(MEASUREMENTS)} (all)")
    parser.add_argument("--quick", action="store_true", help="few rounds: shows that it works, not how fast")
    options = parser.parse_args()
    options.folder = _folder_after(DISCLOSURE, options.names)
    if unknown := sorted(set(options.names) - set(MEASUREMENTS)):
        parser.error(f"there is no measurement {', '.join(unknown)}")
    return options


def _folder_after(name: str, names: list[str]) -> Path | None:
    """Take the folder that stands after a name out of the names; None when there is none."""
    if name not in names[:-1] or (given := names[names.index(name) + 1]) in MEASUREMENTS:
        return None
    names.remove(given)
    return Path(given)


if __name__ == "__main__":
    sys.exit(main())
