"""Turns over plain HTTP as they happen, read as `curl -N` reads them: byte by byte from a socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply, text
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RunningNode, running_node
from tests.node.test_http import http

CHAT = "/api/agent/chat"


class Curl:
    """An open request; nothing is buffered on its side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.status = 0

    async def line(self) -> str:
        """Return the next line of the body; chunk sizes are left out. Empty at the end."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                line = (await self._reader.readline()).decode()
                if not line or line.startswith(("{", "id:", "event:", "data:", "retry:", ":")):
                    return line.strip()

    async def frames(self) -> list[dict[str, Any]]:
        found = []
        while line := await self.line():
            found.append(json.loads(line))
        return found

    async def event(self) -> tuple[int, str, dict[str, Any]]:
        """Return the next server-sent event: its id, name and data."""
        fields: dict[str, str] = {}
        while fields.keys() != {"id", "event", "data"}:
            line = await self.line()
            if not line:
                raise EOFError
            name, _, value = line.partition(": ")
            if name and name != "retry":
                fields[name] = value
        return int(fields["id"]), fields["event"], json.loads(fields["data"])

    async def until(self, event: str) -> list[tuple[int, str, dict[str, Any]]]:
        seen: list[tuple[int, str, dict[str, Any]]] = []
        while not seen or seen[-1][1] != event:
            seen.append(await self.event())
        return seen

    def hang_up(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def curl(
    node: RunningNode, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Curl]:
    address = urlsplit(node.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    data = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", f"Host: {address.netloc}",
        f"Authorization: Bearer {node.token}", f"Content-Length: {len(data)}", "Connection: close",
        *(f"{name}: {value}" for name, value in (headers or {}).items()), "", "",
    ]  # fmt: skip
    writer.write("\r\n".join(lines).encode() + data)
    opened = Curl(reader, writer)
    async with asyncio.timeout(PATIENCE_S):
        opened.status = int((await reader.readline()).split()[1])
    try:
        yield opened
    finally:
        writer.transport.abort()


@requirement("A22")
async def test_a_turn_streams_line_by_line_up_to_done(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, running_node(tmp_path, model=None, ollama_url=ollama.address) as node:
        gate = asyncio.Event()
        ollama.chat(reply(*text("Par"), gate, *text("is."), done()))
        async with curl(node, CHAT, {"message": "capital of France?", "sessionId": "s"}) as stream:
            lines = [json.loads(await stream.line())]
            while lines[-1]["event"] != "token":
                lines.append(json.loads(await stream.line()))
            gate.set()  # the first token was here before the model wrote the second
            lines += await stream.frames()
    assert stream.status == 200
    assert lines[0]["event"] == "queued"
    assert "".join(line["data"]["delta"] for line in lines if line["event"] == "token") == "Paris."
    assert [line["event"] for line in lines[-2:]] == ["answer", "done"]
    assert [line["seq"] for line in lines] == sorted(line["seq"] for line in lines)
    assert {line["data"]["sessionId"] for line in lines} == {"s"}


@requirement("A22")
async def test_hanging_up_stops_the_turn_and_its_model(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, running_node(tmp_path, model=None, ollama_url=ollama.address) as node:
        ollama.chat(reply(*text("Par"), asyncio.Event()), answer("Again."))
        async with node.socket() as other:
            async with curl(node, CHAT, {"message": "capital of France?", "sessionId": "s"}) as stream:
                while json.loads(await stream.line())["event"] != "token":
                    pass
                await other.send("resume", {"sessionId": "s", "lastSeq": 0})
                stream.hang_up()
            await other.until("done", reason="cancelled")
            async with asyncio.timeout(PATIENCE_S):
                await ollama.disconnected.wait()


@requirement("A22")
async def test_a_streamed_ask_that_cannot_begin_is_refused_as_any_other(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        status, body, _ = await http(node, "POST", CHAT, {"message": ""})
        assert (status, body["code"]) == (400, "bad_request")


async def test_whoever_streams_over_http_is_nobody_who_could_approve(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, running_node(tmp_path, model=None, ollama_url=ollama.address) as node:
        ollama.chat(
            reply(calls(("notes.write", {"name": "a", "text": "b"})), done()), answer("It was denied.")
        )
        async with curl(node, CHAT, {"message": "write a note"}) as stream:
            lines = await stream.frames()
    assert "approval_request" not in {line["event"] for line in lines}
    assert lines[-1]["data"]["reason"] == "answered"


@requirement("A23")
async def test_a_watcher_sees_the_tokens_of_a_session_as_they_come(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, running_node(tmp_path, model=None, ollama_url=ollama.address) as node:
        gate = asyncio.Event()
        ollama.chat(answer("First."), reply(*text("Par"), gate, *text("is."), done()))
        async with node.socket() as asker:
            await asker.whole_turn("hello", sessionId="s")
            async with curl(node, "/api/chat/sessions/s/events") as watcher:
                assert (await watcher.line()).startswith("retry:")
                await asker.ask("capital of France?", "t2", sessionId="s")
                seen = await watcher.until("token")
                gate.set()
                seen += await watcher.until("done")
    assert {data["turnId"] for _, _, data in seen} == {"t2"}
    assert "".join(data["delta"] for _, event, data in seen if event == "token") == "Paris."
    frames = [frame for frame in asker.frames if frame["data"].get("turnId") == "t2"]
    live = [(frame["seq"], frame["event"], frame["data"]) for frame in frames]
    assert live == seen[: len(live)]


@requirement("A23")
async def test_a_watcher_that_comes_back_goes_on_after_the_last_event_it_saw(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as asker:
        await asker.whole_turn("what time is it", sessionId="s")
        path = "/api/chat/sessions/s/events"
        async with curl(node, f"{path}?lastSeq=0") as watcher:
            whole = await watcher.until("done")
        assert [seq for seq, _, _ in whole] == list(range(1, len(whole) + 1))
        async with curl(node, path, headers={"Last-Event-ID": str(whole[2][0])}) as watcher:
            assert await watcher.until("done") == whole[3:]
            await asker.whole_turn("what is the date", "t2", sessionId="s")
            assert (await watcher.until("done"))[0][0] == whole[-1][0] + 1


@requirement("A23")
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/chat/sessions/nope/events", 404, "no_such_session"),
        ("/api/chat/sessions/s/events?lastSeq=first", 400, "bad_request"),
    ],
)
async def test_what_cannot_be_watched_is_refused(tmp_path: Path, path: str, status: int, code: str) -> None:
    async with running_node(tmp_path) as node, node.socket() as asker:
        await asker.whole_turn("what time is it", sessionId="s")
        answered, body, _ = await http(node, "GET", path)
        assert (answered, body["code"]) == (status, code)


@requirement("A22", "A23")
async def test_streams_end_with_the_node_and_the_turn_goes_on_with_the_next(tmp_path: Path) -> None:
    async with FakeOllama() as ollama, AsyncExitStack() as stack:
        ollama.chat(reply(*text("Par"), asyncio.Event()), answer("Paris."))
        opened = running_node(tmp_path, model=None, ollama_url=ollama.address)
        node = await stack.enter_async_context(opened)
        body = {"message": "capital of France?", "sessionId": "s"}
        async with curl(node, CHAT, body) as stream, curl(node, "/api/chat/sessions/s/events") as watcher:
            while json.loads(await stream.line())["event"] != "token":
                pass
            rest = asyncio.create_task(stream.frames())
            await stack.aclose()
            assert "cancelled" not in {frame["data"].get("reason") for frame in await rest}
            while await watcher.line():
                pass
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
            curl(node, "/api/chat/sessions/s/events?lastSeq=0") as watcher,
        ):
            seen = await watcher.until("answer")
        assert seen[-1][2]["text"] == "Paris."


@requirement("A22", "A23")
async def test_a_watcher_that_reads_nothing_is_dropped_and_the_turn_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.ws.SEND_QUEUE_FRAMES", 8)
    many = {"agent.replyMaxChars": 20_000_000}
    async with (
        FakeOllama(seed=None) as ollama,
        running_node(tmp_path, model=None, ollama_url=ollama.address, settings=many) as node,
    ):
        ollama.chat(answer("Yes."), answer(*["x" * 30_000] * 400))
        ask = {"message": "hello", "sessionId": "s"}
        await http(node, "POST", "/api/agents/self/chat", ask)
        async with curl(node, "/api/chat/sessions/s/events") as watcher:
            assert (await watcher.line()).startswith("retry:")
            status, body, _ = await http(node, "POST", "/api/agents/self/chat", ask)
            assert (status, len(body["answer"])) == (200, 12_000_000)
            with pytest.raises((ConnectionError, EOFError)):
                await watcher.until("done")
