"""Turns over plain HTTP as they happen: one ask as NDJSON, and a session's events as server-sent events.

A reader is no client that approves or runs tools; one that reads too slowly is dropped, as on the socket.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from aiohttp import web

from node.api.agents import ChatRequest
from node.api.errors import ApiError
from node.api.pouring import NDJSON_HEADERS, Readers, pour
from node.api.requests import body_of
from node.owner_turns import OwnerTurns
from node.store.events import EventLog
from node.store.sessions import SessionStore
from node.store.turn import NewTurn, Source
from node.streams import Streams
from node.ws import Client

PING_EVERY_S = 15.0
"""A comment this often tells a proxy, and the reader, that the stream lives."""
SSE_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowApi:
    turns: OwnerTurns
    streams: Streams
    sessions: SessionStore
    log: EventLog
    _readers: Readers = field(default_factory=Readers)

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/api/agent/chat", self.chat)
        app.router.add_get("/api/chat/sessions/{id}/events", self.events)
        app.on_shutdown.append(self._readers.say_goodbye)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Ask, and stream the turn's frames up to `done`; whoever hangs up before stops the turn."""
        wanted = await body_of(request, ChatRequest)
        session_id, turn_id = wanted.session_id or uuid4().hex, uuid4().hex
        new = NewTurn(turn_id=turn_id, prompt=wanted.message, session_id=session_id, source=Source.APP)
        with self._reading(session_id) as reader:
            await self.turns.submit(new)
            response = web.StreamResponse(headers=NDJSON_HEADERS)
            if not await pour(request, response, reader, turn_lines(reader, turn_id)):
                await self.turns.cancel(session_id, turn_id)
        return response

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Stream a session's events from now on, or after the number in `Last-Event-ID` or `lastSeq`."""
        session_id = request.match_info["id"]
        await self.sessions.get(session_id)
        last_seq = last_seen(request)
        with self._reading(session_id) as reader:
            if last_seq is None:
                last_seq = await self.log.last_seq(session_id)
            response = web.StreamResponse(headers=SSE_HEADERS)
            await pour(request, response, reader, self._since(reader, session_id, last_seq))
        return response

    async def _since(self, reader: Client, session_id: str, last_seq: int) -> AsyncGenerator[bytes, None]:
        """Yield what was missed, then what happens; the reader follows already, so some come twice."""
        yield b"retry: 1000\n\n"
        for past in await self.log.since(session_id, last_seq):
            yield server_sent(past.seq, past.event, past.data)
            last_seq = past.seq
        while True:
            try:
                async with asyncio.timeout(PING_EVERY_S):
                    frame = json.loads(await reader.next_frame())
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if frame["seq"] > last_seq:
                yield server_sent(frame["seq"], frame["event"], json.dumps(frame["data"]))

    @contextmanager
    def _reading(self, session_id: str) -> Iterator[Client]:
        with self._readers.one() as reader:
            self.streams.watch(reader, session_id)
            try:
                yield reader
            finally:
                self.streams.forget(reader)


async def turn_lines(reader: Client, turn_id: str) -> AsyncGenerator[bytes, None]:
    """Yield a turn's frames, one a line, up to its `done`."""
    while True:
        text = await reader.next_frame()
        frame = json.loads(text)
        if frame["data"].get("turnId") == turn_id:
            yield text.encode() + b"\n"
            if frame["event"] == "done":
                return


def server_sent(seq: int, event: str, data: str) -> bytes:
    """Return an event as it is sent; JSON text holds no line ends."""
    return f"id: {seq}\nevent: {event}\ndata: {data}\n\n".encode()


def last_seen(request: web.Request) -> int | None:
    """Return the number of the last event that a reader has; raises `ApiError`."""
    text = request.headers.get("Last-Event-ID", request.query.get("lastSeq", ""))
    if text and not text.isdecimal():
        raise ApiError(400, "bad_request", f"{text!r:.50} is not the number of an event")
    return int(text) if text else None
