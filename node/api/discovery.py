"""`/api/network/discovery`: whether this node looks for others nearby, where, and what it shows of itself."""

from aiohttp import web

from node.discovery import LanDiscovery


class DiscoveryApi:
    def __init__(self, discovery: LanDiscovery) -> None:
        self._discovery = discovery

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/network/discovery", self.status)

    async def status(self, _: web.Request) -> web.Response:
        status = self._discovery.status()
        return web.json_response(
            {
                "enabled": status.enabled,
                "hidden": status.hidden,
                "interfaces": [{"name": one.name, "address": one.address} for one in status.interfaces],
                "announced": list(status.announced),
                "found": status.found,
                "problem": status.problem,
            }
        )
