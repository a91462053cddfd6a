"""What real servers do to a turn, seen by the owner of a node: limits, silent cuts, calls that are none, crowds."""

import asyncio
from pathlib import Path

import pytest

from agent.models.openai_chat import FORCED_MAX_TOKENS
from tests.engine.ollama_shim import OllamaShim, Style
from tests.engine.servers import Dialect, Engine, node_at
from tests.engine.test_turns import LOOK, only, play
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S

THINGS = ("milk", "bread", "note", "node", "sky", "house", "tree", "water")


async def test_thirty_two_turns_at_once_are_all_exact(dialect: Dialect, tmp_path: Path) -> None:
    said = {
        f"t{n}-{thing}": f"{colour} {thing}"
        for n, colour in enumerate(("red", "green", "blue", "tea"))
        for thing in THINGS
    }
    async with node_at(dialect.address, tmp_path) as node, node.socket() as ws:
        for turn_id, text in said.items():
            await ws.ask(f"say {text}", turn_id, sessionId=turn_id)
        answers: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_S):
            while len(answers) < len(said):
                data = (await ws.until("answer"))["data"]
                answers[data["turnId"]] = data["text"]
    assert answers == said


async def test_a_prompt_over_the_window_fails_in_words_with_the_figures(
    dialect: Dialect, tmp_path: Path
) -> None:
    async with node_at(dialect.address, tmp_path) as node, node.socket() as ws:
        frames = await play(ws, "say " + "long " * 1000)
    error = only(frames, "error")
    assert error["code"] == "model_too_long"
    assert "exceeds the available context size (4096 tokens)" in error["message"]
    assert "{" not in error["message"]


@requirement("U10")
@pytest.mark.parametrize("style", list(Style))
async def test_the_owner_is_told_when_the_server_silently_cut_the_prompt(
    engine: Engine, style: Style, tmp_path: Path
) -> None:
    """Ollama drops the oldest messages that do not fit, and says nothing."""
    old = [{"role": role, "content": "once upon a time " * 300} for role in ("user", "assistant") * 3]
    async with (
        OllamaShim(engine.address, style=style) as shim,
        node_at(shim.address, tmp_path) as node,
        node.socket() as ws,
    ):
        await ws.ask("say ok", history=old)
        assert "cut the prompt" in (await ws.until("status"))["data"]["text"]
        assert (await ws.until("answer"))["data"]["text"] == "ok"


async def test_arguments_that_are_no_object_are_never_run_and_the_model_reads_why(
    engine: Engine, tmp_path: Path
) -> None:
    async with (
        OllamaShim(engine.address, spoil=1) as shim,
        node_at(shim.address, tmp_path) as node,
        node.socket() as ws,
    ):
        await ws.send("manifest", {"tools": [LOOK]})
        await ws.ask("call shelf.look with name=alpha")
        await ws.until("done")
    results = [frame["data"] for frame in ws.frames if frame["event"] == "tool_done"]
    assert not results[0]["ok"]
    heard = shim.asked[1]["messages"][-1]
    assert heard["role"] == "tool"
    assert "object" in heard["content"]
    assert not any(frame["data"].get("relay") for frame in ws.frames if frame["event"] == "tool_call")


@requirement("B10")
async def test_a_model_that_only_talks_of_a_call_is_asked_once_more_and_cannot_run_away(
    dialect: Dialect, tmp_path: Path
) -> None:
    """The retry has to be a call; llama-server lets a model talk before it, for ever if nothing stops it."""
    async with node_at(dialect.address, tmp_path) as node, node.socket() as ws:
        await ws.send("manifest", {"tools": [LOOK | {"sideEffect": True}]})
        await node.client.set_setting("agent.permissions.deny", ["*"])
        frames = await play(ws, f"say using {dialect.wire('shelf.look')}")
    usage = [frame["data"]["completionTokens"] for frame in frames if frame["event"] == "usage"]
    assert len(usage) >= 2, "the narrated call was not nudged"
    assert usage[1] - usage[0] <= FORCED_MAX_TOKENS
    assert only(frames, "done")
