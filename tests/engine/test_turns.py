"""Whole turns of a real node with real inference, in the dialect of llama-server and in Ollama's two styles."""

import asyncio
from pathlib import Path
from typing import Any

from tests.engine.servers import Dialect, Engine, node_at
from tests.flows.test_two_nodes import pair
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RawSocket, events

SHELF = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
LOOK = {"name": "shelf.look", "params": SHELF, "sideEffect": False}
GET_IT = {"name": "get.it", "params": SHELF, "sideEffect": False}
"""A group whose name says nothing: no prompt brings it into view."""
CROWD = [LOOK | {"name": f"shelf{number}.look", "description": "Call a name, alpha."} for number in range(30)]
"""Tools that look more like what is asked for, and leave no room to show all."""
BARE_GET_IT = GET_IT | {"name": "get_it"}


async def play(ws: RawSocket, prompt: str, *results: str, turn_id: str = "t1") -> list[dict[str, Any]]:
    """Ask, answer the calls of this client's tools one after the other, and return the turn's frames."""
    start = len(ws.frames)
    await ws.ask(prompt, turn_id)
    for result in results:
        call = await ws.until("tool_call", relay=True)
        answer = {"turnId": turn_id, "callId": call["data"]["callId"], "ok": True, "result": result}
        await ws.send("tool_result", answer)
    await ws.until("done", turnId=turn_id)
    return [frame for frame in ws.frames[start:] if frame["data"].get("turnId") == turn_id]


def only(frames: list[dict[str, Any]], event: str) -> dict[str, Any]:
    (frame,) = [frame for frame in frames if frame["event"] == event]
    data: dict[str, Any] = frame["data"]
    return data


def called(frames: list[dict[str, Any]]) -> list[tuple[str, dict[str, object]]]:
    return [
        (frame["data"]["name"], frame["data"]["args"]) for frame in frames if frame["event"] == "tool_call"
    ]


def joined(frames: list[dict[str, Any]], event: str) -> str:
    return "".join(frame["data"]["delta"] for frame in frames if frame["event"] == event)


async def test_a_turn_calls_a_tool_and_answers_from_its_result(dialect: Dialect, tmp_path: Path) -> None:
    async with node_at(dialect.address, tmp_path) as node, node.socket() as ws:
        await ws.send("manifest", {"tools": [LOOK]})
        name = dialect.wire("shelf.look")
        frames = await play(ws, f"call {name} with name=alpha", "green tea")
    assert called(frames) == [("shelf.look", {"name": "alpha"})]
    assert only(frames, "answer")["text"] == f"{name} returned: green tea"
    assert joined(frames, "token") == only(frames, "answer")["text"]
    usage = [frame["data"] for frame in frames if frame["event"] == "usage"][-1]
    assert usage["contextWindow"] == 4096
    assert usage["promptTokens"] > usage["completionTokens"] > len("green tea")


async def test_two_tools_are_called_in_the_order_that_was_asked_for(dialect: Dialect, tmp_path: Path) -> None:
    async with node_at(dialect.address, tmp_path) as node, node.socket() as ws:
        await ws.send("manifest", {"tools": [LOOK, LOOK | {"name": "box.open"}]})
        first, second = dialect.wire("shelf.look"), dialect.wire("box.open")
        prompt = f"call {first} with name=alpha, then call {second} with name=beta"
        frames = await play(ws, prompt, "empty", "red tea")
    assert called(frames) == [("shelf.look", {"name": "alpha"}), ("box.open", {"name": "beta"})]
    assert only(frames, "answer")["text"] == f"{second} returned: red tea"


async def test_a_tool_that_is_not_offered_is_loaded_and_then_called(dialect: Dialect, tmp_path: Path) -> None:
    tool = GET_IT if dialect.provider == "ollama" else BARE_GET_IT
    async with node_at(dialect.address, tmp_path) as node, node.socket() as ws:
        await ws.send("manifest", {"tools": [tool, *CROWD]})
        frames = await play(ws, f"call {tool['name']} with name=alpha", "it is here")
    assert [name for name, _ in called(frames)] == ["load_tools", tool["name"]]
    assert only(frames, "answer")["text"] == f"{tool['name']} returned: it is here"


async def test_the_node_runs_its_own_tool_for_the_model(dialect: Dialect, tmp_path: Path) -> None:
    async with node_at(dialect.address, tmp_path) as node, node.socket() as ws:
        await ws.ask(f"call {dialect.wire('notes.search')} with query=blue")
        result = (await ws.until("tool_done"))["data"]
    assert (result["name"], result["ok"]) == ("notes.search", True)
    assert '"query": "blue"' in result["result"]


@requirement("A5")
async def test_what_the_model_thinks_is_told_apart_from_what_it_says(
    dialect: Dialect, tmp_path: Path
) -> None:
    async with node_at(dialect.address, tmp_path) as node, node.socket() as ws:
        frames = await play(ws, "say the sky is blue")
    assert joined(frames, "reasoning").strip() == "just answer"
    told = events(frames)
    assert max(at for at, event in enumerate(told) if event == "reasoning") < told.index("token")
    assert joined(frames, "token") == only(frames, "answer")["text"] == "the sky is blue"
    assert "think" not in only(frames, "answer")["text"]


async def test_a_cancelled_turn_frees_the_servers_slot_at_once(
    dialect: Dialect, engine: Engine, tmp_path: Path
) -> None:
    """`repeat` never ends by itself: only the connection that is closed can stop it."""
    async with node_at(dialect.address, tmp_path) as node, node.socket() as ws:
        await ws.ask("repeat ab forever")
        await ws.until("token")
        assert await engine.busy_slots() == 1
        await ws.send("cancel", {"turnId": "t1"})
        assert (await ws.until("done"))["data"]["reason"] == "cancelled"
        async with asyncio.timeout(PATIENCE_S):
            while await engine.busy_slots():
                pass
        assert "answer" not in events(ws.frames)


async def test_two_nodes_ask_each_other_with_a_model_on_both_sides(dialect: Dialect, tmp_path: Path) -> None:
    allowed = {"network_allowRemoteAgent": True, "agent_permissions_allow": ["agent.ask_peer"]}
    async with (
        node_at(dialect.address, tmp_path / "a", name="alice", **allowed) as alice,
        node_at(dialect.address, tmp_path / "b", name="bob", **allowed) as bob,
    ):
        await pair(bob, alice)
        for asker, peer in ((alice, "bob"), (bob, "alice")):
            async with asker.socket() as ws:
                frames = await play(
                    ws,
                    f'call {dialect.wire("agent.ask_peer")} with peerId={peer} and prompt="say hello there"',
                )
            assert called(frames) == [("agent.ask_peer", {"peerId": peer, "prompt": "say hello there"})]
            assert '"answer": "hello there"' in only(frames, "tool_done")["result"]
            assert only(frames, "done")["reason"] == "answered"
