"""What the documents say is so: generated ones are current, links lead somewhere, promises name tests that exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mission import requirement

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\((?!https?://|mailto:)([^)#\s]+)[^)]*\)")
TEST_NAME = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
# Spelled in pieces, so that this file does not name what it forbids.
FORBIDDEN = ("/" + "work/", "/" + "root/", "pypi" + ".org", "pythonhosted" + ".org", "registry." + "npmjs")


def own_files() -> list[Path]:
    """Return the project's own files, without what was installed or built beside them."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("*.toml"), ROOT / ".gitignore"]
    for folder in (".ci", "agent", "docs", "node", "peer", "scripts", "tests", "tools"):
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [path for path in found if not {"__pycache__", "node_modules", "static"} & set(path.parts)]


def promises() -> list[str]:
    """Return the rows of the threat model's table of promises."""
    text = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
    table = text.partition("## Promises")[2].partition("\n## ")[0]
    return [line for line in table.splitlines() if line.startswith("| ")][2:]


def test_generated_documents_are_what_the_code_says() -> None:
    checked = subprocess.run(
        [sys.executable, "scripts/docs.py", "--check"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=50,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@requirement("U18")
def test_every_promise_of_the_threat_model_names_tests_that_exist() -> None:
    rows = promises()
    assert rows
    for row in rows:
        named = TEST_NAME.findall(row)
        assert named, f"this promise names no test: {row}"
        for path, name in named:
            source = (ROOT / path).read_text("utf-8")
            assert re.search(rf"^ *(async )?def {name}\(", source, re.MULTILINE), f"{path} has no {name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_relative_links_of_a_document_lead_to_a_file(document: Path) -> None:
    for target in LINK.findall(document.read_text("utf-8")):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_readme_asks_for_two_commands_and_no_other_setting_up() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert set(re.findall(r"python3 (\S+\.py)", text)) == {"scripts/run.py", "scripts/test.py"}
    assert "pip install" not in text


def test_no_file_names_a_path_of_one_machine_or_the_host_of_a_package_registry() -> None:
    for path in own_files():
        content = path.read_bytes()
        for word in FORBIDDEN:
            assert word.encode() not in content, f"{path.relative_to(ROOT)} names {word}"
