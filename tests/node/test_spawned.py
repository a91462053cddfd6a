"""The model server that a node starts, and that never outlives it."""

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.ollama_server import TINY, FakeOllama, answer
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RawSocket, RunningNode, running_node
from tests.node.program import LIMIT_S, started
from tests.node.test_child import gone, linux_only
from tests.node.test_http import http

SERVED = str(Path(__file__).with_name("served.py"))
SERVER = "/api/agent/server"
CHAT = "/api/agents/self/chat"


def command(gate: Path | str = "", manner: str = "") -> list[str]:
    return [sys.executable, SERVED, "{port}", str(gate), manner]


async def status_of(node: RunningNode) -> dict[str, Any]:
    status: dict[str, Any] = (await http(node, "GET", SERVER))[1]
    return status


async def started_by(node: RunningNode, socket: RawSocket, gate: Path, manner: str = "") -> int:
    """Have the node start a server that waits, and return the process id that it tells meanwhile."""
    await node.client.set_setting("models.spawn", command(gate, manner))
    status, body, _ = await http(node, "POST", SERVER, {"action": "start"})
    assert (status, body["state"]) == (202, "starting")
    while True:
        told = (await socket.until("server"))["data"]["text"]
        if "pid" in told:
            return int(told.rpartition(" ")[2])


@requirement("C17")
async def test_a_server_is_started_on_request_and_its_port_is_where_the_models_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.models.find.OTHER_ADDRESSES", ())
    gate = tmp_path / "gate"
    async with running_node(tmp_path / "a", model=None) as node, node.socket() as socket:
        pid = await started_by(node, socket, gate)
        readiness = (await http(node, "GET", "/api/agent/status"))[1]["readiness"]
        assert (readiness["state"], readiness["remedy"]) == ("unresolved", "wait a moment")
        assert "loading model" in readiness["text"]
        asking = asyncio.create_task(http(node, "POST", CHAT, {"message": "hi"}))  # waits for the model
        gate.touch()
        address = (await socket.until("server", state="ready"))["data"]["address"]
        assert (await asking)[1]["answer"] == "From the child."
        config = (await http(node, "GET", "/api/agent/config"))[1]
        assert (config["url"], config["model"]) == (address, "tiny")
        _, config, _ = await http(node, "PUT", "/api/agent/config", {"model": "tiny"})
        assert config["chosen"] == {"url": "", "model": "tiny"}  # the port is another one the next time
        await node.client.unset_setting("models.default")
        assert (await http(node, "POST", SERVER, {"action": "start"}))[1]["address"] == address
        await http(node, "POST", SERVER, {"action": "stop"})
        assert (await status_of(node))["state"] == "stopped"
        assert (await http(node, "GET", "/api/agent/status"))[1]["readiness"]["state"] == "not_configured"
    if sys.platform == "linux":
        await gone(pid)


@requirement("C17")
async def test_a_server_that_dies_is_reported_with_its_last_words(tmp_path: Path) -> None:
    async with running_node(tmp_path, model=None) as node, node.socket() as socket:
        await node.client.set_setting("models.spawn", command(manner="dies"))
        await http(node, "POST", SERVER, {"action": "start"})
        told = (await socket.until("server", state="failed"))["data"]["text"]
        assert "ended with exit code 1" in told
        assert "the file is no model" in told
        _, body, _ = await http(node, "POST", CHAT, {"message": "hi"})
        assert "the file is no model" in body["error"]
        readiness = (await http(node, "GET", "/api/agent/status"))[1]["readiness"]
        assert (readiness["state"], "no model" in readiness["text"]) == ("provider_unreachable", True)


async def test_a_server_that_dies_without_a_word_is_told_so(tmp_path: Path) -> None:
    async with running_node(tmp_path, model=None) as node, node.socket() as socket:
        mute = [sys.executable, "-c", "raise SystemExit(1)", "{port}"]
        await node.client.set_setting("models.spawn", mute)
        await http(node, "POST", SERVER, {"action": "start"})
        told = (await socket.until("server", state="failed"))["data"]["text"]
        assert told == "ended with exit code 1: it said nothing"


@requirement("C17")
async def test_a_server_that_crashes_in_a_turn_is_reported_and_can_be_started_again(tmp_path: Path) -> None:
    async with running_node(tmp_path, model=None) as node, node.socket() as socket:
        gates = (tmp_path / "first", tmp_path / "second")
        await started_by(node, socket, gates[0], "crashes")
        gates[0].touch()
        await socket.until("server", state="ready")
        status, _, _ = await http(node, "POST", CHAT, {"message": "hi"})
        assert status == 500
        told = (await socket.until("server", state="failed"))["data"]["text"]
        assert "exit code 9" in told
        assert "out of memory" in told
        await started_by(node, socket, gates[1])
        gates[1].touch()
        await socket.until("server", state="ready")
        assert (await http(node, "POST", CHAT, {"message": "hi"}))[1]["answer"] == "From the child."


async def test_another_server_can_be_chosen_while_it_runs(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    async with FakeOllama() as ollama:
        ollama.chat(answer("From Ollama."))
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
            node.socket() as socket,
        ):
            await started_by(node, socket, gate)
            gate.touch()
            await socket.until("server", state="ready")
            await http(node, "PUT", "/api/agent/config", {"provider": "ollama", "model": TINY})
            assert (await http(node, "POST", CHAT, {"message": "hi"}))[1]["answer"] == "From Ollama."
            await http(node, "PUT", "/api/agent/config", {"model": "tiny", "provider": "openai"})
            assert (await http(node, "POST", CHAT, {"message": "hi"}))[1]["answer"] == "From the child."


@requirement("C17")
@linux_only
async def test_the_server_ends_with_its_node(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(running_node(tmp_path, model=None))
        async with node.socket() as socket:
            pid = await started_by(node, socket, tmp_path / "gate")
            (tmp_path / "gate").touch()
            await socket.until("server", state="ready")
        os.kill(pid, 0)
        await stack.aclose()
        await gone(pid)


@requirement("C17")
@linux_only
async def test_a_killed_node_leaves_no_server_behind(tmp_path: Path) -> None:
    async with running_node(tmp_path, model="rules") as node:
        await node.client.set_setting("models.spawn", command())
    async with started(
        "up", "--spawn", "--json", "--port", "0", "--peer-port", "0", data=tmp_path
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        async with asyncio.timeout(LIMIT_S):
            assert (await process.stderr.readline()).decode() == "the model server: starting\n"
            ready = json.loads(await process.stdout.readline())
            assert (ready["model"], ready["modelLabel"]) == ("tiny", "tiny on OpenAI-style server")
            (child,) = children_of(process.pid)
            process.kill()
            await process.wait()
        await gone(child)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@requirement("C17")
async def test_a_start_that_cannot_be_is_refused(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        status, body, _ = await http(node, "POST", SERVER, {"action": "start"})
        assert (status, body["code"]) == (409, "not_configured")
        assert "models.spawn" in body["error"]
        assert (await http(node, "POST", SERVER, {"action": "restart"}))[0] == 400
        await node.client.set_setting("models.spawn", ["no-such-server", "{port}"])
    async with started("up", "--spawn", "--port", "0", "--peer-port", "0", data=tmp_path) as process:
        async with asyncio.timeout(LIMIT_S + PATIENCE_S):
            _, err = await process.communicate()
        assert process.returncode == 1
        assert "there is no program 'no-such-server'" in err.decode()
