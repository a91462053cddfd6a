"""Measure the node on this machine: `bench.py [NAMES] [--quick]` prints one line per figure."""

import argparse
import datetime as dt
import os
import platform
import sys
from importlib import import_module

import environment

MEASUREMENTS = ("start", "memory", "tokens", "peer", "load")
"""Each is `measure` in the module `bench_NAME` beside this file."""


def main() -> int:
    options = _arguments()
    environment.enter()
    print(surroundings(), flush=True)
    for name in options.names or MEASUREMENTS:
        # Here, not above: these modules need the environment's packages.
        for figure in import_module(f"bench_{name}").measure(quick=options.quick):
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
    if unknown := sorted(set(options.names) - set(MEASUREMENTS)):
        parser.error(f"there is no measurement {', '.join(unknown)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
