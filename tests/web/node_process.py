"""A node as a process, for tests that look at it through a browser."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STOP_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeProcess:
    process: subprocess.Popen[str]
    url: str
    token: str
    data: Path

    @property
    def entrance(self) -> str:
        """The address that lets a browser in, once."""
        return f"{self.url}/?token={self.token}"

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Make one request as the owner's script would, and return the JSON of its answer."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=STOP_LIMIT_S) as answer:
            return json.loads(answer.read() or b"null")


@contextmanager
def running(
    data: Path,
    *,
    name: str = "alice",
    port: int = 0,
    more: Mapping[str, str] | None = None,
    module: str = "node.cli",
) -> Iterator[NodeProcess]:
    """Run `palaver up` until the block ends; `more` adds to its environment, which holds nothing of ours."""
    data.mkdir(parents=True, exist_ok=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PALAVER_")}
    command = [
        sys.executable, "-m", module, "up", "--json", "--port", str(port), "--peer-port", "0", "--name", name,
    ]  # fmt: skip
    errors = data / "stderr.txt"
    with (
        errors.open("a") as log,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**environment, "PALAVER_DATA_DIR": str(data), **(more or {})},
        ) as process,
    ):
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line, f"the node did not start: {errors.read_text()}"
            ready = json.loads(line)
            token = (data / "ui.token").read_text()
            yield NodeProcess(process=process, url=ready["url"], token=token, data=data)
        finally:
            stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
