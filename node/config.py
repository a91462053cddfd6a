"""What a node is started with: the command line over the environment over the defaults."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

DEFAULT_PORT = 8765
DEFAULT_PEER_PORT = 8766
OLLAMA_URL = "http://localhost:11434"
PORT_MAX = 65_535


class StartError(Exception):
    """The node cannot start. The text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig:
    port: int = DEFAULT_PORT
    """The owner's door; 0 takes a free one."""
    peer_port: int = DEFAULT_PEER_PORT
    name: str | None = None
    """None: the stored name, else the machine's."""
    data: Path
    model: str | None = None
    """`rules`, a model's name, or None for the node's own choice."""
    ollama_url: str = OLLAMA_URL
    spawn: bool = False
    """Start the model server whose command line is in `models.spawn` with the node."""

    @classmethod
    def from_environment(
        cls,
        *,
        port: int | None = None,
        peer_port: int | None = None,
        name: str | None = None,
        data: str | Path | None = None,
        model: str | None = None,
        spawn: bool = False,
        environment: Mapping[str, str] = os.environ,
    ) -> "NodeConfig":
        """Return the configuration; raises `StartError` for a value that cannot be used."""
        return cls(
            port=port_of("--port", port, environment.get("PALAVER_PORT"), DEFAULT_PORT),
            peer_port=port_of(
                "--peer-port", peer_port, environment.get("PALAVER_PEER_PORT"), DEFAULT_PEER_PORT
            ),
            name=name or environment.get("PALAVER_NAME") or None,
            data=data_folder(data, environment),
            model=model or environment.get("PALAVER_MODEL") or None,
            ollama_url=environment.get("PALAVER_OLLAMA_URL") or OLLAMA_URL,
            spawn=spawn,
        )


def data_folder(data: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder: as given, from `PALAVER_DATA_DIR`, or the system's place for such data."""
    chosen = data or environment.get("PALAVER_DATA_DIR")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("palaver", appauthor=False)


def port_of(option: str, given: int | None, variable: str | None, default: int) -> int:
    text = str(given) if given is not None else variable or str(default)
    if not text.isdecimal() or int(text) > PORT_MAX:
        name = option if given is not None else f"PALAVER_{option[2:].upper().replace('-', '_')}"
        raise StartError(f"{name} {text!r} is no port; a port is a number from 0 to {PORT_MAX}")
    return int(text)


def machine_name() -> str:
    """Return the name a node has until its owner gives it one."""
    return socket.gethostname().partition(".")[0][:63] or "palaver"
