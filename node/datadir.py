"""The node's folder: who may use it, and what lies where in it. Everything here blocks, and is short."""

import json
import os
import secrets
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from pydantic import TypeAdapter, ValidationError

LOCK_WAIT_S = 0.5
"""How long a start waits for the folder: a node that stops, or a client that looks for one, lets go soon."""
TOKEN_BYTES = 32

DATABASE = "palaver.db"
IDENTITY_KEY = "identity.key"

_LOCK = "node.lock"
_RUNTIME = "node.json"
_TOKEN = "ui.token"  # noqa: S105 - a file's name


class DataDirError(Exception):
    """The folder cannot be used; the text says why and what the owner can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What a client needs to find the running node; kept in `node.json`."""

    pid: int
    url: str
    port: int
    peer_address: str
    node_id: str


class DataDir:
    """A data folder that is ours until `close`; nobody else can open it meanwhile."""

    def __init__(self, path: Path, lock: IO[str], token: str) -> None:
        self.path = path
        self.token = token
        """Opens the owner's door; new at every start, also in the file `ui.token`."""
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> "DataDir":
        """Create, check and lock the folder; raise `DataDirError`. Call it before the loop runs."""
        path = path.expanduser().absolute()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            # It holds conversations and keys, whoever made it.
            path.chmod(0o700)
            lock = (path / _LOCK).open("a", encoding="utf-8")
        except OSError as error:
            raise _unusable(path, error) from error
        try:
            _take(lock, path)
            return cls(path, lock, _prepare(path))
        except OSError as error:
            lock.close()
            raise _unusable(path, error) from error
        except BaseException:
            lock.close()
            raise

    @property
    def database(self) -> Path:
        return self.path / DATABASE

    @property
    def identity_key(self) -> Path:
        return self.path / IDENTITY_KEY

    @property
    def shared_index(self) -> Path:
        """Made of the shared folders; without it the node reads them anew."""
        return self.path / "shared.db"

    @property
    def notes(self) -> Path:
        return self.path / "notes"

    def announce(self, runtime: Runtime) -> None:
        """Tell clients where the node is reached."""
        unfinished = self.path / f"{_RUNTIME}.part"
        _write_private(unfinished, json.dumps(asdict(runtime)))
        unfinished.replace(self.path / _RUNTIME)

    def close(self) -> None:
        """Take announcement and token back, and let the folder go."""
        (self.path / _RUNTIME).unlink(missing_ok=True)
        (self.path / _TOKEN).unlink(missing_ok=True)
        self._lock.close()


def read_runtime(path: Path) -> Runtime:
    """Return where the node of this folder is reached; raise `DataDirError` when none runs."""
    if not _is_held(path):
        raise _no_node(path)
    return _announced(path)


def read_token(path: Path) -> str:
    """Return the running node's token; raise `DataDirError`."""
    try:
        return (path / _TOKEN).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _no_node(path) from None
    except OSError as error:
        raise DataDirError(f"cannot read the token in {str(path)!r}: {error.strerror}") from error


def _take(lock: IO[str], path: Path) -> None:
    if not _taken(lock, LOCK_WAIT_S):
        raise DataDirError(
            f"the data folder {str(path)!r} is in use by {_holder(path)}; stop it, or choose another folder"
            " with --data or PALAVER_DATA_DIR"
        )


def _prepare(path: Path) -> str:
    """Lay out a folder that is ours, and return the new token."""
    (path / "notes").mkdir(mode=0o700, exist_ok=True)
    # A killed node leaves its announcement behind.
    (path / _RUNTIME).unlink(missing_ok=True)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    _write_private(path / _TOKEN, token)
    return token


def _write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner reads; never through a link that somebody else put there."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _announced(path: Path) -> Runtime:
    try:
        return TypeAdapter(Runtime).validate_json((path / _RUNTIME).read_bytes())
    except FileNotFoundError:
        raise DataDirError(f"the node of {str(path)!r} is starting; try again in a moment") from None
    except (OSError, ValidationError) as error:
        raise DataDirError(f"cannot read {str(path / _RUNTIME)!r}: {error}") from error


def _holder(path: Path) -> str:
    try:
        runtime = _announced(path)
    except DataDirError:
        return "another process"
    return f"the node with process id {runtime.pid} at {runtime.url}"


def _unusable(path: Path, error: OSError) -> DataDirError:
    return DataDirError(
        f"cannot use {str(path)!r} as data folder: {error.strerror or error}; choose a folder"
        " that you may write to with --data or PALAVER_DATA_DIR"
    )


def _no_node(path: Path) -> DataDirError:
    return DataDirError(f"no node runs with the data folder {str(path)!r}; start one with `palaver up`")


def _is_held(path: Path) -> bool:
    try:
        with (path / _LOCK).open("r+", encoding="utf-8") as lock:
            return not _taken(lock, 0)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise DataDirError(f"cannot look into the data folder {str(path)!r}: {error.strerror}") from error


def _taken(lock: IO[str], wait_s: float) -> bool:
    """Lock the file until it is closed; False when somebody else has it for longer than `wait_s`."""
    give_up = time.monotonic() + wait_s
    while True:
        try:
            _lock(lock)
        except OSError:
            if time.monotonic() >= give_up:
                return False
            time.sleep(0.02)
        else:
            return True


if sys.platform == "win32":
    import msvcrt

    def _lock(lock: IO[str]) -> None:
        lock.seek(0)
        msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(lock: IO[str]) -> None:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
