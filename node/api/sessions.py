"""`/api/chat/sessions`: the stored conversations."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from node import exchange
from node.api.errors import ApiError
from node.api.requests import Body, body_of, whole_number
from node.conversations import DEFAULT_THREAD, Conversations
from node.exchange import SessionFile
from node.store.db import Database
from node.store.messages import Draft, Role, StoredMessage
from node.store.session import Hit, Session
from node.store.sessions import LIST_MAX, SessionStore
from node.store.transfer import bring

ROOT = "/api/chat/sessions"
PAGE_MAX = 1_000
TRACE = frozenset({"rounds", "shownTools"})


def role_of(value: object) -> object:
    """Take `assistant`, as model servers say, for `agent`."""
    return exchange.ROLES.get(value, value) if isinstance(value, str) else value


class MessagePatch(BaseModel):
    model_config = ConfigDict(extra="ignore")

    role: Annotated[Role, BeforeValidator(role_of)]
    content: str


class SessionPatch(Body):
    """A partial change; what is left out stays."""

    title: str | None = Field(default=None, min_length=1, max_length=200)
    pinned: bool | None = None
    archived: bool | None = None
    messages: list[MessagePatch] | None = Field(default=None, max_length=10_000)


class ActiveSession(Body):
    id: str | None = Field(min_length=1, max_length=128)


def camel(value: Mapping[str, object]) -> dict[str, object]:
    return {to_camel(key): item for key, item in value.items()}


def session_json(session: Session) -> dict[str, object]:
    return camel(asdict(session))


def hit_json(hit: Hit) -> dict[str, object]:
    return session_json(hit.session) | {"excerpt": hit.excerpt}


def message_json(message: StoredMessage) -> dict[str, object]:
    """Return a message without the trace of its turn, which has an address of its own."""
    return {key: value for key, value in camel(asdict(message)).items() if key not in TRACE}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsApi:
    sessions: SessionStore
    conversations: Conversations
    db: Database
    changed: Callable[[str], None]
    """Told of every session that its owner changed here."""

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(ROOT, self.list)
        app.router.add_get(f"{ROOT}/active", self.read_active)
        app.router.add_put(f"{ROOT}/active", self.put_active)
        app.router.add_post(f"{ROOT}/default", self.default)
        app.router.add_post(f"{ROOT}/import", self.bring)
        app.router.add_get(f"{ROOT}/{{id}}", self.read)
        app.router.add_put(f"{ROOT}/{{id}}", self.update)
        app.router.add_delete(f"{ROOT}/{{id}}", self.delete)
        app.router.add_post(f"{ROOT}/{{id}}/reset", self.reset)
        app.router.add_get(f"{ROOT}/{{id}}/export", self.export)

    async def list(self, request: web.Request) -> web.Response:
        """List sessions without their messages, with `limit` and `after` an id page by page.

        `q` finds words in titles and messages, archived ones too.
        """
        if words := request.query.get("q", "").strip():
            return web.json_response([hit_json(hit) for hit in await self.sessions.search(words)])
        limit = whole_number(request, "limit")
        listed = await self.sessions.list(
            archived=request.query.get("archived") == "true",
            limit=LIST_MAX if limit is None else max(1, min(limit, PAGE_MAX)),
            after=request.query.get("after"),
        )
        return web.json_response([session_json(session) for session in listed])

    async def read_active(self, _: web.Request) -> web.Response:
        return web.json_response({"id": await self.conversations.active()})

    async def put_active(self, request: web.Request) -> web.Response:
        active = await body_of(request, ActiveSession)
        await self.conversations.activate(active.id)
        return web.json_response({"id": active.id})

    async def default(self, _: web.Request) -> web.Response:
        """Name the default thread; like every session it is there from its first message on."""
        return web.json_response({"id": DEFAULT_THREAD})

    async def read(self, request: web.Request) -> web.Response:
        """Return the whole transcript, or with `limit` its last messages, before the position `before`."""
        session_id = request.match_info["id"]
        session = await self.sessions.get(session_id)
        # Taken first: from here on a client that follows misses nothing.
        last_seq = await self.conversations.log.last_seq(session_id)
        limit, before = whole_number(request, "limit"), whole_number(request, "before")
        if limit is None:
            messages, has_earlier = await self.sessions.messages(session_id), False
        else:
            part = await self.sessions.part(session_id, max(1, min(limit, PAGE_MAX)), before=before)
            messages, has_earlier = part.messages, part.has_earlier
        return web.json_response(
            session_json(session)
            | {
                "totals": camel(asdict(await self.sessions.totals(session_id))),
                "lastSeq": last_seq,
                "hasEarlier": has_earlier,
                "messages": [message_json(message) for message in messages],
            }
        )

    async def update(self, request: web.Request) -> web.Response:
        session_id = request.match_info["id"]
        patch = await body_of(request, SessionPatch)
        drafts = (
            None
            if patch.messages is None
            else [Draft(role=m.role, content=m.content) for m in patch.messages]
        )
        session = await self.sessions.update(
            session_id, title=patch.title, pinned=patch.pinned, archived=patch.archived, messages=drafts
        )
        self.changed(session_id)
        return web.json_response(session_json(session))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a session for good; with `title` only if that is its title."""
        session_id = request.match_info["id"]
        await self.conversations.delete(session_id, request.query.get("title"))
        self.changed(session_id)
        return web.Response(status=204)

    async def reset(self, request: web.Request) -> web.Response:
        session_id = request.match_info["id"]
        await self.conversations.reset(session_id)
        totals = await self.sessions.totals(session_id)
        return web.json_response(
            session_json(await self.sessions.get(session_id)) | {"totals": camel(asdict(totals))}
        )

    async def export(self, request: web.Request) -> web.Response:
        session = await self.sessions.get(request.match_info["id"])
        messages = await self.sessions.messages(session.id)
        match request.query.get("format", "json"):
            case "json":
                return web.json_response(exchange.as_json(session, messages))
            case "markdown":
                text = exchange.as_markdown(session, messages)
                return web.Response(text=text, content_type="text/markdown")
            case other:
                raise ApiError(400, "bad_request", f"format {other!r:.50} is neither json nor markdown")

    async def bring(self, request: web.Request) -> web.Response:
        """Store an exported session as a new one."""
        file = await body_of(request, SessionFile)
        session_id = await bring(self.db, exchange.read(file, time.time()))
        self.changed(session_id)
        return web.json_response(session_json(await self.sessions.get(session_id)), status=201)
