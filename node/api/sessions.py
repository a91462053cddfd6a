"""`/api/chat/sessions`: the stored conversations."""

from collections.abc import Mapping
from dataclasses import asdict

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from node.api.requests import body_of
from node.store.errors import NoSuchSession
from node.store.messages import Draft, Role, StoredMessage
from node.store.sessions import Session, SessionStore


class MessagePatch(BaseModel):
    model_config = ConfigDict(extra="ignore")

    role: Role
    content: str


class SessionPatch(BaseModel):
    """A partial change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(default=None, min_length=1, max_length=200)
    pinned: bool | None = None
    archived: bool | None = None
    messages: list[MessagePatch] | None = Field(default=None, max_length=10_000)


def camel(value: Mapping[str, object]) -> dict[str, object]:
    return {to_camel(key): item for key, item in value.items()}


def session_json(session: Session) -> dict[str, object]:
    return camel(asdict(session))


def message_json(message: StoredMessage) -> dict[str, object]:
    return camel(asdict(message))


class SessionsApi:
    def __init__(self, sessions: SessionStore) -> None:
        self._sessions = sessions

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/chat/sessions", self.list)
        app.router.add_get("/api/chat/sessions/{id}", self.read)
        app.router.add_put("/api/chat/sessions/{id}", self.update)
        app.router.add_delete("/api/chat/sessions/{id}", self.delete)

    async def list(self, request: web.Request) -> web.Response:
        archived = request.query.get("archived") == "true"
        return web.json_response(
            [session_json(session) for session in await self._sessions.list(archived=archived)]
        )

    async def read(self, request: web.Request) -> web.Response:
        return web.json_response(await self._whole(request.match_info["id"]))

    async def _whole(self, session_id: str) -> dict[str, object]:
        session = await self._sessions.get(session_id)
        messages = await self._sessions.messages(session_id)
        return session_json(session) | {"messages": [message_json(message) for message in messages]}

    async def update(self, request: web.Request) -> web.Response:
        session_id = request.match_info["id"]
        patch = await body_of(request, SessionPatch)
        drafts = (
            None
            if patch.messages is None
            else [Draft(role=m.role, content=m.content) for m in patch.messages]
        )
        session = await self._sessions.update(
            session_id, title=patch.title, pinned=patch.pinned, archived=patch.archived, messages=drafts
        )
        return web.json_response(session_json(session))

    async def delete(self, request: web.Request) -> web.Response:
        session_id = request.match_info["id"]
        if not await self._sessions.delete(session_id):
            raise NoSuchSession(session_id)
        return web.Response(status=204)
