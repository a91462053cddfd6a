"""One reply to one request, without a turn, in both dialects."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes import ollama_server, openai_server
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.openai_server import FakeOpenAI
from tests.mission import requirement
from tests.node.nodes import running_node
from tests.node.test_http import http


@pytest.fixture(params=["ollama", "lmstudio", "vllm", "llama-server"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[FakeOllama | FakeOpenAI]:
    if request.param == "ollama":
        async with FakeOllama() as ollama:
            ollama.chat(ollama_server.answer("bl", "ue."))
            yield ollama
    else:
        async with FakeOpenAI(request.param) as other:
            other.chat(openai_server.answer("bl", "ue."))
            yield other


@requirement("C6")
async def test_a_text_is_generated_without_tools_whatever_the_server_speaks(
    server: FakeOllama | FakeOpenAI, tmp_path: Path
) -> None:
    async with running_node(tmp_path, model=None, settings={"models.url": server.address}) as node:
        status, body, _ = await http(node, "POST", "/api/agent/complete", {"prompt": "The sky is"})
        assert (status, body) == (200, {"text": "blue."})
        assert (await http(node, "GET", "/api/chat/sessions"))[1] == []
    (asked,) = server.asked
    assert "tools" not in asked
    assert asked["stream"] is True
