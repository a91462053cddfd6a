"""The cockpit is built when it has to be, by the Node that is there, and a package without it is never made silently."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.mission import requirement

ROOT = Path(__file__).parent.parent
NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return importlib.import_module("npm")


@pytest.fixture
def build_ui(npm: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The script, at work in a copy of the sources that has fetched nothing yet."""
    script = importlib.import_module("build_ui")
    web, static = tmp_path / "web", tmp_path / "static"
    shutil.copytree(ROOT / "node" / "web", web, ignore=shutil.ignore_patterns("node_modules"))
    monkeypatch.setattr(npm, "WEB", web)
    monkeypatch.setattr(script, "STATIC", static)
    monkeypatch.setattr(script, "STAMP", static / "built-from")
    return script


class App:
    """The part of hatchling that speaks to its user."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def display_warning(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def hook(build_ui: ModuleType) -> Any:
    return importlib.import_module("hatch_build").CockpitHook("", {}, None, None, "", "wheel", App())


def mark_as_built(build_ui: ModuleType) -> None:
    build_ui.STATIC.mkdir(exist_ok=True)
    (build_ui.STATIC / "index.html").touch()
    build_ui.STAMP.write_text(build_ui.fingerprint())


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.19.0\n", True),
        ("v100.0.0", True),
        ("v18.20.0", False),
        ("", False),
        ("not found", False),
    ],
)
def test_only_a_node_that_vite_runs_on_is_good(npm: ModuleType, version: str, good: bool) -> None:
    assert npm.is_good(version) is good


def test_what_was_built_is_current_until_a_source_changes(build_ui: ModuleType, npm: ModuleType) -> None:
    assert not build_ui.is_current()
    mark_as_built(build_ui)
    assert build_ui.is_current()
    (npm.WEB / "node_modules").mkdir()
    (npm.WEB / "node_modules" / "fetched.js").write_text("1")
    (npm.WEB / "src" / ".main.tsx.swp").write_text("an editor's")
    assert build_ui.is_current()
    (npm.WEB / "src" / "main.tsx").write_text("changed")
    assert not build_ui.is_current()
    mark_as_built(build_ui)
    (npm.WEB / "src" / "main.tsx").rename(npm.WEB / "src" / "moved.tsx")
    assert not build_ui.is_current()
    mark_as_built(build_ui)
    (build_ui.STATIC / "index.html").unlink()
    assert not build_ui.is_current()


def test_node_from_the_package_index_is_asked_for_only_where_something_is_to_be_built_without_it(
    hook: Any, build_ui: ModuleType, npm: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(npm, "on_path", lambda: None)
    assert hook.dependencies() == [npm.NODE_WHEEL]
    monkeypatch.setenv("PALAVER_UI", "skip")
    assert hook.dependencies() == []
    monkeypatch.delenv("PALAVER_UI")
    mark_as_built(build_ui)
    assert hook.dependencies() == []
    build_ui.STAMP.unlink()
    monkeypatch.setattr(npm, "on_path", lambda: "/usr/bin")
    assert hook.dependencies() == []


@requirement("T5")
def test_without_the_registry_a_package_fails_with_the_cause_and_the_way_out_and_a_clone_goes_on(
    hook: Any, build_ui: ModuleType, npm: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if npm.found() is None and not os.environ.get("CI"):
        pytest.skip("there is no Node.js that could try: PALAVER_UI=skip or no registry kept it away")
    monkeypatch.setenv("npm_config_registry", NOWHERE)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(SystemExit) as stopped:
        hook.initialize("standard", {})
    said = str(stopped.value)
    assert "could not be fetched from the npm registry" in said
    assert "ECONNREFUSED" in said
    assert "npm_config_registry" in said
    assert "PALAVER_UI=skip" in said
    assert len(said.splitlines()) < 15
    hook.initialize("editable", {})
    assert "Going on without it" in hook.app.warnings[0]
    monkeypatch.setenv("PALAVER_UI", "skip")
    hook.initialize("standard", {})
    assert not build_ui.STATIC.exists()


def test_a_build_that_fails_leaves_the_earlier_one_in_place(
    build_ui: ModuleType, npm: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_ui.STATIC.mkdir()
    (build_ui.STATIC / "index.html").write_text("earlier")
    monkeypatch.setattr(npm, "are_modules_current", lambda: True)  # they are not: there is no Vite
    with pytest.raises(build_ui.BuildFailed, match="Vite did not accept"):
        build_ui.build()
    assert (build_ui.STATIC / "index.html").read_text() == "earlier"
    assert [path.name for path in build_ui.STATIC.parent.iterdir() if path.name.startswith(".static")] == []


@requirement("Q1")
def test_a_start_that_grew_too_large_fails_the_check_and_says_how_to_make_it_small(
    build_ui: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mark_as_built(build_ui)
    assets = build_ui.STATIC / "assets"
    assets.mkdir()
    (build_ui.STATIC / "index.html").write_text('<script src="/assets/start.js"></script>')
    (assets / "start.js").write_bytes(os.urandom(59_000))
    (assets / "editor.js").write_bytes(os.urandom(90_000))
    monkeypatch.setattr(sys, "argv", ["build_ui.py", "--check"])
    assert build_ui.main() == 0
    assert "59.0 KB to start (gzip), 90.0 KB on demand" in capsys.readouterr().out
    (assets / "start.js").write_bytes(os.urandom(61_000))
    assert build_ui.main() == 1
    assert "lazy" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["build_ui.py"])
    assert build_ui.main() == 0


def test_the_lock_file_names_no_registry_and_pins_every_package_by_its_hash() -> None:
    lock = json.loads((ROOT / "node" / "web" / "package-lock.json").read_text("utf-8"))["packages"]
    del lock[""]
    assert lock
    assert all("resolved" not in entry and "integrity" in entry for entry in lock.values())


@pytest.mark.timeout(180)
def test_the_packages_carry_the_built_cockpit_its_notices_and_none_of_what_it_was_made_with(
    tmp_path: Path,
) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path)],
        cwd=ROOT, check=False, capture_output=True, encoding="utf-8", timeout=150,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    (wheel,), (archive,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"node/static/index.html", "node/static/third-party-licenses.md", "node/plain/index.html"} <= names
    assert any(name.startswith("node/static/assets/") and name.endswith(".js") for name in names)
    assert not [name for name in names if name.startswith("node/web") or "node_modules" in name]
    with tarfile.open(archive) as members:
        inside = {name.partition("/")[2] for name in members.getnames()}
    assert {"node/static/index.html", "node/web/package-lock.json", "scripts/hatch_build.py"} <= inside
    assert not [name for name in inside if "node_modules" in name]
