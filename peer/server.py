"""The peers' door: a TLS listener that serves `/peer-ws` and nothing else, and bounds who may stand in it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias, cast

from aiohttp import web

from peer.dial import PATH, join_address
from peer.entrance import CountedHandler, Entrance
from peer.errors import PortInUse
from peer.identity import Identity
from peer.messages import FRAME_MAX_BYTES
from peer.protocol import HANDSHAKE_TIMEOUT_S
from peer.sockets import CLOSE_WAIT_S, AiohttpSocket
from peer.tls import server_context

MAX_PENDING = 32
MAX_PENDING_PER_HOST = 4

OnLink: TypeAlias = Callable[[AiohttpSocket, Callable[[], None]], Awaitable[None]]
"""As `transport.OnLink`, of this kind of socket."""


class PeerListener:
    """Accepts links on one address. What it accepted lives on when it stops accepting."""

    def __init__(self, identity: Identity, on_link: OnLink) -> None:
        self.address = ""
        """`host:port` as it is in use, once it is started."""
        self._identity = identity
        self._on_link = on_link
        # Longer than the link's own limit, which gives a reason: this one is for those that never upgrade.
        self._pending = Entrance(
            most=MAX_PENDING, per_host=MAX_PENDING_PER_HOST, for_s=HANDSHAKE_TIMEOUT_S + 1
        )
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> str:
        """Listen; return the `host:port` in use. Raises `PortInUse`."""
        context = await asyncio.to_thread(server_context, self._identity)
        handlers = await self._handlers()
        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: CountedHandler(self._pending, handlers),
                host,
                port,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S,
                ssl_shutdown_timeout=CLOSE_WAIT_S,
            )
        except OSError as error:
            raise PortInUse(
                f"Peers cannot reach this node at {join_address(host, port)}: {error.strerror or error}. "
                "Choose another peer port, or stop what uses it."
            ) from error
        self.address = join_address(host, self._server.sockets[0].getsockname()[1])
        return self.address

    def stop_accepting(self) -> None:
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        """Stop, and end whatever is still open."""
        self.stop_accepting()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handlers(self) -> web.Server:
        app = web.Application()
        app.router.add_get(PATH, self._on_request)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        return cast("web.Server", self._runner.server)  # set up just above

    async def _on_request(self, request: web.Request) -> web.StreamResponse:
        if "Origin" in request.headers:
            raise web.HTTPForbidden(text="Browsers have no business here.")
        ws = web.WebSocketResponse(compress=False, max_msg_size=FRAME_MAX_BYTES, timeout=CLOSE_WAIT_S)
        await ws.prepare(request)
        transport = request.transport
        await self._on_link(
            AiohttpSocket(ws, request.remote or "", transport), lambda: self._pending.leave(transport)
        )
        return ws
