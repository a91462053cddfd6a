"""The cockpit of a clone: built when it is missing or stale, with a Node that stays in `.venv`."""

from __future__ import annotations

import subprocess
import sys

import build_ui
import environment
import npm

PREPARE_TIMEOUT_S = 900


def prepare() -> None:
    """Build what is missing or stale. A failure is said and stops nothing: the node works without."""
    if build_ui.is_skipped() or build_ui.is_current():
        return
    with environment.alone():
        if build_ui.is_current():
            return  # another start did the work while this one waited
        environment.say("building the cockpit; the first time takes about ten seconds")
        python = str(environment.tool("python"))
        if npm.on_path() is None and not _works([*environment.pip_install(), npm.NODE_WHEEL]):
            environment.say("Going on without the cockpit: Node.js could not be fetched.")
        elif not _works([python, str(environment.ROOT / "scripts" / "build_ui.py")]):
            environment.say("Going on without the cockpit: `python3 scripts/build_ui.py` tries again.")


def _works(command: list[str]) -> bool:
    # stdout belongs to the program that runs afterwards.
    done = subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=PREPARE_TIMEOUT_S
    )
    return done.returncode == 0
