"""The readers' door: listeners that serve chat links and nothing else, each only while a link needs it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from node.store.chat_links import Reach
from peer.entrance import CountedHandler, Entrance

CONNECTIONS_MAX = 32
CONNECTIONS_PER_HOST_MAX = 8
CONNECTION_MAX_S = 20.0
CLOSE_WAIT_S = 1.0

Answer: TypeAlias = Callable[[web.BaseRequest, Reach], Awaitable[web.StreamResponse]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where links of one reach are served."""

    reach: Reach
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class ReadersDoor:
    """It has nothing of the owner's door: no token opens anything here, and there is nothing but pages."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._handlers: dict[Reach, tuple[web.Server, Entrance]] = {}
        self._listeners: dict[Place, asyncio.Server] = {}
        self._failed: frozenset[Place] = frozenset()

    @property
    def places(self) -> AbstractSet[Place]:
        """Where it listens now."""
        return self._listeners.keys()

    def port(self, reach: Reach) -> int | None:
        """Return the port at which links of a reach are served now."""
        return next((place.port for place in self._listeners if place.reach is reach), None)

    async def open(self, reach: Reach, host: str, port: int) -> Place:
        """Listen at a place, with port 0 at a free one, and return it. Raises `OSError`."""
        server, entrance = self._handlers_of(reach)
        listener = await asyncio.get_running_loop().create_server(
            lambda: CountedHandler(entrance, server), host, port
        )
        place = Place(reach=reach, host=host, port=listener.sockets[0].getsockname()[1])
        self._listeners[place] = listener
        return place

    async def settle(self, wanted: AbstractSet[Place]) -> None:
        """Listen at these places and at no other; one that cannot be had is tried again the next time."""
        for place in self._listeners.keys() - wanted:
            self._listeners.pop(place).close()
        failed = {place for place in wanted - self._listeners.keys() if not await self._try(place)}
        self._failed = frozenset(failed)

    async def close(self) -> None:
        await self.settle(frozenset())
        for server, _ in self._handlers.values():
            await server.shutdown(CLOSE_WAIT_S)

    async def _try(self, place: Place) -> bool:
        try:
            await self.open(place.reach, place.host, place.port)
        except OSError as error:
            if place not in self._failed:
                logger.warning("chat links cannot be served at %s: %s", place, error.strerror or error)
            return False
        return True

    def _handlers_of(self, reach: Reach) -> tuple[web.Server, Entrance]:
        if reach not in self._handlers:
            self._handlers[reach] = (
                web.Server(lambda request: self._answer(request, reach)),
                Entrance(most=CONNECTIONS_MAX, per_host=CONNECTIONS_PER_HOST_MAX, for_s=CONNECTION_MAX_S),
            )
        return self._handlers[reach]
