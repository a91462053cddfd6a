"""The forward-only upgrades of the store, one SQL file each, and how they are applied."""

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from node.store.errors import StoreUnusable
from node.store.plain import plain

SQLITE_OLDEST = (3, 37, 0)
"""STRICT tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    version: int
    sql: str


def known_upgrades() -> Sequence[Upgrade]:
    """Return the upgrades that come with this program, oldest first."""
    files = (
        entry for entry in resources.files("node.store.upgrades").iterdir() if entry.name.endswith(".sql")
    )
    return [
        Upgrade(version=int(file.name.partition("_")[0]), sql=file.read_text(encoding="utf-8"))
        for file in sorted(files, key=lambda file: file.name)
    ]


def apply(path: Path, upgrades: Sequence[Upgrade]) -> None:
    """Bring the file up to date, creating it if missing. Raise `StoreUnusable`. Blocks."""
    if sqlite3.sqlite_version_info < SQLITE_OLDEST:
        raise StoreUnusable(f"Python's SQLite is {sqlite3.sqlite_version}; Palaver needs 3.37 or newer")
    try:
        file = sqlite3.connect(path, isolation_level=None)
        try:
            file.create_function("plain", 1, plain, deterministic=True)
            _upgrade(file, path, upgrades)
        finally:
            file.close()
    except sqlite3.DatabaseError as error:
        raise StoreUnusable(
            f"cannot read the store {str(path)!r}: {error}. It was left as it was; "
            "move it away to start empty, or put a backup in its place"
        ) from error


def _upgrade(file: sqlite3.Connection, path: Path, upgrades: Sequence[Upgrade]) -> None:
    found = _version(file, path)
    newest = upgrades[-1].version
    if found > newest:
        raise StoreUnusable(
            f"the store {str(path)!r} has version {found}, this program knows versions up to {newest}: "
            "it was written by a newer Palaver; update the program"
        )
    # Kept in the file. Set here, outside any transaction, because SQLite refuses it inside one.
    file.execute("PRAGMA journal_mode = WAL")
    missing = [upgrade for upgrade in upgrades if upgrade.version > found]
    if found and missing:
        _back_up(file, path, found)
    for upgrade in missing:
        file.executescript(
            f"BEGIN IMMEDIATE;\n{upgrade.sql}\nPRAGMA user_version = {upgrade.version};\nCOMMIT;"
        )


def _version(file: sqlite3.Connection, path: Path) -> int:
    version = int(file.execute("PRAGMA user_version").fetchone()[0])
    tables = int(file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if (version == 0) != (tables == 0):
        raise StoreUnusable(f"{str(path)!r} is a database, but not one that Palaver wrote")
    return version


def _back_up(file: sqlite3.Connection, path: Path, version: int) -> None:
    backup = path.with_name(f"{path.name}.v{version}.backup")
    unfinished = backup.with_name(backup.name + ".part")
    unfinished.unlink(missing_ok=True)
    file.execute("VACUUM INTO ?", (str(unfinished),))
    os.replace(unfinished, backup)  # noqa: PTH105 - same call on every system, replaces an older backup at once
