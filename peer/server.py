"""The peers' door: a TLS listener that serves `/peer-ws` and nothing else, and bounds who may stand in it."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeAlias, cast

from aiohttp import web

from peer.dial import PATH, join_address
from peer.entrance import NOTHING_TOLD, CountedHandler, Entrance, Place
from peer.errors import PortInUse
from peer.identity import Identity
from peer.messages import FRAME_MAX_BYTES
from peer.protocol import HANDSHAKE_TIMEOUT_S
from peer.sockets import CLOSE_WAIT_S, AiohttpSocket
from peer.tasks import Tasks, cancelled
from peer.tls import server_context

MAX_PENDING = 32
MAX_PENDING_PER_HOST = 4
PENDING_MAX_BYTES = 32 * 1024
"""A connection sends no more than this before it has proved a key: an upgrade and a greeting are a tenth."""
BACKLOG = 128
ACCEPT_PAUSE_S = 1.0
"""How long nobody is let in when the system cannot: it has no file left, say."""

logger = logging.getLogger(__name__)

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
            most=MAX_PENDING,
            per_host=MAX_PENDING_PER_HOST,
            for_s=HANDSHAKE_TIMEOUT_S + 1,
            max_bytes=PENDING_MAX_BYTES,
        )
        self._tasks = Tasks()
        self._runner: web.AppRunner | None = None
        self._accepting: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> str:
        """Listen; return the `host:port` in use. Raises `PortInUse`."""
        context = await asyncio.to_thread(server_context, self._identity)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise PortInUse(
                f"Peers cannot reach this node at {join_address(host, port)}: {error.strerror or error}. "
                "Choose another peer port, or stop what uses it."
            ) from error
        listening.setblocking(False)
        self.address = join_address(host, listening.getsockname()[1])
        handlers = await self._handlers()
        self._accepting = asyncio.create_task(self._accept(listening, context, handlers), name="peers' door")
        # Not in the task itself: one that is cancelled before its first step runs none of its code.
        self._accepting.add_done_callback(lambda _: listening.close())
        return self.address

    def stop_accepting(self) -> None:
        if self._accepting is not None:
            self._accepting.cancel()

    async def close(self) -> None:
        """Stop, and end whatever is still open."""
        await cancelled(self._accepting)
        await self._tasks.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handlers(self) -> web.Server:
        app = web.Application()
        app.router.add_get(PATH, self._on_request)
        app.on_response_prepare.append(_tell_nothing)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        return cast("web.Server", self._runner.server)  # set up just above

    async def _accept(self, listening: socket.socket, context: ssl.SSLContext, handlers: web.Server) -> None:
        """Count whoever comes before anything is spent on them, TLS included."""
        while True:
            connection, host = await _next(listening)
            place = self._pending.enter(host)
            if place is None:
                connection.close()
            else:
                handler = CountedHandler(self._pending, handlers, place)
                self._tasks.spawn(_let_in(connection, place, handler, context))
            # asyncio takes a connection that waits without a pause, so a flood would be all that runs.
            await asyncio.sleep(0)

    async def _on_request(self, request: web.Request) -> web.StreamResponse:
        if "Origin" in request.headers:
            raise web.HTTPForbidden(text="Browsers have no business here.")
        # Nodes send text alone, so a ping is answered by hanging up and not by a pong.
        ws = web.WebSocketResponse(
            compress=False, autoping=False, max_msg_size=FRAME_MAX_BYTES, timeout=CLOSE_WAIT_S
        )
        await ws.prepare(request)
        handler = cast("CountedHandler", request.protocol)  # `_accept` makes no others
        await self._on_link(AiohttpSocket(ws, request.remote or "", request.transport), handler.settle)
        return ws


async def _next(listening: socket.socket) -> tuple[socket.socket, str]:
    """Return the next connection, and the host that it comes from."""
    while True:
        try:
            connection, address = await asyncio.get_running_loop().sock_accept(listening)
        except ConnectionError:
            continue  # it left before it was let in
        except OSError as error:
            logger.warning("nobody can be let in for %g s: %s", ACCEPT_PAUSE_S, error)
            await asyncio.sleep(ACCEPT_PAUSE_S)
        else:
            return connection, str(address[0])


async def _let_in(
    connection: socket.socket, place: Place, handler: CountedHandler, context: ssl.SSLContext
) -> None:
    try:
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: handler,
            connection,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S,
            ssl_shutdown_timeout=CLOSE_WAIT_S,
        )
    except OSError:
        place.leave()  # no TLS, or not in time


async def _tell_nothing(_: web.BaseRequest, response: web.StreamResponse) -> None:
    response.headers.update(NOTHING_TOLD)
