"""The cockpit of a clone: built when it is missing or stale, with a Node that stays in `.venv`."""

from __future__ import annotations

import subprocess
import sys

import build_ui
import environment

PREPARE_TIMEOUT_S = 900


def prepare() -> None:
    """Build what is missing or stale. A failure is said and stops nothing: the node works without."""
    if build_ui.is_skipped() or build_ui.is_current():
        return
    with environment.alone():
        if build_ui.is_current():
            return  # another start did the work while this one waited
        environment.say("building the cockpit; the first time takes about ten seconds")
        if not _is_built():
            environment.say("Going on without the cockpit: `python3 scripts/build_ui.py` tries again.")


def _is_built() -> bool:
    done = subprocess.run(
        [str(environment.tool("python")), str(environment.ROOT / "scripts" / "build_ui.py")],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,  # stdout belongs to the program that runs afterwards
        timeout=PREPARE_TIMEOUT_S,
    )
    return done.returncode == 0
