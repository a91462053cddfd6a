"""The entrance of a door that strangers reach: few stand in it, few from one host, none for long."""

import asyncio
import logging
from collections import Counter
from typing import cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

NOTHING_TOLD = {"Server": "palaver"}
"""In place of the versions of Python and aiohttp, which are no stranger's affair."""

_NO_LOG = logging.getLogger(f"{__name__}.http")
_NO_LOG.disabled = True


class Entrance:
    """The connections that have not left it yet, by closing or by showing who they are."""

    def __init__(self, *, most: int, per_host: int, for_s: float, max_bytes: int | None = None) -> None:
        self.for_s = for_s
        self.max_bytes = max_bytes
        """So much one of them may send."""
        self._most = most
        self._per_host = per_host
        self._hosts: Counter[str] = Counter()

    def enter(self, host: str) -> "Place | None":
        """Take a connection in; None when there is no room."""
        if self._hosts.total() >= self._most or self._hosts[host] >= self._per_host:
            return None
        self._hosts[host] += 1
        return Place(self, host)

    def leave(self, host: str) -> None:
        self._hosts -= Counter((host,))


class Place:
    """One connection's place; `leave` it once it has shown who it is, or is gone."""

    def __init__(self, entrance: Entrance, host: str) -> None:
        self.entrance = entrance
        self._host = host
        self._is_left = False
        self._received = 0

    def leave(self) -> None:
        if not self._is_left:
            self._is_left = True
            self.entrance.leave(self._host)

    def takes(self, size: int) -> bool:
        """Count what was received; False when it is too much for somebody who has not shown who it is."""
        most = None if self._is_left else self.entrance.max_bytes
        self._received += size
        return most is None or self._received <= most


class CountedHandler(RequestHandler):
    """aiohttp's HTTP connection, within the bounds of the entrance as long as it stands there.

    aiohttp itself waits long for the first request of a connection, and tells everybody its version.
    """

    __slots__ = ("_entrance", "_place", "_timer")

    def __init__(self, entrance: Entrance, server: web.Server, place: Place | None = None) -> None:
        """`place` is one that was taken before, as by a connection that had to speak TLS first."""
        super().__init__(server, loop=asyncio.get_running_loop(), access_log=_NO_LOG, logger=_NO_LOG)
        self._entrance = entrance
        self._place = place
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        abort = cast("asyncio.Transport", transport).abort
        host = str((transport.get_extra_info("peername") or ("",))[0])
        self._place = self._place or self._entrance.enter(host)
        if self._place is None:
            abort()
        else:
            self._timer = asyncio.get_running_loop().call_later(self._entrance.for_s, abort)

    def data_received(self, data: bytes) -> None:
        if self._place is not None and self._place.takes(len(data)):
            super().data_received(data)
        elif self.transport is not None:
            self.transport.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        self.settle()
        super().connection_lost(exc)

    def settle(self) -> None:
        """Leave the entrance: who is there has shown who it is, or nobody is there any more."""
        if self._place is not None:
            self._place.leave()
        if self._timer is not None:
            self._timer.cancel()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no request without a word or a line in the log, which strangers could fill."""
        response = web.Response(status=status, headers=NOTHING_TOLD)
        response.force_close()
        return response
