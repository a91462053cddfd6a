"""`/api/agent/complete`: a few words for an editor, of a model that is stopped when nobody waits any more."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from node.client import NodeError
from tests.fakes.ollama_server import answer, done, error, reply, text
from tests.mission import requirement
from tests.node.nodes import NOWHERE, PATIENCE_S, RunningNode, running_node, talking

COMPLETE = "/api/agent/complete"


async def completed(node: RunningNode, **body: object) -> Any:
    return await node.client.call("POST", COMPLETE, body)


@requirement("B27")
async def test_a_gap_is_filled_without_session_tools_or_thinking(tmp_path: Path) -> None:
    chosen = {"agent.orchestrator.temperature": 0.9, "agent.orchestrator.topP": 0.5}
    async with talking(tmp_path, chosen) as (node, ollama, _):
        ollama.chat(answer("return", " a + b"))
        told = await completed(
            node, prompt="def add(a, b):\n    ", suffix="\n\nprint(add(1, 2))", maxTokens=20
        )
        assert told == {"text": "return a + b"}
        [asked] = ollama.asked
        assert "tools" not in asked
        assert (asked["think"], asked["stream"]) == (False, True)
        assert asked["options"] == {"temperature": 0.1, "num_predict": 20}
        gap = asked["messages"][-1]["content"]
        assert gap.index("def add(a, b):") < gap.index("print(add(1, 2))")
        assert await node.client.call("GET", "/api/chat/sessions") == []


@requirement("B27")
async def test_a_model_that_repeats_the_prompt_or_never_ends_is_cut(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, _):
        ollama.chat(answer("The sky is", " blue"), reply(*text(*["on and "] * 100), asyncio.Event(), done()))
        assert await completed(node, prompt="The sky is") == {"text": " blue"}
        told = await completed(node, prompt="Go", maxTokens=10)
        assert told["text"] == ("on and " * 100)[:80]


@requirement("B27")
async def test_a_caller_that_hangs_up_stops_the_model(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, _):
        began = asyncio.Event()

        def hold(_: Any) -> Any:
            began.set()
            return reply(asyncio.Event(), done())

        ollama.chat(hold)
        caller = asyncio.create_task(completed(node, prompt="The sky is"))
        async with asyncio.timeout(PATIENCE_S):
            await began.wait()
            caller.cancel()
            await ollama.disconnected.wait()


@requirement("B27")
async def test_rules_say_that_they_cannot(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        with pytest.raises(NodeError, match="needs a model") as caught:
            await completed(node, prompt="The sky is")
        assert caught.value.code == "needs_model"


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "bad_request"), ({"prompt": ""}, "bad_request"), ({"prompt": "a", "maxTokens": 0}, "bad_request")],
)
async def test_a_body_that_does_not_fit_is_refused(
    tmp_path: Path, body: dict[str, object], code: str
) -> None:
    async with running_node(tmp_path) as node:
        with pytest.raises(NodeError) as caught:
            await node.client.call("POST", COMPLETE, body)
        assert caught.value.code == code


async def test_a_failing_model_is_told_with_its_reason(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, _):
        ollama.chat(error(500, "out of memory"))
        with pytest.raises(NodeError, match="out of memory") as caught:
            await completed(node, prompt="The sky is")
        assert caught.value.code == "model_broken"
    async with running_node(tmp_path / "other", model=None, settings={"models.url": NOWHERE}) as node:
        with pytest.raises(NodeError) as caught:
            await completed(node, prompt="The sky is")
        assert caught.value.code == "model_unreachable"
