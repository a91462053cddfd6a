"""What the agent can call: what it costs, what a turn showed of it, and what use teaches."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

from node.client import NodeClient
from tests.fakes import openai_server as openai
from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply
from tests.fakes.openai_server import FakeOpenAI
from tests.flows.test_two_nodes import ALLOWED, pair
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, Together, running_node, talking

META = {"search_tools", "load_tools", "list_tool_groups"}


def many(count: int, **more: object) -> list[dict[str, object]]:
    """Return tools of a client that have nothing to do with anything that is asked here."""
    return [
        {"name": f"zoo.animal{n}", "description": f"Feeds {n}.", "sideEffect": False} | more
        for n in range(count)
    ]


def offered(request: dict[str, Any]) -> set[str]:
    return {tool["function"]["name"] for tool in request.get("tools", [])}


async def listed(client: NodeClient) -> dict[str, Any]:
    return dict(await client.tools())


@requirement("D9")
async def test_every_tool_is_listed_by_its_group_with_its_cost_and_what_the_last_turn_showed(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        await ws.send("manifest", {"tools": many(30)})
        ollama.chat(answer("Hello."))
        await ws.whole_turn("hello")
        tools = await listed(node.client)
        by_name = {tool["name"]: tool for tool in tools["tools"]}
        groups = {group["name"]: group for group in tools["groups"]}
        assert by_name["zoo.animal7"]["source"] == "zoo"
        assert groups["zoo"]["count"] == 30
        assert {tool["name"] for tool in tools["tools"] if tool["source"] == "core"} == META
        for name, group in groups.items():
            costs = [tool["tokens"] for tool in tools["tools"] if tool["source"] == name]
            assert (len(costs), sum(costs)) == (group["count"], group["tokens"])
        assert tools["tokens"] == sum(group["tokens"] for group in groups.values())
        assert set(tools["lastTurn"]["tools"]) == offered(ollama.asked[0]) == META
        assert {name for name, tool in by_name.items() if tool["shown"]} == META
        assert tools["lastTurn"]["tokens"] == groups["core"]["tokens"] < tools["tokens"]
        assert "characters" in tools["estimate"]


@requirement("D2")
async def test_tools_for_peers_are_in_the_first_request_only_while_a_peer_is_connected(
    tmp_path: Path,
) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice", model=None, ollama_url=ollama.address)
        bob = await nodes.node("bob", settings=ALLOWED)
        async with alice.socket() as ws:
            await ws.send("manifest", {"tools": many(30)})
            ollama.chat(answer("Hello."))
            await ws.whole_turn("hello", "t1")
            await pair(bob, alice)
            ollama.chat(answer("Hello."))
            await ws.whole_turn("hello", "t2")
        assert offered(ollama.asked[0]) == META
        assert offered(ollama.asked[1]) == META | {"list_peers", "agent.ask_peer"}


@requirement("D10", "U11")
async def test_a_tool_of_a_client_is_found_by_a_search_and_runs_there(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        lamp = {"name": "home.lamp_on", "description": "Switch a lamp on.", "sideEffect": False}
        await ws.send("manifest", {"tools": [lamp, *many(30)]})
        ollama.chat(
            reply(calls(("search_tools", {"query": "switch on the lamp"})), done()),
            reply(calls(("home.lamp_on", {})), done()),
            answer("It is on."),
        )
        await ws.ask("hello there")
        call = (await ws.until("tool_call", name="home.lamp_on"))["data"]
        await ws.send("tool_result", {"turnId": "t1", "callId": call["callId"], "ok": True, "result": "on"})
        await ws.until("answer", text="It is on.")
        await ws.until("done")
        assert offered(ollama.asked[1]) - offered(ollama.asked[0]) == {"home.lamp_on"}
        assert '"name": "home.lamp_on"' in ollama.asked[1]["messages"][-1]["content"]


@requirement("D7")
async def test_of_five_hundred_tools_no_more_than_thirty_eight_are_ever_sent(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        tools = [
            {"name": f"g{n % 25}.file_{n}", "description": "Read a file.", "sideEffect": False}
            for n in range(480)
        ]
        await ws.send("manifest", {"tools": tools})
        groups = [f"g{n}" for n in range(25)]
        ollama.chat(reply(calls(("load_tools", {"groups": groups})), done()), answer("Many."))
        await ws.whole_turn("read the file")
        first, second = ollama.asked
        assert len(offered(first)) == 15
        assert len(offered(second)) == 38
        assert "not shown for want of room, yet callable" in second["messages"][-1]["content"]


@requirement("C15", "D6")
async def test_a_tool_out_of_view_is_called_by_the_name_that_a_server_without_dots_has_for_it(
    tmp_path: Path,
) -> None:
    wire = "zoo_animal25"
    async with FakeOpenAI() as server:
        settings = {"models.url": server.address}
        async with running_node(tmp_path, model=None, settings=settings) as node, node.socket() as ws:
            await ws.send("manifest", {"tools": many(30)})
            called = openai.call(0, "c1", name=wire, arguments="{}")
            server.chat(openai.reply(called, openai.delta("tool_calls"), openai.DONE), openai.answer("Fed."))
            await ws.ask("hello")
            call = (await ws.until("tool_call", name="zoo.animal25"))["data"]
            result = {"turnId": "t1", "callId": call["callId"], "ok": True, "result": "fed"}
            await ws.send("tool_result", result)
            await ws.until("answer", text="Fed.")
            before, after = server.asked
            assert wire not in offered(before)
            assert wire in offered(after)
            *_, asked, answered = after["messages"]
            assert asked["tool_calls"][0]["function"]["name"] == wire
            assert answered["content"] == "fed"


@requirement("B10", "D6")
async def test_a_tool_out_of_view_that_the_model_only_says_it_calls_is_offered_when_it_is_made_to_call(
    tmp_path: Path,
) -> None:
    async with FakeOpenAI() as server:
        settings = {"models.url": server.address}
        async with running_node(tmp_path, model=None, settings=settings) as node, node.socket() as ws:
            await ws.send("manifest", {"tools": many(30)})
            server.chat(openai.answer("Let me call zoo.animal25."), openai.answer("There is no need to."))
            await ws.whole_turn("hello")
            told, nudged = server.asked
            assert "zoo_animal25" not in offered(told)
            assert "zoo_animal25" in offered(nudged)
            assert nudged["tool_choice"] == "required"


# --- learning --------------------------------------------------------------------------------------


async def taught(ollama: FakeOllama, ws: Any, prompt: str, turn_id: str, *, ok: bool = True) -> None:
    """Let a turn end in a call of a tool that its words do not speak of."""
    ollama.chat(reply(calls(("home.dim", {})), done()), answer("Done."))
    await ws.ask(prompt, turn_id, sessionId=turn_id)
    call = (await ws.until("tool_call", name="home.dim"))["data"]
    await ws.send(
        "tool_result", {"turnId": turn_id, "callId": call["callId"], "ok": ok, "result": 1, "error": ""}
    )
    await ws.until("done", turnId=turn_id)


DIM = {"name": "home.dim", "description": "Set a level.", "sideEffect": False}


async def shown_for(ollama: FakeOllama, ws: Any, prompt: str, turn_id: str) -> set[str]:
    """Return the tools in the first request of a new session."""
    before = len(ollama.asked)
    ollama.chat(answer("ok"))
    await ws.whole_turn(prompt, turn_id, sessionId=turn_id)
    return offered(ollama.asked[before])


def words_in(data: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(data / "palaver.db") as file:
        return file.execute("SELECT tool, word FROM learned_words ORDER BY tool, word").fetchall()


@requirement("U11")
async def test_a_request_like_an_earlier_one_has_the_tool_in_view_that_the_earlier_one_needed(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        await ws.send("manifest", {"tools": [DIM, *many(30)]})
        assert "home.dim" not in await shown_for(ollama, ws, "make it cosy for supper", "t1")
        await taught(ollama, ws, "Please make it cosy here, Anna 42!", "t2")
        assert "home.dim" in await shown_for(ollama, ws, "make it cosy for supper", "t3")
    assert words_in(tmp_path) == [("home.dim", "anna"), ("home.dim", "cosi")], "words, not the text"
    async with talking(tmp_path) as (node, ollama, ws):
        await ws.send("manifest", {"tools": [DIM, *many(30)]})
        assert "home.dim" in await shown_for(ollama, ws, "cosy, please", "t4"), "kept over a start"
        assert await node.client.forget_learned() == 1
        assert "home.dim" not in await shown_for(ollama, ws, "cosy, please", "t5")
    assert words_in(tmp_path) == []


async def test_nothing_is_learned_from_a_call_that_failed_or_when_the_owner_does_not_want_it(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        await ws.send("manifest", {"tools": [DIM, *many(30)]})
        await taught(ollama, ws, "make it cosy", "t1", ok=False)
        await node.client.set_setting("agent.tools.learn", value=False)
        await taught(ollama, ws, "make it cosy", "t2")
        assert "home.dim" not in await shown_for(ollama, ws, "make it cosy", "t3")
    assert words_in(tmp_path) == []


async def test_nothing_is_learned_from_a_peers_turn(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        await pair(bob, alice)
        ollama.chat(reply(calls(("clock.now", {})), done()), answer("Noon."))
        async with asyncio.timeout(PATIENCE_S):
            assert (await alice.client.ask_peer("bob", "when is it cosy"))["answer"] == "Noon."
        assert ollama.asked[1]["messages"][-1]["role"] == "tool", "the call worked"
    assert words_in(tmp_path / "bob") == []
