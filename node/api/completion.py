"""`/api/agent/complete` and `/api/chat/sessions/{id}/compact`: what the model writes beside its turns."""

import asyncio
from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from agent.errors import TurnError, failure_of
from agent.models.base import ErrorKind, ModelError
from node.api.agents import UNAVAILABLE
from node.api.errors import ApiError
from node.api.requests import body_of
from node.compaction import AlreadyCompacting, Compaction, NothingToCompact
from node.completion import MAX_TOKENS, Completion, NeedsModel
from node.store.sessions import SessionStore

TEXT_MAX_CHARS = 100_000
LOOK_EVERY_S = 0.1
"""How soon a caller that hung up is noticed."""


class CompleteRequest(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)

    prompt: str = Field(min_length=1, max_length=TEXT_MAX_CHARS)
    suffix: str = Field(default="", max_length=TEXT_MAX_CHARS)
    max_tokens: int = Field(default=MAX_TOKENS, ge=1, le=1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionApi:
    completion: Completion
    compaction: Compaction
    sessions: SessionStore

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/api/agent/complete", self.complete)
        app.router.add_post("/api/chat/sessions/{id}/compact", self.compact)

    async def complete(self, request: web.Request) -> web.Response:
        """Fill a gap; a caller that hangs up stops the model."""
        wanted = await body_of(request, CompleteRequest)
        work = asyncio.ensure_future(
            self.completion.complete(wanted.prompt, wanted.suffix, wanted.max_tokens)
        )
        try:
            while not work.done() and request.transport is not None:
                await asyncio.wait([work], timeout=LOOK_EVERY_S)
            return web.json_response({"text": await work if work.done() else ""})
        except NeedsModel as error:
            raise ApiError(501, "needs_model", str(error)) from None
        except (ModelError, TurnError) as error:
            raise failed(error) from None
        finally:
            work.cancel()

    async def compact(self, request: web.Request) -> web.Response:
        """Summarise a session's older turns and wait for it."""
        session = await self.sessions.get(request.match_info["id"])
        try:
            told = await self.compaction.start(await self.compaction.plan(session.id))
        except NothingToCompact as error:
            raise ApiError(409, "nothing_to_compact", str(error)) from None
        except AlreadyCompacting as error:
            raise ApiError(409, "already_compacting", str(error)) from None
        if told is None:
            raise ApiError(409, "changed", "the session changed meanwhile; nothing was summarised")
        return web.json_response({"summary": told.summary, "turns": told.turns, "byModel": told.by_model})


def failed(error: ModelError | TurnError) -> ApiError:
    failure = failure_of(error)
    assert failure is not None
    status = 503 if failure.code in UNAVAILABLE or failure.code == f"model_{ErrorKind.NO_MODEL}" else 502
    return ApiError(status, failure.code, failure.message)
