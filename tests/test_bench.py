"""Measuring the node: every measurement runs to its end and says what it found. How fast is not looked at."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from node.page import COCKPIT
from tests.mission import requirement
from tests.web import chromium

DATA = Path(__file__).parent / "fixtures" / "disclosure"
BENCH = Path(__file__).parent.parent / "scripts" / "bench.py"
can_show = chromium.path() is not None and (COCKPIT / "index.html").exists()
FIGURES = {
    "start": ["palaver up until it is ready", "palaver --help"],
    "memory": ["idle memory 2 s after ready"],
    "tokens": ["1 turn: first token", "1 turn: age of a token", "3 turns: first token", "3 turns: until all"],
    "peer": ["peer ask, median", "peer ask, p99"],
    "links": ["link set-up, median", "1 link: asks", "2 links: asks", "3 hops: stream", "5 links: memory"],
    "finding": ["3 nodes: until all have found all"],
    "cockpit": ["first paint of a first visit", "200 tokens/s for 1 s: main thread", "100 turns: open"],
    "sessions": ["open a session", "last page", "search", "store a message"],
}


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCH), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=50)


@requirement("U16")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=[
                pytest.mark.skipif(os.name == "nt" and name in {"memory", "links"}, reason="no ps there"),
                pytest.mark.skipif(
                    name == "cockpit" and not can_show, reason="no Chromium, or nothing built"
                ),
            ],
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


@requirement("U11")
def test_disclosure_says_of_each_set_how_well_tools_are_found_and_says_the_same_again() -> None:
    first, again = bench("disclosure", str(DATA)), bench("disclosure", str(DATA))
    assert first.returncode == 0, first.stderr
    lines = first.stdout.splitlines()
    for name in ("village", "talk"):
        for said in (
            "cold: R@1/3/5/10",
            "cold: group R@1/3/5",
            "cold: in view (covered)",
            "warm: R@1/3/5/10",
        ):
            assert any(line.startswith(f"{name}, {said}") for line in lines)
        assert any(line.startswith(f"{name}: tokens shown") and "% saved" in line for line in lines)
    assert any(line.startswith("time per request") and "p95" in line for line in lines)
    assert any(line.startswith("build of the index") for line in lines)

    def steady(text: str) -> list[str]:
        return [line for line in text.splitlines()[1:] if not line.startswith(("time", "build"))]

    assert steady(first.stdout) == steady(again.stdout)


def test_most_tools_of_a_small_village_are_found_at_once() -> None:
    """The data is ours: it shows that the bench measures something, the public sets how well."""
    (line,) = [
        line
        for line in bench("disclosure", str(DATA)).stdout.splitlines()
        if line.startswith("village, cold: R@1")
    ]
    at_1, _, at_5, _ = map(float, line.split("R@1/3/5/10")[1].split("%")[0].split("/"))
    assert at_1 > 50
    assert at_5 > 75


def test_without_data_disclosure_is_skipped_and_says_why(tmp_path: Path) -> None:
    done = bench("disclosure", str(tmp_path))
    assert done.returncode == 0
    assert "skipped" in done.stdout
    assert str(tmp_path) in done.stdout


def test_a_measurement_that_does_not_exist_is_refused_by_name() -> None:
    done = bench("speed")
    assert done.returncode == 2
    assert "there is no measurement speed" in done.stderr
