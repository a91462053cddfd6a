"""Whether turns can be answered, as the owner sees it in the console's toolbar, with the one thing to do."""

from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from node import model_choice
from node.health import NODE_DOWN
from tests.fakes import openai_server as openai
from tests.fakes.ollama_server import TINY, FakeOllama
from tests.fakes.ollama_server import answer as ollama_answer
from tests.fakes.openai_server import FakeOpenAI
from tests.mission import requirement
from tests.node.nodes import NOWHERE, PATIENCE_S, RunningNode, running_node
from tests.node.terminal import on_a_terminal
from tests.node.test_http import http


@requirement("C10")
async def test_the_console_shows_each_state_with_its_one_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.models.find.OTHER_ADDRESSES", ())
    async with AsyncExitStack() as terminals:
        async with running_node(tmp_path, model=None) as node:
            opened = on_a_terminal(["console", "--data", str(tmp_path)], {})
            terminal, _ = await terminals.enter_async_context(opened)
            await terminal.until_shows("Rules (no model): start Ollama")
            await http(node, "PUT", "/api/settings/models.url", {"value": NOWHERE})
            await http(node, "POST", "/api/agents/self/chat", {"message": "hi"})
            await terminal.until_shows("the model cannot be used: start the model server")
            status = (await http(node, "GET", "/api/agent/status"))[1]
            assert status["readiness"]["state"] == "provider_unreachable"
            assert status["ifDown"] == asdict(NODE_DOWN)
        await terminal.until_shows("the node is not running: start it with `palaver up`")


async def state(node: RunningNode) -> str:
    """Return how things stand, and with which model."""
    found: Any = (await http(node, "GET", "/api/agent/status"))[1]
    return f"{found['readiness']['state']}: {found['model']['name']}"


@pytest.fixture
def _every_check_is_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_choice, "CHECK_AGAIN_S", 0.0)
    monkeypatch.setattr(model_choice, "LOOK_AGAIN_S", 0.0)


@requirement("C10", "P1")
@pytest.mark.usefixtures("_every_check_is_a_new_one")
async def test_a_server_that_goes_and_comes_back_is_seen_without_a_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.models.find.OTHER_ADDRESSES", ())
    async with AsyncExitStack() as stack:
        async with FakeOllama() as ollama:
            node = await stack.enter_async_context(
                running_node(tmp_path, model=None, ollama_url=ollama.address)
            )
            assert await state(node) == f"ready: {TINY}"
        assert await state(node) == f"provider_unreachable: {TINY}"
        status, reply, _ = await http(node, "POST", "/api/agents/self/chat", {"message": "hi"})
        assert (status, reply["code"]) == (503, "model_unreachable"), "and no rules answer in its place"
        async with FakeOllama(port=urlsplit(ollama.address).port or 0) as back:
            assert await state(node) == f"ready: {TINY}"
            back.answer("/api/chat", ollama_answer("Here again."))
            _, reply, _ = await http(node, "POST", "/api/agents/self/chat", {"message": "hi"})
            assert reply["answer"] == "Here again."


@requirement("C10", "P1")
async def test_a_turn_that_nothing_answered_counts_at_once_whenever_the_server_was_last_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.models.find.OTHER_ADDRESSES", ())
    monkeypatch.setattr(model_choice, "CHECK_AGAIN_S", PATIENCE_S)
    async with AsyncExitStack() as stack:
        async with FakeOllama() as ollama:
            node = await stack.enter_async_context(
                running_node(tmp_path, model=None, ollama_url=ollama.address)
            )
            assert await state(node) == f"ready: {TINY}"
        reply = (await http(node, "POST", "/api/agents/self/chat", {"message": "hi"}))[1]
        assert reply["code"] == "model_unreachable"
        assert await state(node) == f"provider_unreachable: {TINY}"


@requirement("C9", "C10")
async def test_an_address_of_the_environment_that_is_elsewhere_is_not_passed_over_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.models.find.OTHER_ADDRESSES", ())
    async with running_node(tmp_path, model=None, ollama_url="http://10.1.2.3:11434") as node:
        readiness = (await http(node, "GET", "/api/agent/status"))[1]["readiness"]
        assert readiness["state"] == "not_configured"
        assert "http://10.1.2.3:11434 is not on this machine" in readiness["text"]
        assert "models.allowRemote" in readiness["remedy"]


@requirement("C8", "C10")
@pytest.mark.usefixtures("_every_check_is_a_new_one")
async def test_a_server_that_comes_later_is_taken_and_another_one_when_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeOpenAI() as other:
        address = other.address
    monkeypatch.setattr("agent.models.find.OTHER_ADDRESSES", (address,))
    async with AsyncExitStack() as stack:
        async with FakeOllama() as first:
            ollama_port = urlsplit(first.address).port or 0
        node = await stack.enter_async_context(running_node(tmp_path, model=None, ollama_url=first.address))
        assert await state(node) == "not_configured: rules"
        async with FakeOllama(port=ollama_port):
            assert await state(node) == f"ready: {TINY}"
        async with FakeOpenAI(port=urlsplit(address).port or 0) as server:
            assert await state(node) == f"provider_unreachable: {TINY}"
            server.chat(openai.answer("I answer now."))
            _, reply, _ = await http(node, "POST", "/api/agents/self/chat", {"message": "hi"})
            assert reply["answer"] == "I answer now."
            assert await state(node) == f"ready: {openai.MODEL}"
