"""`/api/network/ask-peers`: one question to several peers, their answers side by side or put together."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from aiohttp import web
from pydantic import Field

from agent.errors import TurnError
from agent.models.base import ModelError
from node.api.network import citations_json, refused_json
from node.api.pouring import NDJSON_HEADERS, Readers, pour, while_read
from node.api.requests import Body, body_of
from node.directory import outcome_of
from node.synthesis import Synthesis
from peer.hub import PeerHub
from peer.many import Heard, ask_many, connected
from tools.peers_many import ASKED_MAX, PeerOutcome

Came: TypeAlias = asyncio.Queue[Heard | None]
"""What is heard, as it comes: at most one for each peer, and None after the last."""


class AskPeersRequest(Body):
    peers: (
        Literal["all"]
        | Annotated[
            list[Annotated[str, Field(min_length=1, max_length=128)]],
            Field(min_length=1, max_length=ASKED_MAX),
        ]
    ) = "all"
    prompt: str = Field(min_length=1)
    synthesize: bool = False
    """Have the local model put the answers together, where there is one."""
    stream: bool = False
    """One line of JSON, `{heard}`, per answer as it comes; the last line, `{reply}`, is the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPeersApi:
    hub: PeerHub
    synthesis: Synthesis
    _readers: Readers = field(default_factory=Readers)

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/api/network/ask-peers", self.ask)
        app.on_shutdown.append(self._readers.say_goodbye)

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """Ask; a peer that refuses or fails is an answer, too, with `ok` false, its code and a reason."""
        wanted = await body_of(request, AskPeersRequest)
        came: Came = asyncio.Queue()
        if not wanted.stream:
            return web.json_response(await while_read(request, self._reply(wanted, came)))
        with self._readers.one() as reader:
            response = web.StreamResponse(headers=NDJSON_HEADERS)
            await pour(request, response, reader, self._lines(wanted, came))
        return response

    async def _lines(self, wanted: AskPeersRequest, came: Came) -> AsyncGenerator[bytes, None]:
        """Yield each answer when it is there, then the reply; leaving early stops all peers."""
        asking = asyncio.create_task(self._reply(wanted, came))
        asking.add_done_callback(lambda _: came.put_nowait(None))
        try:
            while (heard := await came.get()) is not None:
                yield _line({"heard": heard_json(heard)})
            yield _line({"reply": await asking})
        finally:
            asking.cancel()

    async def _reply(self, wanted: AskPeersRequest, came: Came) -> dict[str, object]:
        async def on_heard(heard: Heard) -> None:
            came.put_nowait(heard)

        peers = connected(self.hub)[:ASKED_MAX] if wanted.peers == "all" else wanted.peers
        heard = await ask_many(self.hub, peers, wanted.prompt, on_heard=on_heard)
        answers = [heard_json(each) for each in heard]
        return {"answers": answers} | await self._together(wanted, [outcome_of(each) for each in heard])

    async def _together(self, wanted: AskPeersRequest, outcomes: list[PeerOutcome]) -> dict[str, object]:
        if not wanted.synthesize:
            return {}
        try:
            return {"synthesis": await self.synthesis.of(wanted.prompt, outcomes)}
        except (ModelError, TurnError) as error:
            return {"synthesis": None, "synthesisError": str(error)}


def heard_json(heard: Heard) -> dict[str, object]:
    """Return what one of several peers made of a question, as `ask-peer` answers of one."""
    who = {
        "nodeId": heard.peer.node_id if heard.peer else None,
        "name": heard.peer.label if heard.peer else heard.asked,
        "durationMs": heard.duration_ms,
    }
    if heard.answer is None:
        assert heard.error is not None, "whoever has not answered has failed"
        return refused_json(heard.error) | who
    return {"ok": True, "answer": heard.answer.text, "citations": citations_json(heard.answer), **who}


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"
