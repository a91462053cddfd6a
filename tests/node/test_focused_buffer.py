"""What the owner looks at comes with the tool that changes it, where a client offers one."""

import json
from pathlib import Path

import pytest

from tests.fakes.ollama_server import answer
from tests.mission import requirement
from tests.node.nodes import talking

BUFFER = {"uri": "file:bread.md", "title": "bread.md", "language": "markdown", "content": "rye"}
OTHERS = [
    {"name": f"lathe{number}.turn", "description": "turn wood", "sideEffect": False} for number in range(30)
]


@requirement("B17")
@pytest.mark.parametrize(("content", "said"), [({}, "was not sent"), ({"content": ""}, "It is empty.")])
async def test_what_was_not_sent_is_not_told_as_empty(
    tmp_path: Path, content: dict[str, str], said: str
) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        ollama.chat(answer("ok"))
        await ws.whole_turn("what is this?", context={"uri": "file:bread.md", "title": "bread.md", **content})
        told = json.dumps(ollama.asked[0]["messages"])
        assert f"(file:bread.md). {said if content else f'What it holds {said}'}" in told
        assert "whole content" not in told


@requirement("B17", "D10")
@pytest.mark.parametrize("looks", [True, False])
async def test_the_tool_that_edits_is_in_view_when_a_buffer_is(tmp_path: Path, *, looks: bool) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        edit = {"name": "editor.proposeEdit", "description": "Propose.", "sideEffect": False}
        await ws.send("manifest", {"tools": [*OTHERS, edit]})
        ollama.answer("/api/chat", answer("ok"))
        await ws.whole_turn("turn some wood on the lathe", "t1", context=BUFFER if looks else None)
        [asked] = ollama.asked
        offered = {tool["function"]["name"] for tool in asked["tools"]}
        assert ("editor.proposeEdit" in offered) is looks
        assert ("To change it, call editor.proposeEdit." in json.dumps(asked["messages"])) is looks
