"""The node's folder: who may use it, and what lies where in it."""

from dataclasses import dataclass
from pathlib import Path


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


def default_path() -> Path:
    """Return the user's data folder for Palaver."""
    raise NotImplementedError


class DataDir:
    """A data folder that is ours until `close`; nobody else can open it meanwhile."""

    path: Path
    token: str
    """Opens the owner's door; new at every start, also in the file `ui.token`."""

    @classmethod
    def open(cls, path: Path) -> "DataDir":
        """Create, check and lock the folder; raise `DataDirError`. Blocks: call it before the loop runs."""
        raise NotImplementedError

    @property
    def database(self) -> Path: ...

    @property
    def identity_key(self) -> Path: ...

    @property
    def notes(self) -> Path: ...

    def announce(self, runtime: Runtime) -> None:
        """Tell clients where the node is reached."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def read_runtime(path: Path) -> Runtime:
    """Return where the node of this folder is reached; raise `DataDirError` when none runs."""
    raise NotImplementedError


def read_token(path: Path) -> str:
    """Return the running node's token; raise `DataDirError`."""
    raise NotImplementedError
