"""Whether turns can be answered, as the owner sees it in the console's toolbar, with the one thing to do."""

import asyncio
import socket
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
from tests.fakes.scripted_server import Reply, json_reply
from tests.mission import requirement
from tests.node.nodes import NOWHERE, PATIENCE_S, RunningNode, events, running_node
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


@pytest.fixture
def _a_moment_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.models.find.OTHER_ADDRESSES", ())
    monkeypatch.setattr("agent.models.find.PROBE_TIMEOUT_S", 0.05)


def held_back(until: asyncio.Event) -> Reply:
    return Reply(steps=[until, b'{"version": "0.40.12"}'])


@requirement("C8", "C10")
@pytest.mark.usefixtures("_a_moment_is_short")
async def test_a_turn_waits_for_a_server_that_is_slow_to_say_what_it_is_and_says_so(tmp_path: Path) -> None:
    until = asyncio.Event()
    async with FakeOllama() as ollama:
        ollama.answer("/api/version", held_back(until))
        ollama.chat(ollama_answer("I am up."))
        settled = running_node(tmp_path, model=None, ollama_url=ollama.address)
        async with settled as node, node.socket() as ws:
            assert (await state(node)).startswith("unresolved")
            await ws.ask("hi")
            told = (await ws.until("status"))["data"]["text"]
            assert told == f"waiting for what listens at {ollama.address}, which is slow to answer"
            until.set()
            await ws.until("answer", text="I am up.")
            assert await state(node) == f"ready: {TINY}"


@requirement("A13")
@pytest.mark.usefixtures("_a_moment_is_short")
async def test_a_turn_that_waits_for_a_slow_server_can_be_cancelled(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        ollama.answer("/api/version", held_back(asyncio.Event()))
        settled = running_node(tmp_path, model=None, ollama_url=ollama.address)
        async with settled as node, node.socket() as ws:
            await ws.ask("hi", sessionId="s")
            await ws.until("status")
            await ws.send("cancel", {"turnId": "t1", "sessionId": "s"})
            await ws.until("done", reason="cancelled")


@requirement("C8")
@pytest.mark.usefixtures("_a_moment_is_short")
async def test_a_turn_waits_for_a_server_that_listens_and_takes_no_connection_yet(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        starting = running_node(tmp_path, model=None, ollama_url=address)
        async with starting as node, node.socket() as ws:
            await ws.ask("hi")
            await ws.until("status")
            async with FakeOllama(listening=listening) as ollama:
                ollama.chat(ollama_answer("I am up."))
                await ws.until("answer", text="I am up.")


@requirement("C10")
@pytest.mark.usefixtures("_a_moment_is_short")
async def test_a_server_that_is_too_slow_is_said_to_be_so_and_nothing_is_answered_by_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_choice, "WAIT_FOR_SLOW_S", 0.05)
    async with FakeOllama() as ollama:
        ollama.answer("/api/version", held_back(asyncio.Event()))
        async with running_node(tmp_path, model=None, ollama_url=ollama.address) as node:
            status, reply, _ = await http(node, "POST", "/api/agents/self/chat", {"message": "hi"})
            assert (status, reply["code"]) == (503, "model_unreachable")
            assert f"{ollama.address} did not answer in time" in reply["error"]
            assert (await state(node)).startswith("provider_unreachable")
            ollama.answer("/api/version", json_reply({"version": "0.40.12"}))
            monkeypatch.setattr(model_choice, "CHECK_AGAIN_S", 0.0)
            monkeypatch.setattr(model_choice, "LOOK_AGAIN_S", 0.0)
            monkeypatch.setattr("agent.models.find.PROBE_TIMEOUT_S", PATIENCE_S)
            assert await state(node) == f"ready: {TINY}"


@requirement("C8", "C10")
@pytest.mark.usefixtures("_a_moment_is_short", "_every_check_is_a_new_one")
async def test_what_merely_listens_where_some_server_could_be_is_waited_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_choice, "WAIT_FOR_SLOW_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr("agent.models.find.OTHER_ADDRESSES", (address,))
        async with running_node(tmp_path, model=None) as node, node.socket() as ws:
            first = await ws.whole_turn("what time is it?", "t1")
            second = await ws.whole_turn("what time is it?", "t2")
            assert [("status" in events(frames), events(frames)[-2]) for frames in (first, second)] == [
                (True, "answer"),
                (False, "answer"),
            ]
            assert await state(node) == "not_configured: rules"


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
