"""The entrance of a door that strangers reach: few stand in it, few from one host, and none for long."""

import asyncio
import logging
from collections import Counter
from typing import cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

_NO_ACCESS_LOG = logging.getLogger(f"{__name__}.access")
_NO_ACCESS_LOG.disabled = True


class Entrance:
    """The connections that have not left it yet, by closing or by showing who they are."""

    def __init__(self, *, most: int, per_host: int, for_s: float) -> None:
        self._most = most
        self._per_host = per_host
        self._for_s = for_s
        self._timers: dict[asyncio.Transport, tuple[str, asyncio.TimerHandle]] = {}
        self._hosts: Counter[str] = Counter()

    def enter(self, transport: asyncio.Transport) -> bool:
        """Take the connection in and abort it when its time is up; False when there is no room."""
        host = str((transport.get_extra_info("peername") or ("",))[0])
        if len(self._timers) >= self._most or self._hosts[host] >= self._per_host:
            return False
        self._hosts[host] += 1
        timer = asyncio.get_running_loop().call_later(self._for_s, transport.abort)
        self._timers[transport] = (host, timer)
        return True

    def leave(self, transport: asyncio.BaseTransport | None) -> None:
        host, timer = self._timers.pop(cast("asyncio.Transport", transport), ("", None))
        if timer is not None:
            timer.cancel()
            self._hosts -= Counter((host,))


class CountedHandler(RequestHandler):
    """aiohttp's HTTP connection, counted while it stands in the entrance.

    aiohttp itself waits for ever for the first request of a connection.
    """

    __slots__ = ("_entrance",)

    def __init__(self, entrance: Entrance, server: web.Server) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), access_log=_NO_ACCESS_LOG)
        self._entrance = entrance

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self._entrance.enter(cast("asyncio.Transport", transport)):
            cast("asyncio.Transport", transport).abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._entrance.leave(self.transport)
        super().connection_lost(exc)
