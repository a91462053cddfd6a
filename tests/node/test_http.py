"""`/api` as scripts use it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.ollama_server import FakeOllama, answer, done, error, reply, text
from tests.mission import requirement
from tests.node.nodes import NOWHERE, PATIENCE_S, RunningNode, running_node


async def http(
    node: RunningNode, method: str, path: str, body: object = None
) -> tuple[int, Any, Mapping[str, str]]:
    headers = {"Authorization": f"Bearer {node.token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, node.url + path, json=body, headers=headers) as response,
    ):
        content = await response.json() if response.content_type == "application/json" else None
        return response.status, content, response.headers


CHAT = "/api/agents/self/chat"


@requirement("A21")
async def test_one_request_gets_one_reply_with_how_it_was_made(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        ollama.chat(answer("Par", "is."), answer("Yes."))
        async with running_node(tmp_path, model=None, ollama_url=ollama.address) as node:
            status, first, _ = await http(node, "POST", CHAT, {"message": "capital of France?"})
            assert (status, first["answer"]) == (200, "Paris.")
            assert first["usage"]["promptTokens"] == 20
            assert first["execution"]["id"] == first["turnId"]
            assert first["execution"]["wasQueued"] is False
            body = {"message": "sure?", "sessionId": first["sessionId"]}
            _, second, _ = await http(node, "POST", "/api/agents/alice/chat", body)
            assert second["sessionId"] == first["sessionId"]
            assert [m["content"] for m in ollama.asked[1]["messages"]][1:] == [
                "capital of France?", "Paris.", "sure?",
            ]  # fmt: skip


@requirement("P8")
async def test_each_failure_of_a_chat_has_its_status_and_code(tmp_path: Path) -> None:
    async with (
        FakeOllama() as ollama,
        running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
    ):
        status, body, _ = await http(node, "POST", "/api/agents/nobody/chat", {"message": "hi"})
        assert (status, body["code"]) == (404, "no_such_agent")
        ollama.chat(error(500, "the engine is broken"))
        status, body, _ = await http(node, "POST", CHAT, {"message": "hi"})
        assert status == 500
        assert "the engine is broken" in body["error"]
        status, body, _ = await http(node, "POST", CHAT, {"message": ""})
        assert (status, body["code"]) == (400, "bad_request")


@requirement("P8", "C10")
async def test_a_chosen_server_that_is_down_is_said_at_once(tmp_path: Path) -> None:
    async with running_node(tmp_path, model=None, settings={"models.url": NOWHERE}) as node:
        status, body, _ = await http(node, "POST", CHAT, {"message": "hi"})
        assert (status, body["code"]) == (503, "model_unreachable")
        assert NOWHERE in body["error"]


@requirement("H9", "B24")
async def test_five_at_once_run_one_by_one_and_the_fifth_is_turned_away(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        gate = asyncio.Event()
        ollama.chat(*[reply(gate, *text("ok"), done()) for _ in range(4)])
        async with running_node(tmp_path, model=None, ollama_url=ollama.address) as node:
            body = {"message": "hi", "sessionId": "s"}
            first = asyncio.create_task(http(node, "POST", CHAT, body))
            await turns_running(node, 1)
            others = [asyncio.create_task(http(node, "POST", CHAT, body)) for _ in range(4)]
            async with asyncio.timeout(PATIENCE_S):
                refused = await next(asyncio.as_completed(others))
                assert refused[0] == 429
                assert refused[1]["error"] == "Agent queue is full"
                assert (refused[1]["queue_length"], refused[1]["retry_after"]) == (3, 30)
                assert refused[2]["Retry-After"] == "30"
                assert len(ollama.asked) == 1
                gate.set()
                replies = await asyncio.gather(first, *others)
            assert sorted(reply[0] for reply in replies) == [200, 200, 200, 200, 429]


async def turns_running(node: RunningNode, count: int) -> None:
    """Wait until so many turns are being run."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            _, queue, _ = await http(node, "GET", "/api/queue")
            if sum(turn["state"] == "dispatching" for turn in queue) == count:
                return


