"""Sessions from the command line and the console, against a real node."""

import json
from pathlib import Path

import pytest

from node.console.own import export
from node.replies import NodeError
from tests.fakes.ollama_server import FakeOllama, answer, error
from tests.mission import requirement
from tests.node.nodes import running_node
from tests.node.program import palaver
from tests.node.slash import typed


@requirement("G19")
async def test_a_session_leaves_and_comes_back_through_files(tmp_path: Path) -> None:
    data, file = tmp_path / "node", tmp_path / "session.json"
    async with running_node(data) as node, node.socket() as socket:
        await socket.whole_turn("what time is it", "t1", sessionId="s")
        listed = (await palaver("sessions", "--json", data=data)).json()
        assert [session["id"] for session in listed] == ["s"]
        assert "what time is it" in (await palaver("sessions", "--search", "time", data=data)).out
        assert (await palaver("sessions", "--search", "zebra", data=data)).out == ""
        exported = (await palaver("export", "s", data=data)).out
        assert json.loads(exported)["messages"][0]["content"] == "what time is it"
        assert "## You\n\nwhat time is it" in (await palaver("export", "s", "--markdown", data=data)).out
        file.write_text(exported, encoding="utf-8")
        brought = (await palaver("import", str(file), data=data)).out.strip()
        assert (await node.client.session(brought, 10))["title"] == "what time is it"
        piped = (await palaver("import", "-", data=data, stdin=exported)).out.strip()
        assert (await node.client.session(piped, 10))["title"] == "what time is it"
        assert (await palaver("import", str(tmp_path / "none"), data=data)).code == 1
        for no_json in ("{", "[" * 100_000):
            refused = await palaver("import", "-", data=data, stdin=no_json)
            assert (refused.code, refused.err.count("\n")) == (1, 1)
            assert "cannot read stdin" in refused.err


@requirement("G16", "H14")
async def test_the_console_changes_deletes_and_says_again(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        ollama.chat(error(400, "broken"), answer("at last"))
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as found,
            found.socket() as socket,
        ):
            node = found.client
            await socket.whole_turn("hello", "t1", sessionId="s")
            assert await typed(node, "/retry", "s") == "said again"
            await socket.until("done", turnId="t1", reason="answered")
            assert "nothing runs" in await typed(node, "/queue", "s")
            assert "Greeting" in await typed(node, "/rename Greeting", "s")
            for once, again in (("pinned: it leads the list", "no longer pinned"),):
                assert await typed(node, "/pin", "s") == once
                assert await typed(node, "/pin", "s") == again
            await typed(node, "/archive", "s")
            assert "Greeting" not in await typed(node, "/sessions")
            assert "Greeting" in await typed(node, "/sessions last")
            file = tmp_path / "kept.md"
            await export(node, "s", str(file))
            assert file.read_text(encoding="utf-8").startswith("# Greeting\n")
            with pytest.raises(NodeError, match="File exists"):
                await export(node, "s", str(file))
            assert "type: /delete Greeting" in await typed(node, "/delete", "s")
            with pytest.raises(NodeError, match="'Greeting'"):
                await typed(node, "/delete greeting", "s")
            assert "type: /clear yes" in await typed(node, "/reset", "s")
            assert len((await node.session("s", 10))["messages"]) == 2
            await typed(node, "/clear yes", "s")
            assert (await node.session("s", 10))["messages"] == []
            await typed(node, "/delete Greeting", "s")
            with pytest.raises(NodeError, match="no session"):
                await node.session("s", 1)
