"""The mission's manifest and the tests' marks agree, and the tools that keep them so do what they say."""

import subprocess
import sys
import tomllib
from pathlib import Path

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
