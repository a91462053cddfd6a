"""The owner's door: page, `/ws`, `/api` and `/health` on loopback, behind one lock."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Middleware

from node.api.errors import explained
from node.config import StartError
from node.envelope import FRAME_MAX_BYTES, FRAME_READ_MAX_BYTES, Hello
from node.page import add_page
from node.router import Router
from node.security import guard, harden
from node.streams import Streams
from node.ws import GOING_AWAY, HEARTBEAT_S, Client, serve

HOST = "127.0.0.1"
SHUTDOWN_S = 2.0


class Api(Protocol):
    def add_to(self, app: web.Application) -> None: ...


@dataclass(slots=True, kw_only=True)
class OwnerDoor:
    token: str
    node_id: str
    name: Callable[[], str]
    router: Router[Client]
    streams: Streams
    apis: Iterable[Api]
    recorded: Middleware
    port: int = 0
    _clients: set[Client] = field(default_factory=set)
    _runner: web.AppRunner | None = None

    @property
    def clients(self) -> Iterable[Client]:
        """Everybody who is connected now."""
        return tuple(self._clients)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def open(self, port: int) -> None:
        """Listen; raises `StartError` when the port is taken."""
        app = web.Application(
            middlewares=[guard(self.token, lambda: self.port), self.recorded, explained],
            client_max_size=FRAME_MAX_BYTES,
        )
        app.on_response_prepare.append(harden)
        app.on_shutdown.append(self._say_goodbye)
        app.router.add_get("/health", health)
        app.router.add_get("/ws", self.connect)
        add_page(app, name=self.name)
        for api in self.apis:
            api.add_to(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await self._runner.setup()
        await self._listen(self._runner, port)

    async def _listen(self, runner: web.AppRunner, port: int) -> None:
        site = web.TCPSite(runner, HOST, port)
        try:
            await site.start()
        except OSError as error:
            raise StartError(
                f"port {port} on {HOST} cannot be used ({error.strerror or error}); "
                "choose another with --port N or PALAVER_PORT=N, 0 takes a free one"
            ) from None
        self.port = runner.addresses[0][1]

    async def close(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Run one client's socket."""
        socket = web.WebSocketResponse(
            max_msg_size=FRAME_READ_MAX_BYTES, heartbeat=HEARTBEAT_S, compress=False
        )
        await socket.prepare(request)
        client = Client()
        client.show("system", Hello(version=version("palaver"), node_id=self.node_id, name=self.name()))
        self._clients.add(client)
        try:
            await serve(socket, client, self.router)
        finally:
            self._clients.discard(client)
            self.streams.forget(client)
        return socket

    async def _say_goodbye(self, _: web.Application) -> None:
        for client in self._clients:
            client.leave(GOING_AWAY)


async def health(_: web.Request) -> web.Response:
    """Say that the node runs, and nothing else: anybody on this machine may ask."""
    return web.json_response({"status": "ok", "version": version("palaver")})
