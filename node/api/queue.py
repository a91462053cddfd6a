"""`/api/queue`: what runs and what waits."""

from dataclasses import asdict

from aiohttp import web

from node.api.sessions import camel
from node.store.turns import TurnStore


class QueueApi:
    def __init__(self, turns: TurnStore) -> None:
        self._turns = turns

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/queue", self.list)

    async def list(self, request: web.Request) -> web.Response:
        turns = await self._turns.unended(request.query.get("sessionId"))
        return web.json_response([camel(asdict(turn)) for turn in turns])
