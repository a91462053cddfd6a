"""Whether the store is whole, and whether the clock agrees with what stands in it. Reads only; blocks."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from node.checks.check import Check, hint, ok, wrong

CHECK_MAX_S = 20.0
STEPS_BETWEEN_LOOKS = 10_000
"""Of SQLite's machine, between two looks at the time: well under a millisecond."""
WAIT_S = 5.0
RELEASED = 1_767_225_600.0
"""1 January 2026: nothing of this program is older."""
AHEAD_MAX_S = 300.0


def integrity(path: Path) -> Check:
    """Have SQLite look through the whole file, for `CHECK_MAX_S` at most."""
    if not path.exists():
        return hint("store", f"{path} is not there", "`palaver up` makes it")
    give_up = time.monotonic() + CHECK_MAX_S
    try:
        with _opened(path) as db:
            db.set_progress_handler(lambda: time.monotonic() > give_up, STEPS_BETWEEN_LOOKS)
            first = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return ok("store", f"{path} is whole as far as {CHECK_MAX_S:.0f} s of looking went")
        return wrong("store", f"{path} cannot be read: {error}", "stop the node and try again")
    except sqlite3.DatabaseError as error:
        return wrong("store", f"{path} is damaged: {error}", _restore(path))
    if first != "ok":
        return wrong("store", f"{path} is damaged: {first}", _restore(path))
    return ok("store", f"{path} is whole")


def clock(path: Path, now: float) -> Check:
    """Check the clock against the latest message: tickets and time limits rely on it."""
    if now < RELEASED:
        return wrong("clock", f"the clock says {_day(now)}, which is long past", "set the machine's clock")
    latest = _latest(path)
    if latest is not None and latest > now + AHEAD_MAX_S:
        text = f"the clock says {_day(now)}, but the store has a message of {_day(latest)}"
        return wrong("clock", text, "set the machine's clock; tickets and time limits rely on it")
    return ok("clock", _day(now))


def _latest(path: Path) -> float | None:
    """Return when the latest message was stored; None when there is none, or no telling."""
    if not path.exists():
        return None
    try:
        with _opened(path) as db:
            latest = db.execute("SELECT max(last_message_at) FROM sessions").fetchone()[0]
    except sqlite3.Error:
        return None  # the check of the store says why
    return None if latest is None else float(latest)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_S)) as db:
        yield db


def _restore(path: Path) -> str:
    return (
        f"stop the node and put a backup in its place (an update leaves {path.name}.v*.backup beside it);"
        " or move it away, and the node starts with an empty one"
    )


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment).astimezone():%Y-%m-%d %H:%M}"
