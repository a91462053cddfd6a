"""Clients that lose their socket in mid-turn, come back late, or read slowly, as raw websockets see it."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from node import replay, ws
from tests.fakes.ollama_server import Chunk, FakeOllama, answer, calls, done, reply, text
from tests.fakes.scripted_server import Step
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RawSocket, RunningNode, running_node


def many(count: int) -> list[str]:
    return [f"word{number} " for number in range(count)]


WORDS = many(12)


@asynccontextmanager
async def scripted(
    data: Path, settings: Mapping[str, object] | None = None
) -> AsyncIterator[tuple[RunningNode, FakeOllama]]:
    async with (
        FakeOllama(seed=None) as ollama,
        running_node(data, model=None, ollama_url=ollama.address, settings=settings) as node,
    ):
        yield node, ollama


def paced(*words: str) -> tuple[list[asyncio.Event], list[Any]]:
    """Return gates and the steps of a reply that waits for one before each word."""
    gates = [asyncio.Event() for _ in words]
    return gates, [step for gate, word in zip(gates, words, strict=True) for step in (gate, *text(word))]


def spaced(seconds: float, words: Sequence[str]) -> list[Step | Chunk]:
    steps: list[Step | Chunk] = []
    for word in words:
        steps += [seconds, *text(word)]
    return steps


def said(frames: list[dict[str, Any]]) -> str:
    return "".join(frame["data"]["delta"] for frame in frames if frame["event"] == "token")


def numbers(frames: list[dict[str, Any]]) -> list[int]:
    return [frame["seq"] for frame in frames if "seq" in frame]


@requirement("A16", "G20")
async def test_a_session_that_is_not_there_is_told_of_and_followed_from_its_begin_on(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as early, node.socket() as other:
        for last_seq in (0, 9_999):
            await early.send("resume", {"sessionId": "s", "lastSeq": last_seq})
            refused = await early.next()
            assert (refused["event"], refused["data"]["code"]) == ("error", "no_such_session")
            assert refused["data"]["about"] == "resume"
        frames = await other.whole_turn("what time is it", sessionId="s")
        await early.until("done")
        assert [frame for frame in early.frames if "seq" in frame] == frames


@requirement("A16", "G19")
async def test_a_session_that_was_brought_from_elsewhere_is_shown_as_it_stands(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as socket:
        brought = await node.client.import_session(
            {"title": "Ovens", "messages": [{"role": "user", "content": "what is E4?"}]}
        )
        await shows(socket, brought["id"], "what is E4?")
    async with running_node(tmp_path) as node, node.socket() as socket:
        await shows(socket, brought["id"], "what is E4?")
        await socket.whole_turn("what time is it", sessionId=brought["id"])


async def shows(socket: RawSocket, session_id: str, *texts: str) -> None:
    """See that a session is answered with a snapshot of these messages."""
    await socket.send("resume", {"sessionId": session_id, "lastSeq": 0})
    shown = (await socket.next())["data"]
    assert [message["content"] for message in shown["messages"]] == list(texts)


@requirement("A16")
async def test_what_came_before_and_after_a_cut_is_the_whole_answer(tmp_path: Path) -> None:
    async with scripted(tmp_path) as (node, ollama):
        gates, steps = paced(*WORDS)
        ollama.chat(reply(*steps, done()))
        async with node.socket() as first:
            await first.ask("go on", sessionId="s")
            for gate in gates[:3]:
                gate.set()
                await first.until("token")
        for gate in gates[3:7]:
            gate.set()
        async with node.socket() as second:
            await second.send("resume", {"sessionId": "s", "lastSeq": first.frames[-1]["seq"]})
            for gate in gates[7:]:
                gate.set()
            end = await second.until("answer")
        seen = first.frames[1:] + second.frames[1:]
        assert said(first.frames) == "".join(WORDS[:3])
        assert said(seen) == end["data"]["text"] == "".join(WORDS)
        assert numbers(seen) == list(range(1, len(seen) + 1))


@requirement("A16", "A17")
@pytest.mark.parametrize("seed", range(5))
async def test_however_often_a_client_is_cut_off_it_sees_every_event_once(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    async with scripted(tmp_path) as (node, ollama), node.socket() as steady:
        ollama.chat(reply(*spaced(0.001, many(96)), done()))
        await steady.send("resume", {"sessionId": "s"})
        await steady.ask("go on", sessionId="s")
        await steady.until("queued")
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["event"] != "done":
            async with node.socket() as cut:
                await cut.send("resume", {"sessionId": "s", "lastSeq": seen[-1]["seq"] if seen else 0})
                for _ in range(chance.randint(1, 30)):
                    seen.append(await cut.next())
                    if seen[-1]["event"] == "done":
                        break
        await steady.until("done")
        assert seen == [frame for frame in steady.frames if "seq" in frame]


@requirement("A16", "A11")
async def test_a_question_that_was_open_at_the_cut_can_be_answered_by_another_socket(tmp_path: Path) -> None:
    async with scripted(tmp_path) as (node, ollama):
        ollama.chat(reply(calls(("notes.write", {"name": "a", "text": "b"})), done()), answer("written"))
        async with node.socket() as first:
            await first.ask("write", sessionId="s")
            asked = await first.until("approval_request")
        async with node.socket() as second:
            await second.send("resume", {"sessionId": "s", "lastSeq": asked["seq"] - 1})
            request = (await second.until("approval_request"))["data"]
            yes = {"approvalId": request["approvalId"], "decision": "allow_once"}
            await second.send("approval_response", yes)
            await second.until("done", reason="answered")
        assert (node.data / "notes" / "a.md").read_text() == "b\n"


@requirement("A16")
async def test_a_client_that_missed_too_much_gets_a_snapshot_then_goes_on_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "REPEATED_EVENTS_MAX", 5)
    async with scripted(tmp_path) as (node, ollama), node.socket() as steady:
        gates, steps = paced(*WORDS)
        ollama.chat(answer("Hello."), reply(*steps, done()))
        await steady.whole_turn("hello", "t0", sessionId="s")
        await steady.ask("go on", "t1", sessionId="s")
        for gate in gates[:9]:
            gate.set()
            await steady.until("token")
        await steady.ask("and then", "t2", sessionId="s")
        await steady.until("queued")
        async with node.socket() as late:
            await late.send("resume", {"sessionId": "s", "lastSeq": 1})
            snapshot = await late.next()
            data = snapshot["data"]
            assert (snapshot["event"], snapshot["seq"]) == ("snapshot", steady.frames[-1]["seq"])
            assert [(m["role"], m["content"]) for m in data["messages"]][:2] == [
                ("user", "hello"),
                ("agent", "Hello."),
            ]
            assert [(turn["turnId"], turn["running"]) for turn in data["turns"]] == [
                ("t1", True),
                ("t2", False),
            ]
            for gate in gates[9:]:
                gate.set()
            end = await late.until("answer", turnId="t1")
            assert data["turns"][0]["text"] + said(late.frames) == end["data"]["text"]
            assert numbers(late.frames)[0] + 1 == numbers(late.frames)[1]


@requirement("A16", "A11")
async def test_a_snapshot_holds_the_open_question_and_it_can_be_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "REPEATED_EVENTS_MAX", 1)
    async with scripted(tmp_path) as (node, ollama), node.socket() as first:
        write = calls(("notes.write", {"name": "a", "text": "b"}))
        ollama.chat(reply(*text("I"), write, done()), answer("written"))
        await first.ask("write", sessionId="s")
        await first.until("approval_request")
        async with node.socket() as late:
            await late.send("resume", {"sessionId": "s"})
            (turn,) = (await late.until("snapshot"))["data"]["turns"]
            (request,) = turn["approvals"]
            assert (turn["text"], request["tool"]) == ("I", "notes.write")
            yes = {"approvalId": request["approvalId"], "decision": "allow_once"}
            await late.send("approval_response", yes)
            await late.until("done", reason="answered")


@requirement("A16")
async def test_turns_that_the_log_keeps_no_more_are_covered_by_a_snapshot(tmp_path: Path) -> None:
    async with scripted(tmp_path, {"events.keepTurns": 1}) as (node, ollama), node.socket() as ws_:
        for number in range(4):
            ollama.chat(answer(f"answer {number}"))
            await ws_.whole_turn("go on", f"t{number}", sessionId="s")
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with node.socket() as late:
                    await late.send("resume", {"sessionId": "s", "lastSeq": 1})
                    first = await late.next()
                    if first["event"] == "snapshot":
                        break
        contents = [message["content"] for message in first["data"]["messages"]]
        assert contents[1::2] == [f"answer {number}" for number in range(4)]
        assert first["seq"] == ws_.frames[-1]["seq"]


@requirement("A16", "A25")
async def test_a_long_replay_does_not_flood_the_client_that_asked_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted(tmp_path) as (node, ollama):
        ollama.chat(reply(*text(*many(600)), done()), reply(*text(*WORDS), done()))
        async with node.socket() as first:
            await first.whole_turn("go on", "t1", sessionId="s")
        monkeypatch.setattr(ws, "SEND_QUEUE_FRAMES", 40)
        async with node.socket() as late:
            await late.send("resume", {"sessionId": "s"})
            await late.until("done")
            assert numbers(late.frames) == numbers(first.frames)
            await late.whole_turn("and then", "t2", sessionId="s")


async def test_the_same_ask_on_another_socket_brings_its_turn_from_the_beginning_and_once(
    tmp_path: Path,
) -> None:
    async with scripted(tmp_path) as (node, ollama):
        gates, steps = paced(*WORDS)
        ollama.chat(reply(*steps, done()))
        async with node.socket() as first:
            await first.ask("go on", sessionId="s")
            for gate in gates[:5]:
                gate.set()
                await first.until("token")
            async with node.socket() as second:
                await second.ask("go on", sessionId="s")
                for gate in gates[5:]:
                    gate.set()
                await second.until("done")
                await first.until("done")
                assert second.frames[1:] == first.frames[1:]


async def test_a_message_is_always_told_to_be_queued_before_anything_of_its_turn(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as one, node.socket() as two:
        for number in range(40):
            await (one if number % 2 else two).ask("what time is it", f"t{number}", sessionId=f"s{number}")
        for socket in (one, two):
            left = 20
            while left:
                left -= (await socket.next())["event"] == "done"
            firsts: dict[str, str] = {}
            for frame in socket.frames[1:]:
                firsts.setdefault(frame["data"]["turnId"], frame["event"])
            assert set(firsts.values()) == {"queued"}


@requirement("A25")
async def test_a_reader_that_stalls_during_a_fast_stream_is_dropped_and_the_others_miss_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ws, "SEND_QUEUE_BYTES", 2 << 20)
    queued: list[int] = []
    send = ws.Client.send

    def watched(client: ws.Client, frame: str) -> None:
        send(client, frame)
        queued.append(client._queued_bytes)

    monkeypatch.setattr(ws.Client, "send", watched)
    async with scripted(tmp_path) as (node, ollama), node.socket() as reader:
        async with stalled(node) as (stalled_reader, stalled_writer):
            await reader.send("resume", {"sessionId": "s"})
            for number in range(20):
                words = [f"{number}.{place} ".ljust(30_000, "x") for place in range(10)]
                ollama.chat(reply(*spaced(0.002, words), done()))
                frames = await reader.whole_turn("go on", f"t{number}", sessionId="s")
                assert said(frames) == "".join(words)
            seqs = numbers(reader.frames)
            assert all(after == before + 1 for before, after in pairwise(seqs))
            async with asyncio.timeout(PATIENCE_S):
                with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                    await stalled_reader.readexactly(20 * 2 * 300_000)
            stalled_writer.close()
        assert max(queued) <= (2 << 20) + 100_000


@asynccontextmanager
async def stalled(node: RunningNode) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Follow session `s` over a socket from which nothing is read until the test does."""
    port = int(node.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(handshake(node.url, node.token))
    await reader.readuntil(b"\r\n\r\n")
    writer.write(masked(b'{"channel":"agent","event":"resume","data":{"sessionId":"s"}}'))
    await writer.drain()
    yield reader, writer


def handshake(url: str, token: str) -> bytes:
    return (
        f"GET /ws HTTP/1.1\r\nHost: {url.removeprefix('http://')}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()


def masked(payload: bytes) -> bytes:
    """Return a client's text frame under an all-zero mask."""
    assert len(payload) < 126
    return bytes([0x81, 0x80 | len(payload)]) + b"\x00\x00\x00\x00" + payload
