"""`/api/queue`: what runs and what waits, and what its owner may do about it."""

from dataclasses import asdict, dataclass

from aiohttp import web
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from agent.events import PROMPT_MAX_CHARS
from node.api.requests import Body, body_of
from node.api.sessions import camel
from node.line import Line
from node.store.turn import Submitted
from node.store.turns import TurnStore
from node.store.waiting import TurnKey


class NewPrompt(Body):
    prompt: str = Field(min_length=1, max_length=PROMPT_MAX_CHARS)


class OneSession(Body):
    model_config = ConfigDict(alias_generator=to_camel)

    session_id: str = Field(min_length=1, max_length=128)


class SomeSession(Body):
    model_config = ConfigDict(alias_generator=to_camel)

    session_id: str | None = Field(default=None, min_length=1, max_length=128)
    """None: all of them."""


def turn_json(submitted: Submitted) -> dict[str, object]:
    return camel(asdict(submitted.turn)) | {"ahead": submitted.ahead}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueApi:
    """A turn is named by its id, and by `sessionId` where two sessions have the same id."""

    turns: TurnStore
    line: Line

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/queue", self.list)
        app.router.add_post("/api/queue/clear", self.clear)
        app.router.add_post("/api/queue/release", self.release)
        app.router.add_put("/api/queue/{turnId}", self.edit)
        app.router.add_delete("/api/queue/{turnId}", self.withdraw)
        app.router.add_post("/api/queue/{turnId}/retry", self.retry)

    async def list(self, request: web.Request) -> web.Response:
        turns = await self.turns.unended(request.query.get("sessionId"))
        return web.json_response([camel(asdict(turn)) for turn in turns])

    async def clear(self, request: web.Request) -> web.Response:
        """Take back everything that waits."""
        wanted = await body_of(request, SomeSession)
        cleared = await self.line.clear(wanted.session_id)
        return web.json_response({"cleared": [key.turn_id for key in cleared]})

    async def release(self, request: web.Request) -> web.Response:
        """Stop what a session runs, by force if need be."""
        wanted = await body_of(request, OneSession)
        return web.json_response({"released": list(await self.line.release(wanted.session_id))})

    async def edit(self, request: web.Request) -> web.Response:
        new = await body_of(request, NewPrompt)
        return web.json_response(turn_json(await self.line.edit(await self._key(request), new.prompt)))

    async def withdraw(self, request: web.Request) -> web.Response:
        await self.line.withdraw(await self._key(request))
        return web.Response(status=204)

    async def retry(self, request: web.Request) -> web.Response:
        return web.json_response(turn_json(await self.line.retry(await self._key(request))), status=202)

    async def _key(self, request: web.Request) -> TurnKey:
        return await self.line.find(request.match_info["turnId"], request.query.get("sessionId"))
