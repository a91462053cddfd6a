"""From a fresh data folder to the first answer: what answers where, choosing, fetching."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.ollama_server import ALL, TINY, FakeOllama, answer, error, line
from tests.fakes.openai_server import MODEL, FakeOpenAI
from tests.fakes.scripted_server import Reply, Step
from tests.mission import requirement
from tests.node.nodes import NOWHERE, PATIENCE_S, RunningNode, running_node
from tests.node.program import palaver
from tests.node.terminal import on_a_terminal
from tests.node.test_follow import curl
from tests.node.test_http import http

GEMMA = "gemma4:e2b"
PULL = "/api/agent/pull"
LAYER = {"digest": "sha256:1", "total": 200}


def pulling(fake: FakeOllama, *steps: Step) -> None:
    """Have the fake fetch the model: three steps, and then it has it."""

    def give(body: Any) -> Reply:
        fake.models = {body["model"]: ALL}
        return Reply(
            steps=[
                line({"status": "pulling manifest"}),
                *steps,
                line({"status": "pulling 1", **LAYER, "completed": 100}),
                line({"status": "success"}),
            ],
            content_type="application/x-ndjson",
        )

    fake.answer("/api/pull", give)


@asynccontextmanager
async def lonely_node(
    data: Path, *fakes: FakeOllama | FakeOpenAI, monkeypatch: pytest.MonkeyPatch, **more: Any
) -> AsyncIterator[RunningNode]:
    """A node that looks for servers at these addresses alone."""
    monkeypatch.setattr("agent.models.find.OTHER_ADDRESSES", tuple(fake.address for fake in fakes[1:]))
    first = fakes[0].address if fakes else NOWHERE
    async with running_node(data, model=None, ollama_url=first, **more) as node:
        yield node


@requirement("C8", "C7")
async def test_a_fresh_node_beside_an_empty_ollama_answers_after_the_offered_pull(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeOllama({}) as ollama:
        pulling(ollama)
        ollama.chat(answer("Paris."))
        async with lonely_node(tmp_path, ollama, monkeypatch=monkeypatch) as node, node.socket() as socket:
            _, found, _ = await http(node, "GET", "/api/agent/providers")  # step one: what is there
            assert found["offer"] == {"model": GEMMA, "address": ollama.address}
            async with curl(node, PULL, {"model": found["offer"]["model"]}) as stream:  # step two: fetch it
                progress = await stream.frames()
            _, reply, _ = await http(node, "POST", "/api/agents/self/chat", {"message": "capital of France?"})
            told = [(await socket.until("pull"))["data"] for _ in range(4)]
    assert progress == [
        {"status": "pulling manifest"},
        {"status": "pulling 1", "total": 200, "completed": 100},
        {"status": "success"},
    ]
    assert reply["answer"] == "Paris."  # step three
    assert ollama.asked[0]["model"] == GEMMA
    assert [(part["state"], part["status"], part["completed"]) for part in told] == [
        ("running", "pulling manifest", None), ("running", "pulling 1", 100), ("running", "success", None),
        ("done", "success", None),
    ]  # fmt: skip


@requirement("C8")
async def test_every_server_is_listed_with_its_models_and_what_they_can_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        FakeOllama({GEMMA: ALL, "plain:latest": ("completion",)}) as ollama,
        FakeOpenAI("lmstudio") as studio,
        FakeOpenAI("vllm") as vllm,
        FakeOpenAI("llama-server") as llama,
        lonely_node(tmp_path, ollama, studio, vllm, llama, monkeypatch=monkeypatch) as node,
    ):
        _, found, _ = await http(node, "GET", "/api/agent/providers")
        servers = found["servers"]
        assert [(server["provider"], server["label"], server["canPull"]) for server in servers] == [
            ("ollama", "Ollama", True), ("lmstudio", "LM Studio", False), ("vllm", "vLLM", False),
            ("llama-server", "llama-server", False),
        ]  # fmt: skip
        assert [server["address"] for server in servers] == [f.address for f in (ollama, studio, vllm, llama)]
        gemma, plain = servers[0]["models"]
        assert (gemma["callsTools"], gemma["thinks"], gemma["current"]) == (True, True, True)
        assert (plain["callsTools"], plain["current"]) == (False, False)
        assert [model["name"] for model in servers[1]["models"]] == [MODEL, "big-cold"]
        assert found["offer"] is None


@requirement("C8")
async def test_a_choice_holds_at_once_and_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeOllama({TINY: ALL, GEMMA: ALL}) as ollama, FakeOpenAI("vllm") as vllm:
        ollama.chat(answer("One."), answer("Two."))
        async with lonely_node(tmp_path, ollama, vllm, monkeypatch=monkeypatch) as node:
            status, config, _ = await http(node, "PUT", "/api/agent/config", {"model": "tiny"})
            assert (status, config["provider"], config["model"]) == (200, "ollama", TINY)
            assert config["readiness"]["state"] == "ready"
            await http(node, "POST", "/api/agents/self/chat", {"message": "hi"})
            body = {"provider": "vllm", "model": MODEL}
            _, config, _ = await http(node, "PUT", "/api/agent/config", body)
            assert (config["provider"], config["url"]) == ("vllm", vllm.address)
            _, config, _ = await http(
                node, "PUT", "/api/agent/config", {"url": ollama.address, "model": TINY}
            )
        async with lonely_node(tmp_path, ollama, vllm, monkeypatch=monkeypatch) as node:
            assert (await http(node, "GET", "/api/agent/config"))[1] == config
            await http(node, "POST", "/api/agents/self/chat", {"message": "hi"})
    assert [asked["model"] for asked in ollama.asked] == [TINY, TINY]
    assert config["chosen"] == {"url": ollama.address, "model": "tiny:latest"}


@requirement("C8")
async def test_a_choice_outdoes_the_model_that_the_node_was_started_with_but_not_the_agents_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.models.find.OTHER_ADDRESSES", ())
    async with (
        FakeOllama({TINY: ALL, GEMMA: ALL}) as ollama,
        running_node(tmp_path, model="rules", ollama_url=ollama.address) as node,
    ):
        assert (await http(node, "GET", "/api/agent/config"))[1]["provider"] == "rules"
        _, config, _ = await http(node, "PUT", "/api/agent/config", {"model": GEMMA})
        assert (config["model"], config["overriddenBy"]) == (GEMMA, None)
        await node.client.set_setting("agent.orchestrator.model", TINY)
        _, config, _ = await http(node, "PUT", "/api/agent/config", {"model": GEMMA})
        assert (config["model"], config["overriddenBy"]) == (TINY, "agent.orchestrator.model")
        _, config, _ = await http(node, "PUT", "/api/agent/config", {"model": "rules"})
        assert config["chosen"]["model"] == "rules"


@requirement("C2", "C3", "C8")
@pytest.mark.parametrize("provider", ["lmstudio", "vllm", "llama-server"])
async def test_a_server_that_does_not_say_what_it_is_may_be_what_its_owner_calls_it(
    tmp_path: Path, provider: str
) -> None:
    async with FakeOpenAI() as server, running_node(tmp_path) as node:
        choice = {"provider": provider, "model": MODEL, "url": server.address}
        status, config, _ = await http(node, "PUT", "/api/agent/config", choice)
        assert (status, config["model"], config["url"]) == (200, MODEL, server.address)


@requirement("C8", "C9")
@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"model": "nope"}, (404, "model_no_model", "there is tiny:latest; `palaver pull nope`")),
        ({"model": TINY, "url": "http://10.1.2.3:11434"}, (400, "model_not_local", "not on this machine")),
        ({"model": TINY, "url": NOWHERE}, (503, "model_unreachable", "no model server answers")),
        ({"model": TINY, "provider": "vllm"}, (400, "wrong_provider", "there is no vLLM on this machine")),
        ({"model": TINY, "provider": "cloud"}, (400, "unknown_provider", "ollama, lmstudio")),
        ({"provider": "ollama"}, (400, "bad_request", "model")),
    ],
)  # fmt: skip
async def test_a_choice_that_cannot_hold_is_refused_and_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: dict[str, str], refusal: tuple[int, str, str]
) -> None:
    async with FakeOllama() as ollama, lonely_node(tmp_path, ollama, monkeypatch=monkeypatch) as node:
        status, code, says = refusal
        before = (await http(node, "GET", "/api/agent/config"))[1]
        answered, refused, _ = await http(node, "PUT", "/api/agent/config", body)
        assert (answered, refused["code"]) == (status, code)
        assert says in refused["error"]
        assert (await http(node, "GET", "/api/agent/config"))[1] == before


@requirement("C7")
@pytest.mark.parametrize(
    ("provider", "says"),
    [
        ("lmstudio", "lms get"),
        ("vllm", "vllm serve"),
        ("llama-server", "-m FILE"),
        ("openai", "fetches no models"),
    ],
)
async def test_a_server_that_cannot_pull_says_so_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str, says: str
) -> None:
    async with FakeOpenAI(provider) as other, lonely_node(tmp_path, other, monkeypatch=monkeypatch) as node:
        status, body, _ = await http(node, "POST", PULL, {"model": GEMMA})
    assert (status, body["code"]) == (501, "pull_unsupported")
    assert says in body["error"]


@requirement("C7", "C13")
async def test_a_pull_that_fails_says_why_in_the_servers_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeOllama() as ollama, lonely_node(tmp_path, ollama, monkeypatch=monkeypatch) as node:
        ollama.play("/api/pull", error(500, "no space left on device"))
        status, body, _ = await http(node, "POST", PULL, {"model": GEMMA})
        assert (status, body["code"]) == (502, "model_broken")
        assert "no space left on device" in body["error"]
        half = [line({"status": "pulling manifest"}), line({"error": "file does not exist"})]
        ollama.play("/api/pull", Reply(steps=half, content_type="application/x-ndjson"))
        async with curl(node, PULL, {"model": GEMMA}) as stream, node.socket() as socket:
            parts = await stream.frames()
        assert "file does not exist" in parts[-1]["error"]
        ollama.play("/api/pull", Reply(steps=half[:1], content_type="application/x-ndjson"))
        async with curl(node, PULL, {"model": GEMMA}) as stream:
            assert "before it was complete" in (await stream.frames())[-1]["error"]
    async with lonely_node(tmp_path, monkeypatch=monkeypatch) as node, node.socket() as socket:
        status, body, _ = await http(node, "POST", PULL, {"model": GEMMA})
        assert (status, body["code"]) == (503, "model_unreachable")
        assert not [frame for frame in socket.frames if frame["event"] == "pull"]


@requirement("C7")
async def test_hanging_up_stops_a_pull(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeOllama({}) as ollama:
        pulling(ollama, asyncio.Event())
        async with lonely_node(tmp_path, ollama, monkeypatch=monkeypatch) as node, node.socket() as socket:
            async with curl(node, PULL, {"model": GEMMA}) as stream:
                assert json.loads(await stream.line()) == {"status": "pulling manifest"}
            assert (await socket.until("pull", state="cancelled"))["data"]["model"] == GEMMA
            async with asyncio.timeout(PATIENCE_S):
                await ollama.disconnected.wait()


@requirement("C8")
async def test_the_command_line_fetches_lists_and_chooses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeOllama({}) as ollama, lonely_node(tmp_path, ollama, monkeypatch=monkeypatch):
        pulling(ollama)
        assert f"palaver pull {GEMMA}" in (await palaver("models", data=tmp_path)).out
        pulled = await palaver("pull", GEMMA, data=tmp_path)
        assert (pulled.code, "50 % of 0 MB" in pulled.err) == (0, True)
        listed = (await palaver("models", data=tmp_path)).out
        assert listed.split()[:5] == ["*", GEMMA, "Ollama", "calls", "tools,"]
        servers = (await palaver("models", "--json", data=tmp_path)).json()["servers"]
        assert servers[0]["models"][0]["current"] is True
        chosen = await palaver("model", GEMMA, data=tmp_path)
        assert (chosen.code, chosen.err) == (0, f"turns now use {GEMMA} on Ollama\n")
        refused = await palaver("model", "nope", data=tmp_path)
        assert (refused.code, f"there is {GEMMA}" in refused.err) == (1, True)


@requirement("C8", "C7")
async def test_the_console_fetches_lists_and_chooses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeOllama({}) as ollama, lonely_node(tmp_path, ollama, monkeypatch=monkeypatch):
        pulling(ollama)
        async with on_a_terminal(["console", "--data", str(tmp_path)], {}) as (terminal, _):
            await terminal.until_shows("connected to alice")
            terminal.type("/model\r")
            await terminal.until_shows(f"/pull {GEMMA} in the console")
            terminal.type(f"/pull {GEMMA}\r")
            await terminal.until_shows(f"{GEMMA} is there")
            terminal.type("/model\r")
            await terminal.until_shows(f"*  {GEMMA}  Ollama  calls tools, thinks")
            terminal.type(f"/model {GEMMA}\r")
            await terminal.until_shows(f"turns now use {GEMMA} on Ollama")
            terminal.type("/model nope\r")
            await terminal.until_shows("there is no model 'nope'")
