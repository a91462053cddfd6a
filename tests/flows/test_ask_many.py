"""One question to several peers through the owner's doors: attributed, partial, put together by the model."""

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply, text
from tests.flows.test_two_nodes import ALLOWED, pair
from tests.mission import requirement
from tests.node.nodes import RunningNode, Together
from tests.node.program import palaver


async def circle(nodes: Together, ollama: FakeOllama | None = None) -> RunningNode:
    """Return alice, who is paired with bob and carol, who answer, and with dora, who does not."""
    more: dict[str, Any] = {"model": None, "ollama_url": ollama.address} if ollama else {}
    alice = await nodes.node("alice", **more)
    for name in ("bob", "carol", "dora"):
        settings = ALLOWED if name != "dora" else {}
        await pair(await nodes.node(name, settings=settings), alice)
    return alice


def ask_all(**more: object) -> Any:
    return reply(calls(("agent.ask_peers", {"question": "what time is it", **more})), done())


def heard_by(ollama: FakeOllama, request: int = -1) -> list[dict[str, Any]]:
    """Return the answers as the model read them in its last request."""
    return list(json.loads(ollama.asked[request]["messages"][-1]["content"])["answers"])


@requirement("U6")
async def test_the_local_model_reads_every_answer_by_name_and_makes_one_of_them(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await circle(nodes, ollama)
        ollama.chat(ask_all(), answer("Bob and carol agree; dora gave no answer."))
        async with alice.socket() as ws:
            await ws.ask("ask everyone the time")
            request = (await ws.until("approval_request"))["data"]
            assert json.loads(request["specifier"]) == ["bob", "carol", "dora"]
            await ws.send(
                "approval_response", {"approvalId": request["approvalId"], "decision": "allow_always"}
            )
            said = (await ws.until("answer"))["data"]
        assert said["text"] == "Bob and carol agree; dora gave no answer."
        heard = heard_by(ollama)
        assert [each["from"] for each in heard] == ["bob", "carol", "dora"]
        assert ["It is" in each["answer"] for each in heard] == [True, True, False]
        assert (heard[2]["ok"], heard[2]["code"]) == (False, "not_allowed")
        assert "network.allowRemoteAgent" in heard[2]["answer"]
        kept = await alice.client.setting("agent.permissions.allow")
        assert kept == [f"agent.ask_peer({name})" for name in ("bob", "carol", "dora")]


@requirement("U6")
async def test_a_peer_that_a_rule_denies_is_left_out_and_the_others_are_asked(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await circle(nodes, ollama)
        await alice.client.set_setting("agent.permissions.mode", "autonomous")
        await alice.client.set_setting("agent.permissions.deny", ["agent.ask_peer(BOB)"])
        ollama.chat(ask_all(peers=["bob", "carol"]), answer("Carol knows."))
        await alice.client.call("POST", "/api/agents/self/chat", {"message": "ask bob and carol"})
        assert [each["from"] for each in heard_by(ollama)] == ["carol", "bob"]
        heard = {each["from"]: each for each in heard_by(ollama)}
        assert "It is" in heard["carol"]["answer"]
        assert heard["bob"]["code"] == "not_permitted"
        assert "deny agent.ask_peer(BOB)" in heard["bob"]["answer"]
        ollama.chat(ask_all(peers=["bob"]), answer("I may not."))
        await alice.client.call("POST", "/api/agents/self/chat", {"message": "ask bob"})
        assert "deny agent.ask_peer(BOB)" in ollama.asked[-1]["messages"][-1]["content"]
        assert "not permitted" in ollama.asked[-1]["messages"][-1]["content"]


async def test_an_owner_is_asked_about_all_when_a_rule_asks_about_one(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await circle(nodes, ollama)
        await alice.client.set_setting("agent.permissions.mode", "autonomous")
        await alice.client.set_setting("agent.permissions.ask", ["agent.ask_peer(carol)"])
        ollama.chat(ask_all(peers=["bob", "carol"]), answer("I may not."))
        async with alice.socket() as ws:
            await ws.ask("ask bob and carol")
            request = (await ws.until("approval_request"))["data"]
            await ws.send("approval_response", {"approvalId": request["approvalId"], "decision": "deny"})
            await ws.until("done")
        assert "denied by the owner" in ollama.asked[-1]["messages"][-1]["content"]


async def test_without_a_model_the_answers_stand_side_by_side(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice = await circle(nodes)
        await alice.client.set_setting("agent.permissions.mode", "autonomous")
        told: Any = await alice.client.call(
            "POST", "/api/agents/self/chat", {"message": "ask everyone what time is it"}
        )
        lines = told["answer"].splitlines()
        assert [line.partition(":")[0] for line in lines] == ["bob", "carol", "dora"]
        assert "It is" in lines[0]
        assert "no answer" in lines[2]


@requirement("U6")
async def test_the_owner_asks_all_over_http_and_has_the_answers_put_together(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await circle(nodes, ollama)
        ollama.chat(answer("They agree."))
        body = {"peers": ["dora", "zoe", "bob"], "prompt": "what time is it", "synthesize": True}
        told: Any = await alice.client.call("POST", "/api/network/ask-peers", body)
        assert [each["name"] for each in told["answers"]] == ["dora", "zoe", "bob"]
        assert [each.get("code") for each in told["answers"]] == ["not_allowed", "unknown_peer", None]
        assert told["answers"][2]["ok"]
        assert told["synthesis"] == "They agree."
        read = ollama.asked[-1]["messages"][-1]["content"]
        assert "bob answers" in read
        assert "dora gave no answer" in read


@requirement("U6")
async def test_each_answer_is_shown_when_it_comes(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await circle(nodes)
        slow = await nodes.node("slow", settings=ALLOWED, model=None, ollama_url=ollama.address)
        await pair(slow, alice)
        others_heard = asyncio.Event()
        ollama.chat(reply(*text("at last"), others_heard, done()))
        names = []
        async for part in alice.client.ask_peers("what time is it"):
            if heard := part.get("heard"):
                names.append(heard["name"])
                if len(names) == 3:
                    others_heard.set()
        assert sorted(names[:3]) == ["bob", "carol", "dora"]
        assert names[3:] == ["slow"]


async def test_the_command_line_asks_everybody_and_says_who_said_what(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        await circle(nodes)
        finished = await palaver("ask-peers", "what time is it", data=tmp_path / "alice")
        assert finished.code == 0
        assert "bob:\nIt is" in finished.out
        assert "dora did not answer" in finished.err
        finished = await palaver("ask-peers", "hello", "--peer", "dora", "--json", data=tmp_path / "alice")
        assert finished.code == 1
        assert [each["name"] for each in json.loads(finished.out)["answers"]] == ["dora"]
