"""Check what pytest does not: format, lint, types, imports, generated documents, mission, and the cockpit."""

import subprocess
import sys
import time
from collections.abc import Sequence

import cockpit
import environment

PYTHON = str(environment.tool("python"))
STEPS: tuple[tuple[str, Sequence[str]], ...] = (
    ("format", (PYTHON, "-m", "ruff", "format", "--check", ".")),
    ("lint", (PYTHON, "-m", "ruff", "check", ".")),
    ("types", (PYTHON, "-m", "mypy")),
    # By path: as a package, the scripts would not find the module that stands beside them.
    ("types of scripts", (PYTHON, "-m", "mypy", "scripts")),
    ("imports", (str(environment.tool("lint-imports")),)),
    ("documents", (PYTHON, "scripts/docs.py", "--check")),
    ("mission", (PYTHON, "scripts/mission.py", "--check")),
    ("cockpit", (PYTHON, "scripts/build_ui.py", "--check")),
    ("types of cockpit", (PYTHON, "scripts/npm.py", "run", "check")),
    ("tests of cockpit", (PYTHON, "scripts/npm.py", "test")),
)
STEP_TIMEOUT_S = 600


def main() -> int:
    environment.prepare("dev")
    cockpit.prepare()
    failed = [name for name, command in STEPS if not passes(name, command)]
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def passes(name: str, command: Sequence[str]) -> bool:
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=environment.ROOT,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=STEP_TIMEOUT_S,
    )
    ok = done.returncode == 0
    print(f"{'ok' if ok else 'FAILED':6}  {name:18} {time.monotonic() - started:5.1f} s", flush=True)
    if not ok:
        print(done.stdout, flush=True)
    return ok


if __name__ == "__main__":
    sys.exit(main())
