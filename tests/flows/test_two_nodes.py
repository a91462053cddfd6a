"""Two real nodes on loopback: pairing, asking, refusing, through the owner's doors alone."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from node.client import NodeError
from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply, text
from tests.fakes.scripted_server import Reply, Script
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RunningNode, Together, running_node
from tests.node.test_http import http

ALLOWED = {"network.allowRemoteAgent": True}


async def pair(inviter: RunningNode, joiner: RunningNode) -> None:
    """Let one node join with the other's ticket, and wait until both see the link."""
    await joiner.client.join((await inviter.client.invite())["ticket"])
    await linked(inviter, joiner)
    await linked(joiner, inviter)


async def linked(node: RunningNode, peer: RunningNode) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not any(p["nodeId"] == peer.node_id and p["connected"] for p in await node.client.peers()):
            pass


@requirement("F3", "F4", "F5", "F10", "F12", "F28", "A21")
async def test_two_owners_pair_and_ask_each_others_agents(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice", settings=ALLOWED), await nodes.node("bob", settings=ALLOWED)
        assert alice.node_id != bob.node_id
        await pair(bob, alice)
        told = await alice.client.ask_peer("bob", "what time is it")
        assert told["ok"]
        assert told["name"] == "bob"
        assert told["nodeId"] == bob.node_id
        assert "It is" in told["answer"]
        assert (await bob.client.ask_peer(alice.node_id, "what time is it"))["name"] == "alice"
        chat: Any = await alice.client.call("POST", "/api/agents/bob/chat", {"message": "what time is it"})
        assert chat["from"]["name"] == "bob"
        (card,) = await alice.client.peers()
        assert (card["name"], card["state"], card["capabilities"]) == ("bob", "trusted", ["ask"])


@requirement("P8", "F12")
async def test_a_chat_with_a_peer_that_may_not_or_is_gone_has_its_status(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        async with running_node(tmp_path / "bob", name="bob") as bob:
            await pair(bob, alice)
            status, refused, _ = await http(alice, "POST", "/api/agents/bob/chat", {"message": "hi"})
            assert (status, refused["code"]) == (403, "not_allowed")
        status, refused, _ = await http(alice, "POST", "/api/agents/bob/chat", {"message": "hi"})
        assert status == 503
        assert refused["code"] in {"unreachable", "peer_lost"}


@requirement("F11", "F29")
async def test_the_local_agent_asks_a_peer_when_its_owner_allows_it(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice", model=None, ollama_url=ollama.address)
        bob = await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        ask = calls(("agent.ask_peer", {"peerId": "bob", "prompt": "what time is it"}))
        ollama.chat(reply(ask, done()), answer("Bob has the time."))
        ollama.chat(reply(ask, done()), answer("I may not."))
        async with alice.socket() as ws:
            for turn, decision in (("t1", "allow_once"), ("t2", "deny")):
                await ws.ask("ask bob the time", turn)
                request = (await ws.until("approval_request"))["data"]
                assert (request["tool"], request["specifier"]) == ("agent.ask_peer", "bob")
                await ws.send(
                    "approval_response", {"approvalId": request["approvalId"], "decision": decision}
                )
                await ws.until("done", turnId=turn)
        heard = ollama.asked[1]["messages"][-1]["content"]
        assert '"from": "bob"' in heard
        assert "not instructions" in heard
        assert "denied by the owner" in ollama.asked[3]["messages"][-1]["content"]


@requirement("E1", "E3")
async def test_a_deny_rule_about_a_peer_holds_however_the_model_spells_it(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        settings = {"agent.permissions.mode": "autonomous", "agent.permissions.deny": ["agent.ask_peer(bob)"]}
        alice = await nodes.node("alice", model=None, ollama_url=ollama.address, settings=settings)
        bob = await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        spellings = ["bob", "BOB", " Bob ", bob.node_id, bob.node_id[:10], bob.node_id.upper()]
        ask = [("agent.ask_peer", {"peerId": peer, "prompt": "what time is it"}) for peer in spellings]
        ollama.chat(reply(calls(*ask), done()), answer("I may not."))
        ollama.chat(reply(calls(ask[1], ask[4]), done()), answer("He has told me."))
        await alice.client.call("POST", "/api/agents/self/chat", {"message": "ask bob the time"})
        heard = [m["content"] for m in ollama.asked[1]["messages"] if m["role"] == "tool"]
        assert len(heard) == len(spellings)
        assert all("`deny agent.ask_peer(bob)`" in each for each in heard)
        await alice.client.set_setting("agent.permissions.deny", ["agent.ask_peer(nobody)"])
        await alice.client.call("POST", "/api/agents/self/chat", {"message": "ask bob the time"})
        heard = [m["content"] for m in ollama.asked[3]["messages"] if m["role"] == "tool"]
        assert ['"from": "bob"' in each for each in heard] == [True, True]


@requirement("E3")
async def test_a_deny_rule_about_a_peers_id_holds_when_the_peer_calls_itself_otherwise(
    tmp_path: Path,
) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice", model=None, ollama_url=ollama.address)
        bob = await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        await alice.client.set_setting("agent.permissions.deny", [f"agent.ask_peer({bob.node_id})"])
        ollama.chat(
            reply(calls(("agent.ask_peer", {"peerId": "bob", "prompt": "what time is it"})), done()),
            answer("I may not."),
        )
        await alice.client.call("POST", "/api/agents/self/chat", {"message": "ask bob the time"})
        assert f"`deny agent.ask_peer({bob.node_id})`" in ollama.asked[1]["messages"][-1]["content"]


@requirement("E7", "F6")
async def test_a_peer_that_takes_a_name_takes_no_right_with_it(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        allowed = {"agent.permissions.allow": ["agent.ask_peer(bob)", "agent.ask_peer(mallory)"]}
        alice = await nodes.node("alice", model=None, ollama_url=ollama.address, settings=allowed)
        ask = [("agent.ask_peer", {"peerId": peer, "prompt": "what time"}) for peer in ("mallory", "bob")]
        async with alice.socket() as ws:
            async with running_node(tmp_path / "mallory", name="mallory") as mallory:
                await pair(alice, mallory)
                ollama.chat(reply(calls(ask[0]), done()), answer("Asked unasked."))
                await ws.ask("ask mallory", "t1")
                await ws.until("done", turnId="t1")
                assert not [frame for frame in ws.frames if frame["event"] == "approval_request"]
            async with running_node(tmp_path / "mallory", name="bob"):
                async with asyncio.timeout(PATIENCE_S):
                    while [peer["name"] for peer in await alice.client.peers()] != ["bob"]:
                        pass
                ollama.chat(reply(calls(ask[1]), done()), answer("I asked first."))
                await ws.ask("ask bob", "t2")
                request = (await ws.until("approval_request"))["data"]
                assert request["specifier"] == mallory.node_id


@requirement("E7", "F6")
@pytest.mark.parametrize("block", [True, False])
async def test_what_was_allowed_by_a_peers_name_ends_with_its_trust(tmp_path: Path, *, block: bool) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob")
        await pair(bob, alice)
        others = ["agent.ask_peer(carl)", "agent.ask_peer(b*)", "notes.write(bob)"]
        of_bob = ["agent.ask_peer(Bob)", "agent.ask_peer(Bobby)", f"agent.ask_peer({bob.node_id})"]
        await alice.client.change_peer("bob", petName="Bobby")
        await alice.client.set_setting("agent.permissions.allow", [*of_bob, *others])
        session = {"mode": None, "deny": of_bob, "ask": [], "allow": [*of_bob, *others]}
        await alice.client.call("PUT", "/api/permissions/sessions/s", session)
        await (alice.client.change_peer("bob", blocked=True) if block else alice.client.revoke("bob"))
        assert await alice.client.setting("agent.permissions.allow") == others
        kept: Any = await alice.client.call("GET", "/api/permissions?sessionId=s")
        assert (kept["session"]["allow"], kept["session"]["deny"]) == (others, of_bob)


@requirement("F21")
async def test_whoever_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        told = await alice.client.ask_peer("bob", "what time is it")
        while told["ok"]:
            told = await alice.client.ask_peer("bob", "what time is it")
        assert (told["code"], "Try again in 0 s" in told["error"]) == ("busy", False)
        assert 0 < told["retry_after"] <= 2
        many: Any = await alice.client.call(
            "POST", "/api/network/ask-peers", {"prompt": "what time is it", "peers": ["bob"]}
        )
        assert many["answers"][0]["retry_after"] > 0


@requirement("F13")
@pytest.mark.parametrize("allows", [True, False])
@pytest.mark.parametrize("trusts", [True, False])
async def test_a_peer_is_answered_only_when_trusted_and_allowed(
    tmp_path: Path, *, allows: bool, trusts: bool
) -> None:
    async with Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", settings={"network.allowRemoteAgent": allows})
        await pair(bob, alice)
        if not trusts:
            await bob.client.call("DELETE", f"/api/network/peers/{alice.node_id}")
        told = await alice.client.ask_peer(bob.node_id, "what time is it")
        assert told["ok"] is (allows and trusts)
        if trusts and not allows:
            assert told["code"] == "not_allowed"
            assert "network.allowRemoteAgent" in told["error"]


@requirement("F14", "F15", "E14")
@pytest.mark.parametrize("mode", ["plan", "default", "autonomous"])
async def test_a_peers_turn_runs_no_acting_tool_in_any_mode(tmp_path: Path, mode: str) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        settings = {**ALLOWED, "network.remoteAgentMode": mode, "agent.permissions.allow": ["*"]}
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=settings)
        await pair(bob, alice)
        invented = [
            ("notes.write", {"name": "a", "text": "b"}),
            ("list_peers", {}),
            ("files.write", {"x": 1}),
        ]
        ollama.chat(reply(calls(*invented), done()), answer("I could not."))
        told = await alice.client.ask_peer("bob", "write a note")
        assert told["answer"] == "I could not."
        results = [m["content"] for m in ollama.asked[1]["messages"] if m["role"] == "tool"]
        assert len(results) == 3
        assert all("peer's turn" in result for result in results)
        assert not list((bob.data / "notes").iterdir())
        offered = {tool["function"]["name"] for tool in ollama.asked[0].get("tools", [])}
        assert offered <= {"clock.now", "agent.ask_peer"}
        assert ("agent.ask_peer" in offered) is (mode != "plan")


@requirement("F30")
async def test_a_peers_turn_sees_neither_sessions_nor_other_peers(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice, carol = await nodes.node("alice"), await nodes.node("carol")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        await pair(bob, alice)
        await pair(bob, carol)
        ollama.chat(answer("noted"), answer("hello alice"))
        await bob.client.call("POST", "/api/agents/self/chat", {"message": "my secret is swordfish"})
        assert (await alice.client.ask_peer("bob", "hello"))["answer"] == "hello alice"
        seen = str(ollama.asked[1])
        assert "alice" in seen
        assert "swordfish" not in seen
        assert "carol" not in seen
        assert carol.node_id not in seen


@requirement("F30")
async def test_a_peers_turn_passes_on_neither_addresses_nor_ids_nor_names_of_the_owners(
    tmp_path: Path,
) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice, carol = await nodes.node("alice"), await nodes.node("carol", settings=ALLOWED)
        settings = {**ALLOWED, "network.remoteAgentMode": "autonomous"}
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=settings)
        await pair(bob, alice)
        await pair(bob, carol)
        await bob.client.change_peer(carol.node_id, petName="darling")
        async with running_node(tmp_path / "dora", name="dora") as dora:
            await pair(bob, dora)
        named = ("carol", "dora", "nobody")
        asks = [("agent.ask_peer", {"peerId": peer, "prompt": "what time is it"}) for peer in named]
        ollama.chat(reply(calls(*asks), done()), answer("So it is."))
        await alice.client.ask_peer("bob", "ask them")
        told, *failed = [m["content"] for m in ollama.asked[1]["messages"] if m["role"] == "tool"]
        assert '"from": "carol"' in told
        assert "It is" in told
        assert failed[0] == failed[1]
        for secret in (carol.node_id, "darling", "127.0.0.1", dora.node_id[:8]):
            assert secret not in f"{told} {failed}"


@requirement("F16")
async def test_a_question_that_comes_round_to_its_asker_is_refused(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        onwards = {**ALLOWED, "network.remoteAgentMode": "autonomous"}
        alice, bob = await nodes.node("alice", settings=onwards), await nodes.node("bob", settings=onwards)
        carol = await nodes.node("carol", settings=onwards)
        await pair(bob, alice)
        await pair(carol, bob)
        await pair(alice, carol)
        told = await alice.client.ask_peer("bob", "ask carol to ask alice what time it is")
        assert told["ok"]
        assert "already part of this" in told["answer"]
        told = await alice.client.ask_peer("bob", "ask carol what time it is")
        assert "It is" in told["answer"]


def endless(started: asyncio.Event, never: asyncio.Event) -> Script:
    """Say that a model was asked, and let it speak without an end."""

    def asked(_: object) -> Reply:
        started.set()
        return reply(*text("so "), never, done())

    return asked


@requirement("F20")
async def test_a_stop_at_the_asker_stops_the_asked_model(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice", settings={"agent.permissions.mode": "autonomous"})
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        await pair(bob, alice)
        started, never = asyncio.Event(), asyncio.Event()
        ollama.answer("/api/chat", endless(started, never))
        async with alice.socket() as ws:
            await ws.ask("ask bob to talk for ever")
            async with asyncio.timeout(PATIENCE_S):
                await started.wait()
            await ws.send("cancel", {"turnId": "t1"})
            await ws.until("done", reason="cancelled")
            async with asyncio.timeout(PATIENCE_S):
                await ollama.disconnected.wait()


@requirement("F6")
async def test_revoking_a_peer_ends_its_running_ask(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        await pair(bob, alice)
        started, never = asyncio.Event(), asyncio.Event()
        ollama.answer("/api/chat", endless(started, never))
        asking = asyncio.create_task(alice.client.ask_peer("bob", "talk for ever"))
        async with asyncio.timeout(PATIENCE_S):
            await started.wait()
            await bob.client.call("DELETE", f"/api/network/peers/{alice.node_id}")
            told = await asking
            await ollama.disconnected.wait()
        assert not told["ok"]
        assert not (await alice.client.ask_peer(bob.node_id, "again"))["ok"]


@requirement("F4")
async def test_a_ticket_works_once_and_says_why_it_does_not(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob, carol = [await nodes.node(name) for name in ("alice", "bob", "carol")]
        ticket = (await bob.client.invite())["ticket"]
        await alice.client.join(ticket)
        with pytest.raises(NodeError, match="used"):
            await carol.client.join(ticket)
        with pytest.raises(NodeError, match="ticket"):
            await carol.client.join("palaver1:rubbish")
        with pytest.raises(NodeError):
            await bob.client.join((await bob.client.invite())["ticket"])
        assert await carol.client.peers() == []


@requirement("F20", "U4")
@pytest.mark.parametrize("path", ["ask-peer", "ask-peers"])
async def test_whoever_hangs_up_on_a_question_to_a_peer_stops_the_asked_model(
    tmp_path: Path, path: str
) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        await pair(bob, alice)
        started, never = asyncio.Event(), asyncio.Event()
        ollama.answer("/api/chat", endless(started, never))
        body = {"prompt": "talk for ever"} | ({"peerId": "bob"} if path == "ask-peer" else {"peers": ["bob"]})
        asking = asyncio.create_task(alice.client.call("POST", f"/api/network/{path}", body))
        async with asyncio.timeout(PATIENCE_S):
            await started.wait()
            asking.cancel()
            await ollama.disconnected.wait()
            while await bob.client.inbound():
                pass
