"""Two real nodes of which only bob has a model: alice's turns run on it, her tools and rules stay with her."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from node.client import NodeError
from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply, text
from tests.flows.test_two_nodes import endless, pair
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RunningNode, Together
from tests.node.program import palaver

LENDS = {"network.lendModel": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    alice: RunningNode
    bob: RunningNode
    ollama: FakeOllama
    nodes: Together


@asynccontextmanager
async def lending(
    tmp_path: Path, *, grants: tuple[str, ...] | None = ("ask", "model")
) -> AsyncIterator[Pair]:
    """Run alice, who has no model, and bob, who lends his to her if `grants` say so."""
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=LENDS)
        await pair(bob, alice)
        if grants is not None:
            await grant(bob, alice.node_id, *grants)
        yield Pair(alice=alice, bob=bob, ollama=ollama, nodes=nodes)


async def grant(owner: RunningNode, peer: str, *grants: str) -> None:
    await owner.client.grant(peer, grants)


async def offered(node: RunningNode, *, by: str = "bob", there: bool = True) -> dict[str, Any]:
    """Wait until a peer's model is on the list of a node, or no more."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            listed: Any = await node.client.providers()
            found = [one for one in listed["servers"] if one["address"] == f"peer:{by}"]
            if bool(found) is there:
                return found[0] if found else {}


async def chosen(pair_: Pair) -> None:
    await offered(pair_.alice)
    await pair_.alice.client.set_setting("agent.permissions.mode", "autonomous")
    await pair_.alice.client.choose_model("peer:bob")


async def chat(node: RunningNode, message: str) -> Any:
    return await node.client.call("POST", "/api/agents/self/chat", {"message": message})


@requirement("U8")
async def test_a_turn_runs_on_the_lent_model_and_its_tools_run_at_home(tmp_path: Path) -> None:
    async with lending(tmp_path) as both:
        listed = await offered(both.alice)
        assert "lent by bob" in listed["label"]
        await chosen(both)
        write = calls(("notes.write", {"name": "door", "text": "it is open"}))
        both.ollama.chat(reply(write, done()), answer("It is written down."))
        told = await chat(both.alice, "note that the door is open")
        assert told["answer"] == "It is written down."
        assert [call["name"] for call in told["execution"]["toolCalls"]] == ["notes.write"]
        assert "it is open" in next((both.alice.data / "notes").iterdir()).read_text()
        assert not list((both.bob.data / "notes").iterdir())
        names = {tool["function"]["name"] for tool in both.ollama.asked[0]["tools"]}
        assert any("notes" in name for name in names)
        assert both.ollama.asked[0]["messages"][-1]["content"] == "note that the door is open"
        assert both.ollama.asked[1]["messages"][-1]["role"] == "tool"


@requirement("U8")
async def test_the_gate_at_home_judges_what_the_lent_model_wants(tmp_path: Path) -> None:
    async with lending(tmp_path) as both:
        await chosen(both)
        await both.alice.client.set_setting("agent.permissions.deny", ["notes.*"])
        write = calls(("notes.write", {"name": "door", "text": "it is open"}))
        both.ollama.chat(reply(write, done()), answer("I may not."))
        assert (await chat(both.alice, "note that the door is open"))["answer"] == "I may not."
        assert not list((both.alice.data / "notes").iterdir())
        assert "deny notes.*" in both.ollama.asked[1]["messages"][-1]["content"]


@requirement("U8")
@pytest.mark.parametrize("grants", [None, ("ask",), ("ask", "shared")])
async def test_a_model_is_offered_and_lent_to_nobody_who_was_not_granted_it(
    tmp_path: Path, grants: tuple[str, ...] | None
) -> None:
    async with lending(tmp_path, grants=grants) as both:
        await offered(both.alice, there=False)
        with pytest.raises(NodeError, match="bob does not lend its model to this node"):
            await both.alice.client.choose_model("peer:bob")
        assert both.ollama.asked == []


@requirement("U8")
async def test_a_turn_on_a_model_that_is_not_lent_fails_with_what_its_owner_can_do(tmp_path: Path) -> None:
    async with lending(tmp_path, grants=None) as both:
        eve = await both.nodes.node("eve", model="peer:bob")
        with pytest.raises(NodeError, match="No peer is called 'bob'"):
            await chat(eve, "hello")
        await pair(both.bob, eve)
        await eve.client.call("PUT", "/api/agent/config", {"model": "rules"})
        await eve.client.set_setting("agent.orchestrator.model", "peer:bob")
        with pytest.raises(NodeError, match=r"bob does not lend its model .*palaver grant \w+ ask model"):
            await chat(eve, "hello")
        await grant(both.bob, eve.node_id, "ask", "model")
        both.ollama.chat(answer("hello"))
        assert (await chat(eve, "hello"))["answer"] == "hello"


@requirement("U8")
async def test_what_was_lent_is_counted_at_the_lender_without_a_word_of_it(tmp_path: Path) -> None:
    async with lending(tmp_path) as both:
        await chosen(both)
        both.ollama.chat(answer("the swordfish is here"))
        await chat(both.alice, "where is the swordfish")
        async with asyncio.timeout(PATIENCE_S):
            while not (used := await both.bob.client.lent()):
                pass
        assert (used[0]["name"], used[0]["rounds"]) == ("alice", 1)
        assert used[0]["promptTokens"] > 0
        assert used[0]["completionTokens"] > 0
        record = json.dumps(await both.bob.client.call("GET", "/api/telemetry"))
        assert "/api/chat" in record
        assert "swordfish" not in record
        stored = b"".join(file.read_bytes() for file in both.bob.data.rglob("*") if file.is_file())
        assert b"swordfish" not in stored
        assert await both.alice.client.lent() == []


