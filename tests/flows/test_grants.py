"""Rights and records of asks, through the owners' doors of two real nodes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from node.client import NodeError
from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply
from tests.flows.test_two_nodes import ALLOWED, endless, pair
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RawSocket, RunningNode, Together, running_node


async def asks_of(node: RunningNode, query: str = "") -> list[Any]:
    rows: Any = await node.client.call("GET", f"/api/network/asks{query}")
    return list(rows)


@requirement("E17", "F13")
async def test_a_right_is_one_way_and_counts_from_the_next_ask_on(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice", settings=ALLOWED), await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        assert (await alice.client.ask_peer("bob", "what time is it"))["ok"]
        shown = await bob.client.grant("alice", [])
        assert (shown["grants"], shown["granted"], shown["notice"]) == ([], [], "")
        refused = await alice.client.ask_peer("bob", "what time is it")
        assert (refused["ok"], refused["code"]) == (False, "not_allowed")
        assert f"palaver grant {alice.node_id[:8]} ask" in refused["error"]
        assert (await bob.client.ask_peer("alice", "what time is it"))["ok"]
        await bob.client.grant("alice", None)
        assert (await alice.client.ask_peer("bob", "what time is it"))["ok"]


@requirement("E17")
async def test_a_grant_does_nothing_while_nobody_may_ask_and_says_how_to_change_that(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob")
        await pair(bob, alice)
        shown = await bob.client.grant("alice", ["ask"])
        assert (shown["grants"], shown["granted"]) == (["ask"], [])
        assert "palaver config set network.allowRemoteAgent true" in shown["notice"]
        assert (await alice.client.ask_peer("bob", "what time is it"))["code"] == "not_allowed"
        with pytest.raises(NodeError, match="grants"):
            await bob.client.grant("alice", ["everything"])


@requirement("E17", "F20")
@pytest.mark.parametrize("way", ["grant", "switch", "general"])
async def test_taking_the_right_to_ask_away_stops_what_runs(tmp_path: Path, way: str) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        await pair(bob, alice)
        started, never = asyncio.Event(), asyncio.Event()
        ollama.chat(endless(started, never))
        asked = asyncio.create_task(alice.client.ask_peer("bob", "count the stars"))
        async with asyncio.timeout(PATIENCE_S):
            await started.wait()
            match way:
                case "grant":
                    await bob.client.grant("alice", [])
                case "switch":
                    await bob.client.set_setting("network.allowRemoteAgent", value=False)
                case _:
                    await bob.client.set_setting("network.defaultGrants", [])
            told = await asked
        assert (told["ok"], told["code"]) == (False, "cancelled")
        (row,) = await asks_of(bob)
        assert row["outcome"] == "stopped"


@requirement("E17", "F15")
async def test_a_peers_turn_reads_notes_only_with_the_right_to(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        await asyncio.to_thread((bob.data / "notes" / "sea.md").write_text, "The sea is 11 km deep.")
        await pair(bob, alice)
        wanted = calls(("notes.read", {"name": "sea"}), ("notes.write", {"name": "sea", "text": "no"}))
        heard = []
        for grants in (["ask"], ["ask", "notes"]):
            await bob.client.grant("alice", grants)
            ollama.chat(reply(wanted, done()), answer("That is what I know."))
            assert (await alice.client.ask_peer("bob", "how deep is the sea"))["ok"]
            heard.append([m["content"] for m in ollama.asked[-1]["messages"] if m["role"] == "tool"])
        without, with_notes = heard
        assert all("cannot be used in a peer's turn" in result for result in without)
        assert "11 km" in with_notes[0]
        assert "cannot be used in a peer's turn" in with_notes[1]
        assert (bob.data / "notes" / "sea.md").read_text() == "The sea is 11 km deep."


@requirement("F24")
async def test_both_ends_keep_a_row_of_every_ask_and_no_word_of_it(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        told = await alice.client.ask_peer("bob", "what time is it")
        await bob.client.grant("alice", [])
        await alice.client.ask_peer("bob", "what time is it")
        (refused_out, out), (refused_in, came) = await asks_of(alice), await asks_of(bob)
        assert (out["direction"], out["nodeId"], out["name"]) == ("out", bob.node_id, "bob")
        assert (came["direction"], came["nodeId"], came["name"]) == ("in", alice.node_id, "alice")
        for row in (out, came):
            assert (row["outcome"], row["hops"], row["ask"]) == ("answered", 1, out["ask"])
            assert (row["promptChars"], row["answerChars"]) == (15, len(told["answer"]))
            assert (row["prompt"], row["answer"], row["firstAsker"]) == (None, None, None)
            assert row["durationMs"] >= 0
        assert refused_out["outcome"] == refused_in["outcome"] == "not_allowed"
        assert await asks_of(bob, f"?limit=1&before={refused_in['n']}&peer=alice") == [came]


@requirement("U3")
async def test_the_owner_sees_who_signed_a_question(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice = await nodes.node("alice", settings={"network.signAsks": True})
        bob = await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        await alice.client.ask_peer("bob", "what time is it")
        (row,) = await asks_of(bob)
        assert row["firstAsker"] == alice.node_id


@requirement("F20")
async def test_the_owner_sees_what_a_peer_asks_and_stops_it(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        await pair(bob, alice)
        started, never = asyncio.Event(), asyncio.Event()
        ollama.chat(endless(started, never))
        asked = asyncio.create_task(alice.client.ask_peer("bob", "count the stars"))
        async with asyncio.timeout(PATIENCE_S):
            await started.wait()
            (ask,) = await bob.client.inbound()
            assert (ask["name"], ask["prompt"]) == ("alice", "count the stars")
            await bob.client.stop_inbound(ask["rid"])
            assert (await asked)["code"] == "cancelled"
        with pytest.raises(NodeError, match="may have ended"):
            await bob.client.stop_inbound(ask["rid"])


async def network(ws: RawSocket, event: str, **fields: object) -> dict[str, Any]:
    while True:
        frame = await ws.until(event, **fields)
        if frame["channel"] == "network":
            data: dict[str, Any] = frame["data"]
            return data


@requirement("F31")
async def test_clients_see_an_ask_begin_and_end_at_both_of_its_ends(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        async with alice.socket() as at_alice, bob.socket() as at_bob:
            for ws in (at_alice, at_bob):
                await ws.send("subscribe", {}, channel="network")
                await network(ws, "changed")
            await alice.client.ask_peer("bob", "what time is it")
            for ws, other in ((at_alice, "bob"), (at_bob, "alice")):
                began = await network(ws, "collaboration", state="started")
                ended = await network(ws, "collaboration", state="answered")
                assert began["id"] == ended["id"]
                assert (began["source"], began["target"]) == (alice.node_id, bob.node_id)
                assert (began["action"], began["name"]) == ("ask", other)
                assert began["time"] <= ended["time"]


@requirement("F31")
async def test_a_client_is_told_of_peers_and_running_asks_as_they_change(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        started, never = asyncio.Event(), asyncio.Event()
        ollama.chat(endless(started, never))
        async with bob.socket() as ws:
            await ws.send("subscribe", {}, channel="network")
            assert (await network(ws, "changed"))["peers"] == []
            await pair(bob, alice)
            now = await network(ws, "changed")
            while not any(peer["connected"] for peer in now["peers"]):
                now = await network(ws, "changed")
            assert now["peers"][0]["granted"] == ["ask", "shared"]
            asked = asyncio.create_task(alice.client.ask_peer("bob", "count the stars"))
            while not (now := await network(ws, "changed"))["inbound"]:
                pass
            assert now["inbound"][0]["prompt"] == "count the stars"
            await bob.client.grant("alice", [])
            while (now := await network(ws, "changed"))["inbound"]:
                pass
            assert (now["peers"][0]["grants"], now["peers"][0]["granted"]) == ([], [])
            await asked


@requirement("U3", "F17")
async def test_all_asks_of_an_owners_turn_share_one_budget(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        settings = {"agent.permissions.mode": "autonomous"}
        alice = await nodes.node("alice", model=None, ollama_url=ollama.address, settings=settings)
        bob = await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        many = [("agent.ask_peer", {"peerId": "bob", "prompt": f"what time is it, {n}"}) for n in range(6)]
        ollama.chat(*(reply(calls(one), done()) for one in many), answer("He has told me."))
        await alice.client.call("POST", "/api/agents/self/chat", {"message": "ask bob six times"})
        heard = [m["content"] for m in ollama.asked[-1]["messages"] if m["role"] == "tool"]
        # Of 8 asks, each child gets half of what is left: 4, 2, 1, 1.
        assert ['"from": "bob"' in each for each in heard] == [True] * 4 + [False] * 2
        assert "used all its asks" in heard[-1]
        assert len({row["ask"] for row in await asks_of(bob)}) == 1


@requirement("F23")
async def test_a_peers_ask_waits_behind_the_owners_and_gives_up_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        async with running_node(tmp_path / "bob", settings={"chat.maxRunning": 1, **ALLOWED}):
            pass  # how many turns may run at once counts from the next start on
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address)
        await pair(bob, alice)
        started, never = asyncio.Event(), asyncio.Event()
        ollama.chat(endless(started, never), answer("The second."), answer("For Alice."))
        async with bob.socket() as ws:
            await ws.ask("the first", "t1", sessionId="s1")
            await asyncio.wait_for(started.wait(), PATIENCE_S)
            await ws.ask("the second", "t2", sessionId="s2")
            await ws.until("queued", turnId="t2")
            monkeypatch.setattr("node.peer_turns.PATIENCE_S", 0.01)
            told = await alice.client.ask_peer("bob", "is there room?")
            assert (told["ok"], told["code"]) == (False, "busy")
            assert "works for its owner first" in told["error"]
            monkeypatch.undo()
            await ws.send("subscribe", {}, channel="network")
            asked = asyncio.create_task(alice.client.ask_peer("bob", "and now?"))
            await network(ws, "collaboration", state="started")
            assert len(ollama.asked) == 1
            await ws.send("cancel", {"turnId": "t1"})
            assert (await asked)["ok"]
        prompts = [chat["messages"][-1]["content"] for chat in ollama.asked]
        assert set(prompts[1:]) == {"the second", "and now?"}


@requirement("F21", "F24")
async def test_a_flooding_peer_is_told_to_wait_and_fills_one_row_with_its_refusals(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        await pair(bob, alice)
        never = asyncio.Event()
        ollama.chat(endless(asyncio.Event(), never), endless(asyncio.Event(), never))
        asked = [asyncio.create_task(alice.client.ask_peer("bob", f"count to {n}")) for n in range(12)]
        async with asyncio.timeout(PATIENCE_S):
            while sum(task.done() for task in asked) < 10:
                await asyncio.wait([task for task in asked if not task.done()], return_when="FIRST_COMPLETED")
        assert {task.result()["code"] for task in asked if task.done()} == {"busy"}
        assert len(await bob.client.inbound()) == 2
        rows = await asks_of(bob)
        assert sorted((row["outcome"] or "", row["times"]) for row in rows) == [
            ("", 1),
            ("", 1),
            ("busy", 10),
        ]
        assert len(await asks_of(alice)) == 12
        await bob.client.grant("alice", [])
        assert {(await task).get("code") for task in asked} == {"busy", "cancelled"}
