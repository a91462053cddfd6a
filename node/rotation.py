"""Changing the node's key while it stands still: the files, in an order that a crash cannot harm. Blocks."""

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from node.config import StartError
from node.datadir import DataDir
from peer.identity import Identity, NodeId
from peer.rotation import FORMER_MAX, Former, followed_by, proven

FORMER_FILE = "identity.former.json"
_OLD_KEYS = "identity.key.*.old"
_READER = TypeAdapter(list[Former])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    old: NodeId
    new: NodeId
    kept: Path
    """The old key, for the owner to store away or to destroy."""


def rotate(data: Path) -> Rotation:
    """Give the node of a folder a new key; raise `DataDirError` if it runs, `KeyFileError` for a bad key."""
    with closing(DataDir.open(data)) as folder:
        if not folder.identity_key.exists():
            raise StartError(f"{str(folder.path)!r} has no key yet; `palaver up` makes one")
        return _rotated(folder)


def load_former(data: Path, own: NodeId) -> Sequence[Former]:
    """Return what former keys say of this one; nothing where a change was begun and never ended."""
    try:
        former = _READER.validate_json((data / FORMER_FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return []
    meant = proven(former, own)
    return [one for one in former if one.id in meant]


def _rotated(folder: DataDir) -> Rotation:
    old = Identity.load_or_create(folder.identity_key)
    coming = folder.identity_key.with_suffix(".key.new")
    # What an attempt before this one left behind, which never came into use.
    coming.unlink(missing_ok=True)
    new = Identity.load_or_create(coming)
    kept = folder.identity_key.with_suffix(f".key.{old.node_id[:8]}.old")
    _write(kept, folder.identity_key.read_bytes())
    former = [followed_by(one, new.node_id) for one in _old_keys(folder.path)]
    unfinished = folder.path / f"{FORMER_FILE}.part"
    _write(unfinished, _READER.dump_json(former))
    unfinished.replace(folder.path / FORMER_FILE)
    # From here on the node is the new one; before it, all is as it was.
    coming.replace(folder.identity_key)
    return Rotation(old=old.node_id, new=new.node_id, kept=kept)


def _old_keys(data: Path) -> list[Identity]:
    """Return the latest former keys still here, so that a peer that missed one change is told, too."""
    latest = sorted(data.glob(_OLD_KEYS), key=lambda path: path.stat().st_mtime, reverse=True)
    return [Identity.load_or_create(path) for path in latest[:FORMER_MAX]]


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads."""
    path.unlink(missing_ok=True)
    binary = getattr(os, "O_BINARY", 0)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | binary, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