@requirement("U8")
async def test_the_tokens_of_a_day_are_an_end(tmp_path: Path) -> None:
    async with lending(tmp_path) as both:
        await chosen(both)
        await both.bob.client.set_setting("network.lendTokensPerDay", 1)
        both.ollama.chat(answer("first"))
        await chat(both.alice, "hello")
        with pytest.raises(NodeError, match="1 tokens a day"):
            await chat(both.alice, "hello again")
        assert len(both.ollama.asked) == 1


@requirement("U8")
@pytest.mark.parametrize("how", ["grant", "setting", "revoke", "unplug"])
async def test_a_loan_that_ends_in_mid_stream_ends_the_turn_with_the_reason(tmp_path: Path, how: str) -> None:
    async with lending(tmp_path) as both:
        await chosen(both)
        started, never = asyncio.Event(), asyncio.Event()
        both.ollama.answer("/api/chat", endless(started, never))
        async with both.alice.socket() as ws:
            await ws.ask("talk for ever")
            await ws.until("token")
            match how:
                case "grant":
                    await grant(both.bob, both.alice.node_id, "ask")
                case "setting":
                    await both.bob.client.set_setting("network.lendModel", value=False)
                case "revoke":
                    await both.bob.client.call("DELETE", f"/api/network/peers/{both.alice.node_id}")
                case "unplug":
                    await both.alice.client.call("DELETE", f"/api/network/peers/{both.bob.node_id}")
            async with asyncio.timeout(2):
                told = (await ws.until("error"))["data"]["message"]
                await ws.until("done", reason="failed")
        assert ("no longer lends" in told) is (how in {"grant", "setting"})
        assert "bob" in told or both.bob.node_id[:8] in told
        async with asyncio.timeout(PATIENCE_S):
            await both.ollama.disconnected.wait()


@requirement("U8")
async def test_a_stop_at_the_borrower_stops_the_lenders_model(tmp_path: Path) -> None:
    async with lending(tmp_path) as both:
        await chosen(both)
        started, never = asyncio.Event(), asyncio.Event()
        both.ollama.answer("/api/chat", endless(started, never))
        async with both.alice.socket() as ws:
            await ws.ask("talk for ever")
            await ws.until("token")
            await ws.send("cancel", {"turnId": "t1"})
            await ws.until("done", reason="cancelled")
            async with asyncio.timeout(PATIENCE_S):
                await both.ollama.disconnected.wait()


@requirement("U8")
async def test_the_lenders_own_round_goes_first(tmp_path: Path) -> None:
    async with lending(tmp_path) as both:
        await chosen(both)
        finish = asyncio.Event()
        both.ollama.chat(reply(*text("mine "), finish, done()), answer("hers"))
        async with both.bob.socket() as ws:
            await ws.ask("my own question")
            await ws.until("token")
            borrowing = asyncio.create_task(chat(both.alice, "hello"))
            await waits(both.bob)
            assert len(both.ollama.asked) == 1
            finish.set()
            await ws.until("done")
            assert (await borrowing)["answer"] == "hers"


async def waits(lender: RunningNode) -> None:
    """Let a request that was sent reach the lender: what comes after it on the same node has been served."""
    for _ in range(20):
        await lender.client.peers()


@requirement("U8")
async def test_a_borrowed_model_is_neither_lent_on_nor_used_for_peers(tmp_path: Path) -> None:
    async with lending(tmp_path) as both:
        await chosen(both)
        alice, carol = both.alice, await both.nodes.node("carol")
        for key in ("network.lendModel", "network.allowRemoteAgent"):
            await alice.client.set_setting(key, value=True)
        await pair(alice, carol)
        await grant(alice, carol.node_id, "ask", "model")
        await offered(carol, by="alice", there=False)
        told = await carol.client.ask_peer("alice", "what time is it")
        assert "It is" in told["answer"]
        assert both.ollama.asked == []


async def test_the_node_says_before_the_first_word_who_can_read_it(tmp_path: Path) -> None:
    async with lending(tmp_path) as both:
        await offered(both.alice)
        chosen_model = await both.alice.client.choose_model("peer:bob")
        assert chosen_model["provider"] == "peer"
        assert "lent by bob" in str(chosen_model["label"])
        assert await both.alice.client.setting("models.default") == f"peer:{both.bob.node_id}"


@requirement("U8")
async def test_the_command_line_shows_chooses_and_accounts_for_a_lent_model(tmp_path: Path) -> None:
    async with lending(tmp_path) as both:
        await offered(both.alice)
        listed = await palaver("models", data=both.alice.data)
        assert "peer:bob" in listed.out
        assert "lent by bob" in listed.out
        chose = await palaver("model", "peer:bob", data=both.alice.data)
        assert chose.code == 0
        assert "its owner could read what your turns send there" in chose.err
        both.ollama.chat(answer("hello"))
        asked = await palaver("ask", "hello", data=both.alice.data)
        assert asked.out.strip() == "hello"
        async with asyncio.timeout(PATIENCE_S):
            while not await both.bob.client.lent():
                pass
        used = await palaver("lent", data=both.bob.data)
        assert "alice" in used.out
        assert (await palaver("lent", "--json", data=both.alice.data)).json() == []


async def test_a_window_that_the_lender_learns_from_a_round_is_told_to_the_borrower(tmp_path: Path) -> None:
    async with lending(tmp_path) as both:
        first = await offered(both.alice)
        assert first["models"][0]["contextWindow"] is None
        await chosen(both)
        both.ollama.loaded["tiny:latest"] = 4_096
        both.ollama.chat(answer("hello"))
        await chat(both.alice, "hello")
        async with asyncio.timeout(PATIENCE_S):
            while (await offered(both.alice))["models"][0]["contextWindow"] != 4_096:
                pass
