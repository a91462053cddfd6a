"""The sockets of links: aiohttp's on the listener's side, websockets' on the dialler's."""

import asyncio
import contextlib

from aiohttp import WSCloseCode, WSMsgType, web
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

CLOSE_WAIT_S = 2
CLOSE_UNSUPPORTED = 1003


class AiohttpSocket:
    """The listener's side."""

    def __init__(
        self, ws: web.WebSocketResponse, remote_host: str, transport: asyncio.Transport | None = None
    ) -> None:
        self._transport = transport
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
            case WSMsgType.BINARY | WSMsgType.PING | WSMsgType.PONG:
                await self.close(CLOSE_UNSUPPORTED, "text only")
        return None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        # aiohttp has no limit of its own on writing the close frame to a peer that does not read.
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(CLOSE_WAIT_S):
                await self._ws.close(code=code, message=reason.encode())
        # Who did not answer the close will not answer that of TLS either.
        if self._transport is not None and self._ws.close_code in (None, WSCloseCode.ABNORMAL_CLOSURE):
            self._transport.abort()

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
