"""How much memory a node holds while it waits for work."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench_figure import Bound, Figure, Target
from bench_processes import running, running_node

IDLE_MAX_MB = 80
SETTLED_S = 2.0
"""From the ready line on."""
FLOOR = "import aiohttp, time; print('imported', flush=True); time.sleep(60)"


def measure(*, quick: bool) -> Iterator[Figure]:
    if os.name == "nt":
        print("idle memory: not measured on Windows, which has no `ps`")
        return
    rounds = 1 if quick else 3
    nodes, floors = [], []
    with tempfile.TemporaryDirectory(prefix="palaver-bench-") as folder:
        for _ in range(rounds):
            with running_node(Path(folder)) as node:
                time.sleep(SETTLED_S)
                nodes.append(resident_mb(node.pid))
            with running((sys.executable, "-c", FLOOR)) as floor:
                floors.append(resident_mb(floor.pid))
    yield Figure(
        name=f"idle memory {SETTLED_S:g} s after ready",
        value=median(nodes),
        unit="MB",
        floor=median(floors),
        target=Target(Bound.VALUE, IDLE_MAX_MB),
        note="resident; floor: a Python that imports aiohttp",
    )


def resident_mb(pid: int) -> float:
    """Return what a process holds in memory, as the system counts it."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        kib = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    else:
        kib = subprocess.check_output(["ps", "-o", "rss=", "-p", str(pid)], text=True, timeout=5)
    return int(kib) / 1024
