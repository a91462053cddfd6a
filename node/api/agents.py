"""`/api/agents/{name}/chat` and `/api/agent`: this node's agent, or a peer's, over plain HTTP."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from uuid import uuid4

from aiohttp import web
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from agent.desk import TurnOutcome
from agent.events import PROMPT_MAX_CHARS
from agent.models.base import TRANSIENT, ErrorKind
from node.api.errors import ApiError
from node.api.requests import body_of
from node.health import NODE_DOWN
from node.model_choice import ModelChoice
from node.owner_turns import OwnerTurns
from node.store.turn import NewTurn, Source, Submitted
from peer.errors import UnknownPeer
from peer.hub import PeerHub

SELF = "self"
UNAVAILABLE = frozenset(f"model_{kind}" for kind in (ErrorKind.UNREACHABLE, *TRANSIENT))
"""Codes of turns that failed because their model could not be reached."""


class ChatRequest(BaseModel):
    model_config = ConfigDict(extra="ignore")

    message: str = Field(min_length=1, max_length=PROMPT_MAX_CHARS)
    session_id: str | None = Field(
        default=None, min_length=1, max_length=128, validation_alias=AliasChoices("sessionId", "session_id")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsApi:
    turns: OwnerTurns
    models: ModelChoice
    hub: PeerHub
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
            turn_id=uuid4().hex, prompt=wanted.message, session_id=wanted.session_id, source=Source.APP
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
                "from": {"nodeId": answer.node_id, "name": answer.name},
                "execution": {"ms": round((time.monotonic() - started) * 1000)},
            }
        )

    async def status(self, _: web.Request) -> web.Response:
        facts = self.models.facts
        return web.json_response(
            {
                "readiness": asdict(self.models.readiness()),
                "ifDown": asdict(NODE_DOWN),
                "model": facts and {
                    "provider": facts.provider,
                    "name": facts.name,
                    "label": facts.label,
                    "contextWindow": facts.context_window,
                },
                "node": {"name": self.name()},
            }
        )  # fmt: skip


def reply(submitted: Submitted, outcome: TurnOutcome) -> dict[str, object]:
    usage = outcome.usage
    return {
        "sessionId": submitted.turn.session_id,
        "answer": outcome.text,
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
    if outcome.cancelled:
        return ApiError(409, "cancelled", "the turn was stopped", more)
    status = 503 if outcome.code in UNAVAILABLE else 500
    return ApiError(status, outcome.code, outcome.error or "", more)
