"""The project's own virtual environment, `.venv`: made when missing, refreshed when pyproject.toml changes.

Standard library only, and in the syntax of Python 3.8, so that an old interpreter gets a sentence instead of
a traceback. Everything it says goes to stderr: stdout belongs to the program that runs afterwards.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
ON_WINDOWS = os.name == "nt"
BIN = VENV / ("Scripts" if ON_WINDOWS else "bin")

OLDEST_PYTHON = (3, 11)
PIP_TAIL_LINES = 25
INSTALL_TIMEOUT_S = 1800
UNREACHABLE = "Is the package registry reachable?"


def prepare(extra: str = "") -> None:
    """Make the environment hold the project and, if named, one of its extras. Fast when it already does."""
    require_python()
    if _is_current(extra):
        return
    with alone():
        if _is_current(extra):
            return  # another start did the work while this one waited
        if not tool("python").exists():
            _make()
        _install(extra)


def enter(extra: str = "") -> None:
    """Go on inside the environment. Started in a virtual environment already, leave that one as it is."""
    require_python()
    if sys.prefix == sys.base_prefix:
        prepare(extra)
        become([str(tool("python")), *sys.argv])
    sys.path.append(str(ROOT))  # in a developer's own environment the project may not be installed


@contextmanager
def alone() -> Iterator[None]:
    """Let no other start of ours change the environment meanwhile."""
    VENV.mkdir(exist_ok=True)
    with (VENV / "install.lock").open("a+b") as file, _locked(file):
        yield


def add(requirement: str) -> None:
    """Put one more package into the environment."""
    _run([*pip_install(), requirement], remedy=UNREACHABLE)


def pip_install() -> list[str]:
    """Return the command that installs into the environment; what is to be installed follows it."""
    return [str(tool("python")), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]


def become(command: Sequence[str]) -> NoReturn:
    """Replace this process with the command, so that signals and the exit code are the command's own."""
    # Some machines keep Python from storing compiled modules. A node has hundreds: compiling them anew makes
    # each of its starts half as long again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if not ON_WINDOWS:
        os.execv(command[0], list(command))  # noqa: S606 - the command is a list, no shell is wanted
    # Windows cannot replace a process: exec there starts a new one and gives the prompt back at once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the child as well, which decides
    sys.exit(subprocess.run(command, check=False).returncode)


def tool(name: str) -> Path:
    """Return the path of a program inside the environment."""
    return BIN / (name + ".exe" if ON_WINDOWS else name)


def require_python() -> None:
    if sys.version_info[:2] < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        _give_up(f"Palaver needs Python {wanted} or newer; {sys.executable} is {sys.version.split()[0]}.")


def _is_current(extra: str) -> bool:
    try:
        return tool("python").exists() and _stamp(extra).read_text("utf-8") == _wanted()
    except FileNotFoundError:
        return False


def _stamp(extra: str) -> Path:
    return VENV / f"installed-{extra or 'core'}"


def _wanted() -> str:
    """Name the state to be in. The folder counts: an environment that was moved has to be installed again."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode()).hexdigest()


def _make() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        version = ".".join(map(str, sys.version_info[:2]))
        _give_up(
            f"{sys.executable} cannot make virtual environments: its `ensurepip` module is missing.\n"
            f"On Debian and Ubuntu: sudo apt install python{version}-venv. Then run this again."
        )
    for leftover in (*BIN.glob("python*"), *VENV.glob("installed-*")):
        leftover.unlink()  # links to an interpreter that is gone, and what was true of it
    _run([sys.executable, "-m", "venv", str(VENV)], remedy=f"Delete {VENV} and run this again.")


def _install(extra: str) -> None:
    say("installing Palaver's packages; the first time takes about a minute")
    _run(
        [*pip_install(), "--editable", f".[{extra}]" if extra else "."],
        remedy=f"{UNREACHABLE} Run this again; if that fails, delete {VENV} first.",
    )
    for name in {"", extra}:
        _stamp(name).write_text(_wanted(), "utf-8")


def _run(command: Sequence[str], *, remedy: str) -> None:
    say("$ " + " ".join(command))
    done = subprocess.run(
        command,
        cwd=ROOT,
        # A clone builds its cockpit by itself, with a Node that is kept; pip would fetch one for each build.
        env={**os.environ, "PALAVER_UI": "skip"},
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=INSTALL_TIMEOUT_S,
    )
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-PIP_TAIL_LINES:])
        _give_up(f"{tail}\n\nThis command failed ({done.returncode}): {' '.join(command)}\n{remedy}")


@contextmanager
def _locked(file: IO[bytes]) -> Iterator[None]:
    """Hold the file for this process alone; the system lets go when the process ends, however it ends."""
    if sys.platform == "win32":
        file.seek(0)
        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                break
            except OSError:
                say("waiting for another start to finish the installation")
        yield
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _give_up(text: str) -> NoReturn:
    say(text)
    sys.exit(1)
