"""Whether turns can be answered, as the owner sees it in the console's toolbar, with the one thing to do."""

from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path

import pytest

from node.health import NODE_DOWN
from tests.mission import requirement
from tests.node.nodes import NOWHERE, running_node
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
