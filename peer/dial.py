"""Dialling a node: the key that answers is compared with the expected one before any HTTP byte is sent."""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from functools import cache
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from peer.errors import LinkError, Unreachable, WrongNode
from peer.identity import NodeId, node_id_of_certificate
from peer.messages import FRAME_MAX_BYTES
from peer.sockets import CLOSE_WAIT_S, WebsocketsSocket
from peer.tasks import cancelled
from peer.tls import SERVER_NAME, client_context

DIAL_TIMEOUT_S = 5
"""For one address: name, TCP, TLS and the upgrade."""
STAGGER_S = 0.3
"""How long an address has to itself before the next one is tried beside it."""
PATH = "/peer-ws"


async def dial(addresses: Sequence[str], node_id: NodeId) -> tuple[WebsocketsSocket, str]:
    """Try the addresses, each a little after the one before; return the socket to `node_id`, and where."""
    error: LinkError = Unreachable(f"No address is known for {node_id[:8]}. Give one, or pair again.")
    left, trying = deque(addresses), dict[asyncio.Task[tuple[WebsocketsSocket, NodeId]], str]()
    try:
        while left or trying:
            if left:
                address = left.popleft()
                trying[asyncio.create_task(_dial_one(address, node_id))] = address
            done, _ = await asyncio.wait(
                trying, timeout=STAGGER_S if left else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                address = trying.pop(task)
                try:
                    return task.result()[0], address
                except LinkError as failure:
                    # Another node at an address says more than silence at the next one.
                    error = error if isinstance(error, WrongNode) else failure
    finally:
        await _give_up(*trying)
    raise error


async def _give_up(*trying: "asyncio.Task[tuple[WebsocketsSocket, NodeId]]") -> None:
    """End what is no longer wanted, also what has come about meanwhile."""
    await cancelled(*trying)
    for task in trying:
        if not task.cancelled() and task.exception() is None:
            await task.result()[0].close()


async def meet(address: str) -> tuple[WebsocketsSocket, NodeId]:
    """Dial whoever listens there; return the socket and the key that TLS proved. It says nothing of trust."""
    return await _dial_one(address, None)


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of `host:port` or `[v6]:port`; raise ValueError when it is neither."""
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) <= 65_535):
        raise ValueError(f"{address[:80]!r} is not an address; write it as host:port")
    return host, int(port)


def join_address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _dial_one(address: str, node_id: NodeId | None) -> tuple[WebsocketsSocket, NodeId]:
    try:
        host, port = split_address(address)
        ws = await _connect(host, port, node_id)
    except TimeoutError:
        raise Unreachable(f"{address} did not answer within {DIAL_TIMEOUT_S} s. Is the node on?") from None
    except (OSError, ValueError) as error:
        raise Unreachable(f"{address} cannot be reached: {_why(error)}. Is the node on?") from error
    except (InvalidHandshake, EOFError) as error:
        raise Unreachable(f"{address} did not open a link: {error}.") from error
    return WebsocketsSocket(ws, host), _seen(ws)


def _why(error: OSError | ValueError) -> str:
    """Say in words why no connection came about."""
    match error:
        case ConnectionRefusedError():
            return "nothing listens there"
        case ConnectionResetError() | ConnectionAbortedError():
            return "it hung up"
        case socket.gaierror():
            return "no machine of that name is known here"
        case OSError(strerror=str(reason)) if reason:
            return reason[0].lower() + reason[1:]
        case _:
            return str(error) or "the connection failed"


async def _connect(host: str, port: int, node_id: NodeId | None) -> ClientConnection:
    return await _Connect(
        f"wss://{join_address(host, port)}{PATH}",
        create_connection=_pinned(node_id),
        ssl=_tls(),
        server_hostname=SERVER_NAME,
        proxy=None,
        compression=None,
        user_agent_header=None,
        open_timeout=DIAL_TIMEOUT_S,
        # The link has its own sign of life.
        ping_interval=None,
        close_timeout=CLOSE_WAIT_S,
        max_size=FRAME_MAX_BYTES,
    )


@cache
def _tls() -> ssl.SSLContext:
    """Return the one context of all dials; it keeps nothing of a connection."""
    return client_context()


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        """Follow no redirect: the pin is for this address."""
        return exc


class _TextOnly(ClientConnection):
    def process_event(self, event: Event) -> None:
        """Hang up on what no node sends: pieces, and pings, to which the library answers without a bound."""
        if isinstance(event, Frame) and (event.opcode in (Opcode.PING, Opcode.PONG) or not event.fin):
            self.transport.abort()
        else:
            super().process_event(event)


def _pinned(expected: NodeId | None) -> type[ClientConnection]:
    class PinnedConnection(_TextOnly):
        async def handshake(self, *args: Any, **kwargs: Any) -> None:
            """Compare the key that TLS proved, and only then send the HTTP request."""
            seen = _seen(self)
            if expected is not None and seen != expected:
                raise WrongNode(
                    f"Another node than {expected[:8]} answered. The address is out of date, "
                    "or somebody is in between."
                )
            await super().handshake(*args, **kwargs)

    return PinnedConnection


def _seen(connection: ClientConnection) -> NodeId:
    """Return the key that TLS proved."""
    tls = connection.transport.get_extra_info("ssl_object")
    if not isinstance(tls, ssl.SSLObject):
        raise WrongNode("The connection is not encrypted.")
    seen = node_id_of_certificate(tls.getpeercert(binary_form=True) or b"")
    if seen is None:
        raise WrongNode("What answered there is no Palaver node.")
    return seen