@requirement("G2", "G7")
async def test_sessions_are_listed_read_renamed_and_deleted(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        assert (await http(node, "GET", "/api/chat/sessions"))[1] == []
        _, chat, _ = await http(node, "POST", CHAT, {"message": "what time is it"})
        _, newer, _ = await http(node, "POST", CHAT, {"message": "what is the date"})
        listed = (await http(node, "GET", "/api/chat/sessions"))[1]
        assert [row["id"] for row in listed] == [newer["sessionId"], chat["sessionId"]]
        assert listed[1]["title"] == "what time is it"
        assert "messages" not in listed[0]
        one = f"/api/chat/sessions/{chat['sessionId']}"
        whole = (await http(node, "GET", one))[1]
        assert [(m["role"], m["content"]) for m in whole["messages"]] == [
            ("user", "what time is it"), ("agent", chat["answer"]),
        ]  # fmt: skip
        assert (await http(node, "PUT", one, {"title": "Clock"}))[1]["title"] == "Clock"
        assert (await http(node, "PUT", one, {"nonsense": 1}))[0] == 400
        assert (await http(node, "DELETE", one))[0] == 204
        assert (await http(node, "GET", one))[0] == 404
        assert (await http(node, "DELETE", one))[0] == 404


@requirement("G1")
async def test_sessions_survive_a_restart(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        _, chat, _ = await http(node, "POST", CHAT, {"message": "what time is it"})
    async with running_node(tmp_path) as node:
        whole = (await http(node, "GET", f"/api/chat/sessions/{chat['sessionId']}"))[1]
        assert whole["messages"][1]["content"] == chat["answer"]


@requirement("T1")
async def test_settings_are_read_written_and_reset_with_their_types(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        key = "/api/settings/agent.orchestrator.temperature"
        assert (await http(node, "GET", key))[1]["value"] == 0.0
        assert (await http(node, "PUT", key, {"value": 0.5}))[1]["value"] == 0.5
        assert (await http(node, "GET", key))[1]["value"] == 0.5
        status, body, _ = await http(node, "PUT", key, {"value": "hot"})
        assert (status, body["code"]) == (400, "bad_setting")
        assert (await http(node, "DELETE", key))[1]["value"] == 0.0
        for method, body in (("GET", None), ("PUT", {"value": 1}), ("DELETE", None)):
            assert (await http(node, method, "/api/settings/no.such.key", body))[0] == 404


@requirement("C10")
async def test_readiness_says_one_state_and_one_remedy(tmp_path: Path) -> None:
    async def state(node: RunningNode) -> tuple[str, str, str]:
        found = (await http(node, "GET", "/api/agent/status"))[1]
        return found["readiness"]["state"], found["readiness"]["remedy"], found["model"]["label"]

    async with FakeOllama() as ollama:
        async with running_node(tmp_path / "a", model=None, ollama_url=ollama.address) as node:
            assert await state(node) == ("ready", "", "tiny:latest on Ollama")
        async with running_node(tmp_path / "b", model=None) as node:
            readiness, remedy, label = await state(node)
            assert (readiness, label) == ("not_configured", "Rules (no model)")
            assert "start Ollama" in remedy
        async with running_node(tmp_path / "c", model="nope", ollama_url=ollama.address) as node:
            readiness, remedy, _ = await state(node)
            assert readiness == "provider_unreachable"
            assert "agent.orchestrator.model" in remedy


@requirement("C9")
@pytest.mark.parametrize("url", ["http://10.1.2.3:11434", "http://models.example:11434"])
async def test_a_model_server_elsewhere_is_refused_unless_the_owner_allows_it(
    tmp_path: Path, url: str
) -> None:
    async with running_node(tmp_path, model=None, settings={"models.url": url}) as node:
        status, body, _ = await http(node, "POST", CHAT, {"message": "hi"})
        assert status in {500, 503}
        assert "not on this machine" in body["error"]
