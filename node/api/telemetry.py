"""`/api/telemetry`: the last calls of the node; and the middleware that records what HTTP clients change."""

from asyncio import to_thread

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from node.api.errors import ApiError
from node.telemetry import BODY_MAX_BYTES, Telemetry

LIMIT_DEFAULT = 100


class TelemetryApi:
    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/telemetry", self.list)

    async def list(self, request: web.Request) -> web.Response:
        """Return the last `limit` events, oldest first, and how many are no longer kept."""
        limit = request.query.get("limit", str(LIMIT_DEFAULT))
        if not limit.isdecimal():
            raise ApiError(400, "bad_request", f"limit {limit!r:.50} is no whole number")
        recorded, forgotten = self._telemetry.recorded, self._telemetry.forgotten
        last = self._telemetry.last(int(limit))
        events = await to_thread(lambda: [ended.shown.model_dump(mode="json") for ended in last])
        return web.json_response({"events": events, "recorded": recorded, "forgotten": forgotten})


def recorded(telemetry: Telemetry) -> Middleware:
    """Return the middleware that records requests; reads are left out, since clients poll."""

    @web.middleware
    async def recording(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method in {"GET", "HEAD"} or not request.path.startswith("/api/"):
            return await handler(request)
        with telemetry.during("inbound", "http", request.method, str(request.rel_url)) as call:
            call.headers = dict(request.headers)
            if (request.content_length or 0) <= BODY_MAX_BYTES:
                call.received(await request.read())
            response = await handler(request)
            call.answered(response.status)
            if isinstance(response, web.Response) and isinstance(response.body, bytes):
                call.replied(response.body)
            return response

    return recording
