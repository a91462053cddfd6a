"""`/api/agent/server`: the model server that the node starts and ends itself."""

from typing import Literal

from aiohttp import web

from node.api.errors import ApiError
from node.api.requests import Body, body_of
from node.spawned import NoCommand, SpawnedServer


class ServerAction(Body):
    action: Literal["start", "stop"]


class ServerApi:
    def __init__(self, server: SpawnedServer) -> None:
        self._server = server

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/agent/server", self.read)
        app.router.add_post("/api/agent/server", self.act)

    async def read(self, _: web.Request) -> web.Response:
        return web.json_response(self._server.status.model_dump(mode="json"))

    async def act(self, request: web.Request) -> web.Response:
        """Start or stop it; the start goes on, and `server` events on channel `models` tell how."""
        wanted = await body_of(request, ServerAction)
        if wanted.action == "stop":
            await self._server.stop()
            return await self.read(request)
        try:
            await self._server.start()
        except NoCommand as error:
            raise ApiError(409, "not_configured", str(error)) from None
        return web.json_response(self._server.status.model_dump(mode="json"), status=202)
