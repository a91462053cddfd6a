"""Setting up from a clone: done once, done again when the project changed, and explained when it fails."""

import importlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module("environment")


@pytest.fixture
def commands(environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Sequence[str]]:
    """A project in a folder of its own, whose set-up commands are recorded instead of run."""
    recorded: list[Sequence[str]] = []
    bin_folder = tmp_path / ".venv" / environment.BIN.name
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(environment, "BIN", bin_folder)

    def run(command: Sequence[str], *, remedy: str) -> None:
        assert remedy
        recorded.append(command)
        bin_folder.mkdir(parents=True, exist_ok=True)
        environment.tool("python").touch()

    monkeypatch.setattr(environment, "_run", run)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return recorded


def test_the_first_start_makes_the_environment_and_installs_and_the_second_does_nothing(
    environment: ModuleType, commands: list[Sequence[str]]
) -> None:
    environment.prepare()
    made, installed = commands
    assert made[1:3] == ["-m", "venv"]
    assert installed[-2:] == ["--editable", "."]
    environment.prepare()
    assert len(commands) == 2


def test_a_changed_project_is_installed_again_into_the_same_environment(
    environment: ModuleType, commands: list[Sequence[str]], tmp_path: Path
) -> None:
    environment.prepare()
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    environment.prepare()
    assert [command[2] for command in commands] == ["venv", "pip", "pip"]


def test_the_tests_extra_serves_a_plain_start_as_well(
    environment: ModuleType, commands: list[Sequence[str]]
) -> None:
    environment.prepare("dev")
    assert commands[-1][-1] == ".[dev]"
    environment.prepare()
    assert len(commands) == 2


def test_a_python_that_went_away_has_its_environment_made_again(
    environment: ModuleType, commands: list[Sequence[str]]
) -> None:
    environment.prepare("dev")
    environment.tool("python").unlink()
    environment.prepare()
    assert [command[2] for command in commands] == ["venv", "pip", "venv", "pip"]
    environment.prepare("dev")
    assert commands[-1][-1] == ".[dev]"


def test_a_failed_command_shows_the_end_of_its_output_and_what_to_do(
    environment: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    noisy = "for n in range(1000): print('line', n)\nraise SystemExit(3)"
    with pytest.raises(SystemExit) as stopped:
        environment._run([sys.executable, "-c", noisy], remedy="Plug the cable in.")
    said = capsys.readouterr()
    assert stopped.value.code == 1
    assert said.out == ""
    assert "line 999" in said.err
    assert "line 900\n" not in said.err
    assert "Plug the cable in." in said.err


def test_an_old_python_is_told_so_in_a_sentence(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "OLDEST_PYTHON", (99, 1))
    with pytest.raises(SystemExit):
        environment.prepare()
    assert "Palaver needs Python 99.1 or newer" in capsys.readouterr().err


def test_the_exit_code_of_the_program_that_runs_is_passed_on() -> None:
    program = "import environment, sys; environment.become([sys.executable, '-c', 'raise SystemExit(7)'])"
    done = subprocess.run([sys.executable, "-c", program], cwd=SCRIPTS, check=False, timeout=30)
    assert done.returncode == 7
