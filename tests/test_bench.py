"""Measuring the node: every measurement runs to its end and says what it found. How fast is not looked at."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parent.parent / "scripts" / "bench.py"
FIGURES = {
    "start": ["palaver up until it is ready", "palaver --help"],
    "memory": ["idle memory 2 s after ready"],
    "tokens": ["1 turn: first token", "1 turn: age of a token", "3 turns: first token", "3 turns: until all"],
    "peer": ["peer ask, median", "peer ask, p99"],
}


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCH), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=50)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=pytest.mark.skipif(os.name == "nt" and name == "memory", reason="no ps there")
        )
        for name in FIGURES
    ],
)
def test_a_measurement_prints_each_figure_beside_its_floor_and_target(name: str) -> None:
    done = bench(name, "--quick")
    assert done.returncode == 0, done.stderr
    surroundings, *lines = done.stdout.splitlines()
    assert "cores" in surroundings
    for figure in FIGURES[name]:
        (line, *_) = [line for line in lines if line.startswith(figure)]
        assert " floor " in line
    assert all(word in line for line in lines for word in (" floor ", " x "))
    assert any("met: " in line or "MISSED: " in line for line in lines)


def test_a_measurement_that_does_not_exist_is_refused_by_name() -> None:
    done = bench("speed")
    assert done.returncode == 2
    assert "there is no measurement speed" in done.stderr
