"""The mission's manifest and the tests' marks agree, and the tools that keep them so do what they say."""

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
MANIFEST = ROOT / "tests" / "mission.toml"


def run_mission(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/mission.py", *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=50,
    )


@pytest.fixture
def mission(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return importlib.import_module("mission")


def test_every_claimed_row_has_a_test_and_every_marked_row_is_claimed() -> None:
    checked = run_mission("--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_row_belongs_to_a_named_section_and_only_rows_that_stay_out_say_why() -> None:
    manifest = tomllib.loads(MANIFEST.read_text("utf-8"))
    for row_id, row in manifest["rows"].items():
        assert row_id[0] in manifest["sections"]
        assert row["priority"] in {"C", "S", "L", "X"}
        assert row["title"]
        assert ("why" in row) == (row["priority"] == "X")


def test_rows_are_numbered_without_gaps_in_their_section() -> None:
    manifest = tomllib.loads(MANIFEST.read_text("utf-8"))
    for section in manifest["sections"]:
        numbers = [int(row_id[1:]) for row_id in manifest["rows"] if row_id[0] == section]
        assert numbers == list(range(1, len(numbers) + 1))


SMALL_MANIFEST = """\
[rows]
# A comment that mentions works = false.
A1 = { priority = "C", works = true, title = "It speaks" }
A2 = { priority = "S", works = false, title = "It says works = false in its title" }
A3 = { priority = "X", works = false, title = "It flies", why = "Wings are heavy" }
"""


def test_claiming_sets_works_from_the_marks_and_leaves_every_other_character(mission: ModuleType) -> None:
    claimed = mission.claimed(SMALL_MANIFEST, {"A2": ["tests/test_speech.py::test_it_says_so"]})
    assert claimed == SMALL_MANIFEST.replace('"C", works = true', '"C", works = false').replace(
        '"S", works = false', '"S", works = true'
    )


def test_a_claim_without_a_test_is_a_problem(mission: ModuleType) -> None:
    assert mission.problems(mission.read(SMALL_MANIFEST), {}) == ["A1 is claimed to work and has no test"]


def test_a_mark_for_a_row_that_is_unknown_or_not_claimed_is_a_problem(mission: ModuleType) -> None:
    rows = mission.with_tests(
        mission.read(SMALL_MANIFEST), {"A1": ["t::one"], "A2": ["t::two"], "Z9": ["t::three"]}
    )
    found = mission.problems(rows, {"A1": ["t::one"], "A2": ["t::two"], "Z9": ["t::three"]})
    assert [problem.split(",")[0] for problem in found] == [
        "t::two is marked for A2",
        "t::three is marked for Z9",
    ]


@pytest.mark.parametrize("options", [["--section", "U"], ["--section", "U", "--json"]])
def test_the_table_shows_the_tests_of_a_row(options: list[str]) -> None:
    shown = run_mission(*options)
    assert shown.returncode == 0, shown.stderr
    assert "U18" in shown.stdout
    assert "tests/test_docs.py::test_every_promise_of_the_threat_model_names_tests_that_exist" in shown.stdout
    assert "A1 " not in shown.stdout
