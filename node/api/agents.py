"""`/api/agents/{name}/chat` and `/api/agent`: this node's agent, or a peer's, over plain HTTP."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from uuid import UUID, uuid4, uuid5

from aiohttp import web
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from agent.desk import TurnOutcome
from agent.events import PROMPT_MAX_CHARS
from agent.models.base import TRANSIENT, ErrorKind
from node.api.errors import ApiError
from node.api.network import citations_json
from node.api.requests import body_of
from node.health import NODE_DOWN
from node.line import WAITED_TOO_LONG
from node.model_choice import ModelChoices
from node.owner_turns import OwnerTurns
from node.permissions import OwnerPermissions
from node.store.errors import QUEUE_RETRY_AFTER_S, StoreFull
from node.store.turn import NewTurn, Source, Submitted
from peer.errors import UnknownPeer
from peer.hub import PeerHub

SELF = "self"
SEND_KEYS = UUID("5b0c9d2e-7c39-4f0e-9d57-7f2f3c1c6a10")
"""The namespace in which a send key names a session."""
UNAVAILABLE = frozenset(f"model_{kind}" for kind in (ErrorKind.UNREACHABLE, *TRANSIENT))
"""Codes of turns that failed because their model could not be reached."""


class ChatRequest(BaseModel):
    model_config = ConfigDict(extra="ignore")

    message: str = Field(min_length=1, max_length=PROMPT_MAX_CHARS)
    session_id: str | None = Field(
        default=None, min_length=1, max_length=128, validation_alias=AliasChoices("sessionId", "session_id")
    )

    send_key: str | None = Field(
        default=None, min_length=1, max_length=128, validation_alias=AliasChoices("sendKey", "send_key")
    )
    """The caller's own name for this message: sent twice, it is one message with one reply."""

    def turn_id(self) -> str:
        return self.send_key or uuid4().hex

    def session(self) -> str | None:
        """Return the session to speak in. That of a key is the same each time, also where none is named."""
        if self.session_id is not None or self.send_key is None:
            return self.session_id
        return uuid5(SEND_KEYS, self.send_key).hex


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsApi:
    turns: OwnerTurns
    models: ModelChoices
    hub: PeerHub
    permissions: OwnerPermissions
    name: Callable[[], str]

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/api/agents/{name}/chat", self.chat)
        app.router.add_get("/api/agent/status", self.status)

    async def chat(self, request: web.Request) -> web.Response:
        """Ask and wait for the answer. `self` and the node's own name are this agent, all else is a peer."""
        wanted = await body_of(request, ChatRequest)
        name = request.match_info["name"]
        if name in {SELF, self.name()}:
            return await self._own(wanted)
        return await self._peers(name, wanted)

    async def _own(self, wanted: ChatRequest) -> web.Response:
        new = NewTurn(
            turn_id=wanted.turn_id(), prompt=wanted.message, session_id=wanted.session(), source=Source.APP
        )
        submitted, outcome = await self.turns.ask(new)
        if outcome.error is not None or outcome.cancelled:
            raise failed(submitted, outcome)
        return web.json_response(reply(submitted, outcome))

    async def _peers(self, name: str, wanted: ChatRequest) -> web.Response:
        started = time.monotonic()
        try:
            answer = await self.hub.ask(name, wanted.message)
        except UnknownPeer:
            raise ApiError(404, "no_such_agent", f"there is no agent or peer called {name!r}") from None
        return web.json_response(
            {
                "sessionId": None,
                "answer": answer.text,
                "turnId": None,
                "usage": None,
                "citations": citations_json(answer),
                "from": {"nodeId": answer.node_id, "name": answer.name},
                "execution": {"ms": round((time.monotonic() - started) * 1000)},
            }
        )

    async def status(self, request: web.Request) -> web.Response:
        """Say whether turns can be answered, and how much they may do, in one session where it is named."""
        await self.models.check()
        model = self.models.for_turns
        facts = model.facts
        return web.json_response(
            {
                "readiness": asdict(model.readiness()),
                "ifDown": asdict(NODE_DOWN),
                "model": facts and {
                    "provider": facts.provider,
                    "name": facts.name,
                    "label": facts.label,
                    "contextWindow": facts.context_window,
                },
                "mode": self.permissions.mode(None, request.query.get("sessionId")).value,
                "node": {"name": self.name()},
            }
        )  # fmt: skip


def reply(submitted: Submitted, outcome: TurnOutcome) -> dict[str, object]:
    usage = outcome.usage
    return {
        "sessionId": submitted.turn.session_id,
        "answer": outcome.text,
        "citations": [asdict(citation) for citation in outcome.citations],
        "turnId": outcome.turn_id,
        "usage": {
            "promptTokens": usage.prompt if usage else None,
            "completionTokens": usage.completion if usage else None,
            "contextWindow": outcome.context_window,
        },
        "notices": list(outcome.notices),
        "execution": execution(submitted, outcome),
    }


def execution(submitted: Submitted, outcome: TurnOutcome) -> dict[str, object]:
    return {
        "id": outcome.turn_id,
        "queueStatus": "queued" if submitted.ahead else "running",
        "wasQueued": submitted.ahead > 0,
        "model": outcome.model,
        "ms": outcome.duration_ms,
        "toolCalls": [
            {"name": call.name, "ok": call.ok, "durationMs": call.duration_ms} for call in outcome.calls
        ],
    }


def failed(submitted: Submitted, outcome: TurnOutcome) -> ApiError:
    """Say how a turn ended without an answer."""
    more = {"sessionId": submitted.turn.session_id, "execution": execution(submitted, outcome)}
    if outcome.code == WAITED_TOO_LONG:
        later = {**more, "retry_after": QUEUE_RETRY_AFTER_S}
        return ApiError(503, outcome.code, outcome.error or "", later)
    if outcome.cancelled:
        return ApiError(409, "cancelled", "the turn was stopped", more)
    if outcome.code == StoreFull.code:
        return ApiError(507, outcome.code, outcome.error or "", more)
    status = 503 if outcome.code in UNAVAILABLE else 500
    return ApiError(status, outcome.code, outcome.error or "", more)
