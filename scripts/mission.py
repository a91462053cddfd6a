"""Show every row of the mission with the tests that prove it, and keep `tests/mission.toml` true.

A row works when at least one test is marked for it with `@requirement`; `--claim` writes that down and
`--check` fails when the manifest and the marks disagree, in either direction.
"""

import argparse
import contextlib
import io
import json
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import environment

MANIFEST = environment.ROOT / "tests" / "mission.toml"
PRIORITIES = {"C": "core", "S": "should", "L": "later", "X": "not built"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    id: str
    priority: str
    title: str
    works: bool
    why: str = ""
    """Why a row of priority X is not built."""
    tests: Sequence[str] = ()


def main() -> int:
    options = _arguments()
    environment.enter("dev")
    marks = collect_marks()
    manifest = MANIFEST.read_text("utf-8")
    if options.claim:
        manifest = claimed(manifest, marks)
        MANIFEST.write_text(manifest, "utf-8", newline="\n")
    rows = with_tests(read(manifest), marks)
    if options.check:
        found = problems(rows, marks)
        print(
            "\n".join(found)
            or f"{sum(row.works for row in rows)} of {len(rows)} rows are claimed, each with a test"
        )
        return 1 if found else 0
    rows = [row for row in rows if options.section is None or row.id[0] == options.section.upper()]
    shown = [row for row in rows if not options.missing or _is_missing(row)]
    print(json.dumps([asdict(row) for row in shown], indent=2) if options.json else table(shown, of=rows))
    return 0


def read(manifest: str) -> list[Row]:
    return [Row(id=row_id, **facts) for row_id, facts in tomllib.loads(manifest)["rows"].items()]


def with_tests(rows: Sequence[Row], marks: Mapping[str, Sequence[str]]) -> list[Row]:
    return [replace(row, tests=sorted(marks.get(row.id, ()))) for row in rows]


def problems(rows: Sequence[Row], marks: Mapping[str, Sequence[str]]) -> list[str]:
    """Say where the manifest and the marks disagree."""
    by_id = {row.id: row for row in rows}
    found = [f"{row.id} is claimed to work and has no test" for row in rows if row.works and not row.tests]
    found += [
        f"{row.id} will not be built and does not say why"
        for row in rows
        if row.priority == "X" and not row.why
    ]
    found += [
        f"{row.id} has an unknown priority {row.priority!r}" for row in rows if row.priority not in PRIORITIES
    ]
    for row_id, tests in sorted(marks.items()):
        if row_id not in by_id:
            found.append(f"{tests[0]} is marked for {row_id}, which is no row of the manifest")
        elif not by_id[row_id].works:
            found.append(
                f"{tests[0]} is marked for {row_id}, which is not claimed: run scripts/mission.py --claim"
            )
    return found


def claimed(manifest: str, marks: Mapping[str, Sequence[str]]) -> str:
    """Return the manifest with `works` set from the marks and every other character as it was."""
    line = re.compile(r"^(?P<id>[A-Z]\d+)(?P<head> = \{.*?\bworks = )(?:true|false)", re.MULTILINE)
    return line.sub(
        lambda row: f"{row['id']}{row['head']}{'true' if row['id'] in marks else 'false'}", manifest
    )


def collect_marks() -> Mapping[str, list[str]]:
    """Return the tests marked for each row, as pytest collects them."""
    # Here, not above: pytest is found in the environment only.
    import pytest  # noqa: PLC0415

    marks: dict[str, list[str]] = defaultdict(list)

    class Collector:
        def pytest_collection_finish(self, session: pytest.Session) -> None:
            for item in session.items:
                name = item.nodeid.partition("[")[0]
                for row_id in {row_id for mark in item.iter_markers("requirement") for row_id in mark.args}:
                    if name not in marks[row_id]:
                        marks[row_id].append(name)

    said = io.StringIO()
    arguments = ["--collect-only", "-qq", "-p", "no:randomly", "-p", "no:cacheprovider", "--rootdir"]
    with contextlib.redirect_stdout(said), contextlib.chdir(environment.ROOT):
        code = pytest.main([*arguments, str(environment.ROOT)], plugins=[Collector()])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        sys.exit(f"{said.getvalue()}\nThe tests could not be collected.")
    return marks


def table(shown: Sequence[Row], *, of: Sequence[Row]) -> str:
    """Show some of the rows, and how many of all of them work."""
    lines = []
    for row in shown:
        state = "works" if row.works else PRIORITIES[row.priority]
        lines.append(f"{row.id:4} {state:10} {row.title}")
        lines += [f"{'':15} {line}" for line in (row.why, *row.tests) if line]
    built = [row for row in of if row.priority != "X"]
    return "\n".join([*lines, f"{sum(row.works for row in built)} of {len(built)} rows work"])


def _is_missing(row: Row) -> bool:
    return not row.works and row.priority != "X"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Show the mission's rows and the tests that prove them.")
    parser.add_argument("--section", metavar="LETTER", help="only the rows of one section, as F")
    parser.add_argument(
        "--missing", action="store_true", help="only rows that are to be built and do not work yet"
    )
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="fail when the manifest and the marks disagree")
    action.add_argument("--claim", action="store_true", help="set `works` in the manifest from the marks")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
