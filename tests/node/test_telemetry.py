"""The record of calls, over the socket and over HTTP."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent.models.http import ModelServer
from node.channels.telemetry import UNSENT_MAX_BYTES, Subscribe, TelemetryChannel
from node.replies import NodeError
from node.telemetry import BODY_MAX_BYTES, KEPT_BODIES_MAX_BYTES, Telemetry
from node.ws import Client
from tests.fakes.ollama_server import FakeOllama, answer, done, error, reply, text
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RawSocket, RunningNode, Together, running_node

SECRET = "sk-abcdefghijklmnop1234"


async def recorded(node: RunningNode, limit: int = 500) -> list[dict[str, Any]]:
    shown: Any = await node.client.call("GET", f"/api/telemetry?limit={limit}")
    events: list[dict[str, Any]] = shown["events"]
    return events


async def pushed(socket: RawSocket, **fields: object) -> dict[str, Any]:
    data: dict[str, Any] = (await socket.until("io", **fields))["data"]
    return data


@requirement("A20", "C12")
async def test_one_ask_shows_a_client_an_inbound_and_an_outbound_row_to_whoever_subscribed(
    tmp_path: Path,
) -> None:
    async with FakeOllama() as ollama:
        ollama.chat(reply(*text("Par", "is."), done(prompt_eval_count=20, eval_count=2)))
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
            node.socket() as watcher,
            node.socket() as asker,
        ):
            await watcher.send("subscribe", {}, channel="telemetry")
            await watcher.send("list_tools", {})  # answered after the subscription holds
            await watcher.until("tools")
            await asker.whole_turn("capital of France?", sessionId="s")
            rows: dict[str, dict[str, Any]] = {}
            while rows.keys() != {"client", "inbound", "outbound"}:
                row = await pushed(watcher)
                if row["method"] in {"ask", "POST"}:
                    rows[row["direction"]] = row
            assert not [frame for frame in asker.frames if frame["channel"] == "telemetry"]
            kept = {row["id"] for row in await recorded(node)}
            assert {row["id"] for row in rows.values()} <= kept

    assert (rows["inbound"]["kind"], rows["inbound"]["target"].split()[1]) == ("frame", "agent")
    assert "capital of France?" in rows["inbound"]["bodyIn"]
    call = rows["outbound"]
    assert (call["kind"], call["target"], call["status"]) == ("model", f"{ollama.address}/api/chat", 200)
    assert "capital of France?" in call["bodyOut"]
    assert call["bytesOut"] == len(call["bodyOut"].encode())
    assert call["bodyIn"].count("\n") == 3
    assert call["bytesIn"] == len(call["bodyIn"])
    assert call["ms"] > 0
    turn = rows["client"]
    assert (turn["kind"], turn["status"], turn["bodyOut"]) == ("turn", "answered", "Paris.")


@requirement("A20")
async def test_the_record_never_reports_itself_and_ends_with_unsubscribe(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as socket:
        await socket.send("subscribe", {}, channel="telemetry")
        await socket.send("list_tools", {})
        assert (await pushed(socket))["method"] == "list_tools"
        await recorded(node)
        await socket.send("unsubscribe", {}, channel="telemetry")
        await socket.whole_turn("what time is it")
        assert [frame["event"] for frame in socket.frames if frame["channel"] == "telemetry"] == ["io"]
        assert not [row for row in await recorded(node) if "telemetry" in row["target"]]


@requirement("C12")
async def test_credentials_are_blanked_before_a_call_is_kept(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        ollama.chat(answer("It is " + SECRET))
        async with running_node(tmp_path, model=None, ollama_url=ollama.address) as node:
            await node.client.call(
                "POST", "/api/agents/self/chat?password=hunter2-Zx81", {"message": f"my key is {SECRET}"}
            )
            rows = await recorded(node)
    (request,) = [row for row in rows if row["kind"] == "http" and row["method"] == "POST"]
    assert request["headers"]["Authorization"] == "***"
    assert "hunter2" not in request["target"]
    assert SECRET not in str(rows)
    assert node.token not in str(rows)
    assert {"turn", "http", "model"} <= {
        row["kind"] for row in rows if "***" in row["bodyOut"] + row["bodyIn"]
    }


@requirement("C12")
async def test_the_calls_that_choose_a_model_are_recorded_too(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, running_node(tmp_path, model=None, ollama_url=ollama.address) as node:
        rows = await recorded(node)
    paths = {
        row["target"].removeprefix(ollama.address) for row in rows if row["target"].startswith(ollama.address)
    }
    assert {"/api/version", "/api/tags", "/api/show", "/api/ps"} <= paths
    shown = next(row for row in rows if row["target"].endswith("/api/show"))
    assert (shown["method"], shown["status"], shown["error"]) == ("POST", 200, "")
    assert "capabilities" in shown["bodyIn"]


@requirement("C12", "C13")
async def test_a_call_that_fails_is_recorded_with_its_status_and_the_servers_own_words(
    tmp_path: Path,
) -> None:
    async with FakeOllama() as ollama:
        said = "the template has no place for tools " * 40
        ollama.chat(error(400, said))
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
            node.socket() as socket,
        ):
            frames = await socket.whole_turn("hi")
            rows = await recorded(node)
    told = next(frame["data"]["message"] for frame in frames if frame["event"] == "error")
    assert "answered 400: the template has no place for tools" in told
    assert len(told) < 600
    (row,) = [row for row in rows if row["target"].endswith("/api/chat")]
    assert row["status"] == 400
    assert said in row["bodyIn"]
    assert "answered 400" in row["error"]
    assert next(row for row in rows if row["kind"] == "turn")["status"] != "answered"


@requirement("C12")
async def test_a_question_to_a_peer_is_recorded_at_both_ends(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob")
        await alice.client.join((await bob.client.invite())["ticket"])
        await alice.client.ask_peer("bob", "what time is it")
        await bob.client.set_setting("network.allowRemoteAgent", True)
        await alice.client.ask_peer("bob", "what time is it")
        asked = [row for row in await recorded(alice) if row["kind"] == "peer"]
        heard = [row for row in await recorded(bob) if row["kind"] == "peer"]
    assert [(row["direction"], row["target"], row["status"]) for row in asked] == [
        ("outbound", "bob", "failed"), ("outbound", "bob", "ok"),
    ]  # fmt: skip
    assert [(row["method"], row["direction"]) for row in heard] == [
        ("incident", "inbound"),
        ("ask", "inbound"),
    ]
    assert heard[1]["bodyIn"] == "what time is it"
    assert heard[1]["bodyOut"] == asked[1]["bodyIn"]


async def test_how_many_are_kept_is_the_owners_choice(tmp_path: Path) -> None:
    async with running_node(tmp_path, settings={"telemetry.keep": 2}) as node:
        for _ in range(3):
            await node.client.call("POST", "/api/agents/self/chat", {"message": "what time is it"})
        shown: Any = await node.client.call("GET", "/api/telemetry")
        assert len(shown["events"]) == 2
        assert shown["forgotten"] == shown["recorded"] - 2
        assert len(await recorded(node, 1)) == 1
        with pytest.raises(NodeError, match="no whole number"):
            await recorded(node, -1)


def call_of(telemetry: Telemetry, size: int) -> None:
    call = telemetry.begin("outbound", "model", "POST", "http://127.0.0.1")
    call.received(b"a " * (size // 2))
    call.ended()


def test_a_body_is_kept_up_to_its_cap_and_counted_whole() -> None:
    telemetry = Telemetry(lambda: 10)
    call_of(telemetry, 3 * BODY_MAX_BYTES)
    (event,) = telemetry.last(10)
    assert (len(event.shown.body_in), event.shown.bytes_in) == (BODY_MAX_BYTES, 3 * BODY_MAX_BYTES)


def test_all_bodies_together_stay_under_their_bound() -> None:
    telemetry = Telemetry(lambda: 10_000)
    for _ in range(2 * KEPT_BODIES_MAX_BYTES // BODY_MAX_BYTES):
        call_of(telemetry, BODY_MAX_BYTES)
    kept = telemetry.last(10_000)
    assert sum(len(event.shown.body_in) for event in kept) <= KEPT_BODIES_MAX_BYTES
    assert telemetry.forgotten == telemetry.recorded - len(kept) > 0


@requirement("A20")
async def test_a_subscriber_that_reads_slowly_is_told_how_much_it_missed_and_keeps_its_socket() -> None:
    telemetry = Telemetry(lambda: 10)
    channel, slow, gone = TelemetryChannel(telemetry), Client(), Client()
    for client in (slow, gone):
        await channel.on_subscribe(client, Subscribe())
    gone.leave(1000)
    slow.send("x" * (UNSENT_MAX_BYTES + 1))
    for _ in range(3):
        call_of(telemetry, 10)
    await slow.next_frame()
    call_of(telemetry, 10)
    async with asyncio.timeout(PATIENCE_S):
        frame = await slow.next_frame()
    assert '"dropped":3' in frame
    assert not slow.gone.is_set()
    assert slow.unsent_bytes == 0


@requirement("C12")
async def test_a_call_that_nobody_waited_for_is_recorded_as_cancelled() -> None:
    async with FakeOllama() as ollama:
        gate = asyncio.Event()
        ollama.chat(reply(*text("Par"), gate))
        telemetry = Telemetry(lambda: 10)
        server = ModelServer(ollama.address, "Ollama", recorder=telemetry)

        async def listen(begun: asyncio.Event) -> None:
            async with server.post("/api/chat", {}) as streamed:
                async for _ in streamed:
                    begun.set()

        begun = asyncio.Event()
        listening = asyncio.create_task(listen(begun))
        async with asyncio.timeout(PATIENCE_S):
            await begun.wait()
            listening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await listening
        gate.set()
        await server.close()
    (event,) = telemetry.last(10)
    assert (event.shown.error, event.shown.bytes_in > 0) == ("cancelled", True)
