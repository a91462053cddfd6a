"""How long a node takes from the start of its process to its ready line, and how long the help takes."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

import environment
from bench_figure import Bound, Figure, Target
from bench_processes import PALAVER, running_node

READY_MAX_MS = 1500
HELP_MAX_MS = 300
COMMAND_TIMEOUT_S = 30


def measure(*, quick: bool) -> Iterator[Figure]:
    rounds = 1 if quick else 5
    imports, nothing = python("import aiohttp, pydantic"), python("pass")
    with tempfile.TemporaryDirectory(prefix="palaver-bench-") as folder:
        # Floor and node in turns, so that what else runs here slows both.
        floors, starts = alternating(rounds, imports, lambda: started_and_ready(Path(folder)))
    yield Figure(
        name="palaver up until it is ready",
        value=median(starts),
        unit="ms",
        floor=median(floors),
        target=Target(Bound.VALUE, READY_MAX_MS),
        note="floor: a Python that imports aiohttp and pydantic",
    )
    floors, helps = alternating(rounds, nothing, lambda: run([PALAVER, "--help"]))
    yield Figure(
        name="palaver --help",
        value=median(helps),
        unit="ms",
        floor=median(floors),
        target=Target(Bound.VALUE, HELP_MAX_MS),
        note="floor: a Python that does nothing",
    )


def alternating(
    rounds: int, floor: Callable[[], float], measured: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Take both times in turns, after one round of each that does not count: it warms the disk."""
    pairs = [(floor(), measured()) for _ in range(rounds + 1)][1:]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def started_and_ready(data: Path) -> float:
    began = time.monotonic()
    with running_node(data):
        return (time.monotonic() - began) * 1000


def python(code: str) -> Callable[[], float]:
    return lambda: run([sys.executable, "-c", code])


def run(command: Sequence[str]) -> float:
    """Return how many milliseconds a command takes to its end."""
    began = time.monotonic()
    subprocess.run(
        command, cwd=environment.ROOT, check=True, stdout=subprocess.DEVNULL, timeout=COMMAND_TIMEOUT_S
    )
    return (time.monotonic() - began) * 1000
