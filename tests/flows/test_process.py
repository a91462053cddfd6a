"""A node as a process: killed in mid-turn, told to stop, started where it cannot run."""

import asyncio
import json
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from agent.events import Ask, Done, Token
from node.client import NodeClient
from tests.fakes.ollama_server import FakeOllama, answer, done, reply, text
from tests.mission import requirement
from tests.node.program import LIMIT_S, palaver, started

UP = ("up", "--json", "--port", "0", "--peer-port", "0", "--name", "alice")


@asynccontextmanager
async def node(data: Path, ollama: FakeOllama) -> AsyncIterator[tuple[Process, NodeClient]]:
    async with started(*UP, data=data, more={"PALAVER_OLLAMA_URL": ollama.address}) as process:
        assert process.stdout
        async with asyncio.timeout(LIMIT_S):
            ready = json.loads(await process.stdout.readline())
        assert ready["model"] == "tiny:latest"
        async with NodeClient.at(data) as client:
            yield process, client


async def sessions_of(client: NodeClient) -> list[dict[str, Any]]:
    listed: Any = await client.call("GET", "/api/chat/sessions")
    return list(listed)


async def transcript(client: NodeClient, session_id: str) -> list[tuple[str, str, str]]:
    session: Any = await client.call("GET", f"/api/chat/sessions/{session_id}")
    return [(m["role"], m["content"], m["state"]) for m in session["messages"]]


@requirement("G4", "H6")
async def test_a_turn_killed_in_the_middle_runs_again_and_ends_once(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        never = asyncio.Event()
        ollama.chat(reply(*text("I was"), never, done()), answer("I am back."))
        async with node(tmp_path, ollama) as (process, client), client.socket() as socket_:
            async with asyncio.timeout(LIMIT_S):
                async for event in socket_.turn(Ask(turn_id="t1", prompt="are you there?", session_id="s")):
                    if isinstance(event, Token):
                        break
            process.kill()
            await process.wait()
        async with node(tmp_path, ollama) as (_, client), client.socket() as socket_:
            async with asyncio.timeout(LIMIT_S):
                endings = [
                    event
                    async for event in socket_.turn(
                        Ask(turn_id="t1", prompt="are you there?", session_id="s")
                    )
                    if isinstance(event, Done)
                ]
            assert [end.reason for end in endings] == ["answered"]
            assert await transcript(client, "s") == [
                ("user", "are you there?", "complete"),
                ("agent", "I am back.", "complete"),
            ]
            assert len(ollama.asked) == 2
            assert await client.call("GET", "/api/queue") == []


@requirement("T7")
async def test_a_node_told_to_stop_leaves_its_running_turn_for_the_next_start(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        never = asyncio.Event()
        ollama.chat(reply(*text("I was"), never, done()), answer("I am back."))
        async with node(tmp_path, ollama) as (process, client), client.socket() as socket_:
            async with asyncio.timeout(LIMIT_S):
                ends: list[str] = []
                async for event in socket_.turn(Ask(turn_id="t1", prompt="are you there?", session_id="s")):
                    if isinstance(event, Token):
                        process.send_signal(signal.SIGTERM)
                    if isinstance(event, Done):
                        ends.append(event.reason)
                assert ends == ["interrupted"]
                assert await process.wait() == 0
        async with node(tmp_path, ollama) as (_, client):
            async with asyncio.timeout(LIMIT_S):
                while await client.call("GET", "/api/queue"):
                    pass
            assert (await transcript(client, "s"))[-1] == ("agent", "I am back.", "complete")


async def test_a_port_in_use_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for option in ("--port", "--peer-port"):
            other = "--peer-port" if option == "--port" else "--port"
            refused = await palaver("up", option, port, other, "0", data=tmp_path)
            assert refused.code == 1
            assert port in refused.err
            assert option in refused.err
            assert "Traceback" not in refused.err


async def test_a_data_folder_that_is_no_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    refused = await palaver("up", "--port", "0", "--peer-port", "0", data=tmp_path / "file")
    assert refused.code == 1
    assert str(tmp_path / "file") in refused.err
    assert "Traceback" not in refused.err


@requirement("T4")
async def test_two_nodes_on_one_machine_differ_by_their_environment_alone(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        ready = []
        for name in ("alice", "bob"):
            more = {"PALAVER_NAME": name, "PALAVER_PORT": "0", "PALAVER_PEER_PORT": "0"}
            process = await stack.enter_async_context(
                started("up", "--json", data=tmp_path / name, more=more)
            )
            assert process.stdout
            async with asyncio.timeout(LIMIT_S):
                ready.append(json.loads(await process.stdout.readline()))
        assert [line["name"] for line in ready] == ["alice", "bob"]
        assert all(ready[0][key] != ready[1][key] for key in ("nodeId", "url", "peerAddress"))
        asked = await palaver("ask", "what time is it", "--session", "only-alice", data=tmp_path / "alice")
        assert asked.code == 0
        async with NodeClient.at(tmp_path / "alice") as alice, NodeClient.at(tmp_path / "bob") as bob:
            assert [each["id"] for each in await sessions_of(alice)] == ["only-alice"]
            assert await sessions_of(bob) == []
