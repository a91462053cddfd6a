"""`/api/agents/{name}/chat/history` and `/session`: what was said to an agent last, and what it took."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from node.api.agents import SELF
from node.api.errors import ApiError
from node.api.sessions import message_json
from node.conversations import Conversations
from node.store.errors import NoSuchSession
from node.store.sessions import SessionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryApi:
    """Without `sessionId` all of them are about the session that was spoken in last."""

    sessions: SessionStore
    conversations: Conversations
    name: Callable[[], str]

    def add_to(self, app: web.Application) -> None:
        for root in ("/api/agents/{name}/chat", "/api/agents/{name}"):
            app.router.add_get(f"{root}/history", self.history)
            app.router.add_get(f"{root}/session", self.session)
            app.router.add_delete(f"{root}/history", self.clear)

    async def history(self, request: web.Request) -> web.Response:
        session_id = await self._session(request)
        messages = await self.sessions.messages(session_id)
        return web.json_response(
            {"sessionId": session_id, "messages": [message_json(message) for message in messages]}
        )

    async def session(self, request: web.Request) -> web.Response:
        return web.json_response(await self._facts(await self._session(request)))

    async def clear(self, request: web.Request) -> web.Response:
        """Empty the history; the next message starts afresh."""
        session_id = await self._session(request)
        try:
            await self.conversations.reset(session_id)
        except NoSuchSession:
            pass  # in the default thread nothing was said yet, so it is empty already
        return web.json_response(await self._facts(session_id))

    async def _facts(self, session_id: str) -> dict[str, object]:
        totals = await self.sessions.totals(session_id)
        return {
            "sessionId": session_id,
            "messageCount": totals.messages,
            "contextTokens": totals.context_used,
            "contextWindow": totals.context_max,
            "contextPercent": percent(totals.context_used, totals.context_max),
            "tokensIn": totals.tokens_in,
            "tokensOut": totals.tokens_out,
            "totalCost": totals.cost,
        }

    async def _session(self, request: web.Request) -> str:
        name = request.match_info["name"]
        if name not in {SELF, self.name()}:
            raise ApiError(404, "no_such_agent", f"this node keeps no history of {name!r:.80}, only its own")
        if named := request.query.get("sessionId"):
            return (await self.sessions.get(named)).id
        return await self.conversations.latest()


def percent(used: int | None, window: int | None) -> float | None:
    """Return how full the window is; a server that counts more than its window holds means a full one."""
    if used is None or not window:
        return None
    return min(100.0, round(100 * used / window, 1))
