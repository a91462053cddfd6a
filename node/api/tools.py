"""`/api/tools`: what the agent can call, what it costs, and what was learned of its use."""

from collections.abc import Callable, Iterable

from aiohttp import web

from node.catalogue import Catalogue
from node.learning import Learning
from node.ws import Client


class ToolsApi:
    def __init__(
        self, catalogue: Catalogue, learning: Learning, clients: Callable[[], Iterable[Client]]
    ) -> None:
        self._catalogue = catalogue
        self._learning = learning
        self._clients = clients

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/tools", self.list)
        app.router.add_delete("/api/tools/learned", self.forget)

    async def list(self, _: web.Request) -> web.Response:
        """List the node's tools and those of every client attached now."""
        attached = {name: tool for client in self._clients() for name, tool in client.tools.items()}
        return web.json_response(self._catalogue.listing(attached.values()))

    async def forget(self, _: web.Request) -> web.Response:
        return web.json_response({"forgotten": await self._learning.forget()})
