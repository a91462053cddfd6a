"""One small socket for the link, whatever carries it: aiohttp as server, websockets as client, memory."""

import asyncio
import contextlib
from typing import Protocol

from aiohttp import WSMsgType, web
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

CLOSE_WAIT_S = 2
CLOSE_UNSUPPORTED = 1003
MEMORY_QUEUE = 64


class Socket(Protocol):
    """An ordered stream of text messages both ways. One task reads, one task writes."""

    @property
    def remote_host(self) -> str:
        """Where the other side is, as far as the network says."""
        ...

    async def send_text(self, text: str) -> None:
        """Send one message; waits while the other side is slow. Raises ConnectionError once it is closed."""
        ...

    async def recv_text(self) -> str | None:
        """Return the next message; None once the socket is closed, by whichever side."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it, within `CLOSE_WAIT_S`; closing again changes nothing."""
        ...

    def close_heard(self) -> tuple[int, str]:
        """Return code and reason with which the other side closed; (1006, "") when it never said."""
        ...


class AiohttpSocket:
    """The listener's side."""

    def __init__(self, ws: web.WebSocketResponse, remote_host: str) -> None:
        self._ws = ws
        self.remote_host = remote_host
        self._heard = (1006, "")

    async def send_text(self, text: str) -> None:
        if self._ws.closed:
            raise ConnectionResetError("the socket is closed")
        await self._ws.send_str(text)

    async def recv_text(self) -> str | None:
        if self._ws.closed:
            return None
        # Anything but text is looked at by its type alone: a failed read comes as an ERROR message that
        # carries an exception in place of data.
        message = await self._ws.receive()
        match message.type:
            case WSMsgType.TEXT:
                return str(message.data)
            case WSMsgType.CLOSE:
                self._heard = (int(message.data), str(message.extra or ""))
            case WSMsgType.BINARY:
                await self.close(CLOSE_UNSUPPORTED, "text only")
        return None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        # aiohttp has no limit of its own on writing the close frame to a peer that does not read.
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(CLOSE_WAIT_S):
                await self._ws.close(code=code, message=reason.encode())

    def close_heard(self) -> tuple[int, str]:
        return self._heard


class WebsocketsSocket:
    """The dialler's side."""

    def __init__(self, ws: ClientConnection, remote_host: str) -> None:
        self._ws = ws
        self.remote_host = remote_host

    async def send_text(self, text: str) -> None:
        try:
            await self._ws.send(text)
        except ConnectionClosed as error:
            raise ConnectionResetError("the socket is closed") from error

    async def recv_text(self) -> str | None:
        try:
            message = await self._ws.recv()
        except ConnectionClosed:
            return None
        if isinstance(message, str):
            return message
        await self.close(CLOSE_UNSUPPORTED, "text only")
        return None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        try:
            async with asyncio.timeout(CLOSE_WAIT_S):
                await self._ws.close(code, reason)
        except TimeoutError:
            self._ws.transport.abort()

    def close_heard(self) -> tuple[int, str]:
        frame = self._ws.protocol.close_rcvd
        return (frame.code, frame.reason) if frame else (1006, "")


class MemorySocket:
    """One end of a pair within the process; what is sent is text all the same."""

    remote_host = "memory"

    def __init__(self) -> None:
        self._inbox: asyncio.Queue[str] = asyncio.Queue(maxsize=MEMORY_QUEUE)
        self._closed = asyncio.Event()
        self._heard = (1006, "")
        self._other = self

    @classmethod
    def pair(cls) -> tuple["MemorySocket", "MemorySocket"]:
        left, right = cls(), cls()
        left._other, right._other = right, left
        return left, right

    async def send_text(self, text: str) -> None:
        if self._closed.is_set():
            raise ConnectionResetError("the socket is closed")
        put = asyncio.ensure_future(self._other._inbox.put(text))  # noqa: SLF001 - as above
        if not await self._first(put):
            raise ConnectionResetError("the socket is closed")

    async def recv_text(self) -> str | None:
        get = asyncio.ensure_future(self._inbox.get())
        return get.result() if await self._first(get) else None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self._closed.is_set():
            return
        self._other._heard = (code, reason)  # noqa: SLF001 - as above
        self._closed.set()
        self._other._closed.set()  # noqa: SLF001 - as above

    def close_heard(self) -> tuple[int, str]:
        return self._heard

    async def _first(self, work: "asyncio.Future[str] | asyncio.Future[None]") -> bool:
        """Say whether `work` was done before the socket closed; what came before a close is still read."""
        closed = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait((work, closed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            closed.cancel()
            if not work.done():
                work.cancel()
        return work.done() and not work.cancelled()
