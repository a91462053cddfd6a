"""Grants, running asks and the record, from the shell and from the console."""

import asyncio
from pathlib import Path

import pytest

from node.replies import NodeError
from tests.fakes.ollama_server import FakeOllama
from tests.flows.test_two_nodes import ALLOWED, endless, pair
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, Together
from tests.node.program import palaver
from tests.node.slash import typed


@requirement("E17")
async def test_an_owner_grants_and_sees_what_is_granted_from_the_shell(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob")
        await pair(bob, alice)
        shut = await palaver("grant", "alice", "ask", "notes", data=bob.data)
        assert (shut.code, shut.out.splitlines()[0]) == (0, "alice: ask notes")
        assert "palaver config set network.allowRemoteAgent true" in shut.out
        await bob.client.set_setting("network.allowRemoteAgent", value=True)
        assert (await palaver("grant", "alice", "default", "--json", data=bob.data)).json()["grants"] is None
        assert (await palaver("grant", "alice", "none", data=bob.data)).out == "alice: nothing\n"
        assert "MAY" in (await palaver("peers", data=bob.data)).out
        refused = await palaver("grant", "nobody", "ask", data=bob.data)
        assert (refused.code, refused.out) == (1, "")
        assert "nobody" in refused.err
        wrong = await palaver("grant", "alice", "none", "ask", data=bob.data)
        assert (wrong.code, wrong.out) == (2, "")
        assert wrong.err.startswith("say `none`")


@requirement("F24", "F20")
async def test_the_console_shows_and_stops_asks_and_shows_the_record(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        await pair(bob, alice)
        assert await typed(bob.client, "/inbound") == "no peer is asking just now"
        assert await typed(bob.client, "/asks") == "no asks yet"
        started, never = asyncio.Event(), asyncio.Event()
        ollama.chat(endless(started, never))
        asked = asyncio.create_task(alice.client.ask_peer("bob", "count the stars"))
        await asyncio.wait_for(started.wait(), PATIENCE_S)
        row = (await typed(bob.client, "/inbound")).splitlines()[1]
        assert "alice" in row
        assert "count the stars" in row
        assert "under way" in await typed(bob.client, "/asks")
        assert "the asker is told" in await typed(bob.client, f"/inbound stop {row.split()[0]}")
        assert (await asked)["code"] == "cancelled"
        assert "from alice  stopped" in await typed(bob.client, "/asks")
        assert "to bob  cancelled" in await typed(alice.client, "/asks")
        assert "alice: ask notes" in await typed(bob.client, "/grant alice ask notes")
        shown = await palaver("asks", "--json", data=bob.data)
        assert [row["outcome"] for row in shown.json()] == ["stopped"]
        for wrong in ("alice everything", "alice none ask"):
            with pytest.raises(NodeError, match="say `none`"):
                await typed(bob.client, f"/grant {wrong}")
