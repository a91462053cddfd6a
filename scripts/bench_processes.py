"""The processes of a measurement: a real node on a folder of its own, and servers that are scripts here."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

import environment

PALAVER = str(Path(sys.executable).with_name(environment.tool("palaver").name))
NOWHERE = "http://127.0.0.1:9"
"""No model server answers at the discard port."""
READY_TIMEOUT_S = 30
STOP_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    pid: int
    first_line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    pid: int
    data: Path
    url: str
    peer_address: str


@contextmanager
def running_node(data: Path, *arguments: str, ollama_url: str = NOWHERE) -> Iterator[Node]:
    """Run `palaver up` on free ports from its ready line to the end of the block."""
    command = (PALAVER, "up", "--json", "--port", "0", "--peer-port", "0", *arguments)
    with running(command, {"PALAVER_DATA_DIR": str(data), "PALAVER_OLLAMA_URL": ollama_url}) as started:
        ready = json.loads(started.first_line)
        yield Node(pid=started.pid, data=data, url=ready["url"], peer_address=ready["peerAddress"])


@contextmanager
def running_script(name: str, *arguments: str) -> Iterator[str]:
    """Run a server beside this file, and give the address that it prints."""
    script = str(Path(__file__).with_name(name))
    with running((sys.executable, script, *arguments)) as started:
        yield started.first_line.strip()


@contextmanager
def running(command: Sequence[str], variables: Mapping[str, str] | None = None) -> Iterator[Started]:
    """Run a process from its first line of output to the end of the block."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("PALAVER_")}
    with subprocess.Popen(
        command,
        cwd=environment.ROOT,
        env={**own, **(variables or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield Started(pid=process.pid, first_line=_first_line(process))
        finally:
            _stop(process)


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    too_late = Timer(READY_TIMEOUT_S, process.kill)
    too_late.start()
    try:
        line = process.stdout.readline()
    finally:
        too_late.cancel()
    if not line:
        sys.exit(f"{process.args!r} ended or said nothing within {READY_TIMEOUT_S} s.")
    return line


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
