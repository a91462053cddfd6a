"""Real inference for tests: llama.cpp's own HTTP server with a model of 2.2 MB, one per test process."""

import importlib.util
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator

import pytest

from agent.models.engine_server import READY
from tests.engine.ollama_shim import OllamaShim, Style
from tests.engine.servers import Dialect, Engine
from tests.engine.tiny import SLOTS, TINY, WINDOW

START_LIMIT_S = 40.0
HAS_WHEEL = importlib.util.find_spec("xllamacpp") is not None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the engine where its wheel is missing; where continuous integration runs, that is a fault."""
    if HAS_WHEEL:
        return
    if os.environ.get("CI"):
        raise pytest.UsageError(
            "the wheel xllamacpp is missing: the tests of real inference would be skipped"
        )
    for item in items:
        if "engine" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason="there is no wheel of xllamacpp for this platform"))


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The running server: one thread, four slots, each with its own window."""
    command = [
        sys.executable, "-P", "-m", "agent.models.engine_server", str(TINY), "--name", "tiny",
        "--slots", str(SLOTS), "--context", str(WINDOW), "--threads", "1",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith(READY), f"the engine did not start: {line!r}"
            address = line.removeprefix(READY).strip()
            _wait_for_health(address)
            yield Engine(address)
        finally:
            process.terminate()


@pytest.fixture(params=("llama-server", *Style))
async def dialect(engine: Engine, request: pytest.FixtureRequest) -> AsyncIterator[Dialect]:
    """The engine as it is, and behind Ollama's dialect as it is now and as it was before 0.30."""
    if request.param == "llama-server":
        yield Dialect(provider="llama-server", address=engine.address)
    else:
        async with OllamaShim(engine.address, style=request.param) as shim:
            yield Dialect(provider="ollama", address=shim.address)


def _wait_for_health(address: str) -> None:
    end = time.monotonic() + START_LIMIT_S
    while True:
        try:
            with urllib.request.urlopen(address + "/health", timeout=START_LIMIT_S) as answer:
                assert answer.status == 200
                return
        except urllib.error.URLError:
            assert time.monotonic() < end, "the engine is not ready in time"
