"""`/api/cockpit/front`: have a page that is open come to the front."""

from dataclasses import dataclass

from aiohttp import web

from node.channels.cockpit import CockpitChannel


@dataclass(frozen=True, slots=True)
class CockpitApi:
    channel: CockpitChannel

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/api/cockpit/front", self.front)

    async def front(self, _: web.Request) -> web.Response:
        return web.json_response({"came": await self.channel.to_front()})
