"""Finding nodes on the local network by mDNS, and being found. A find is a hint: nobody is dialled for it."""

import asyncio
import logging
from typing import Protocol

from zeroconf import Error, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from peer.announcement import (
    NOWHERE,
    SERVICE,
    Presence,
    host_name,
    instance_name,
    node_id_in,
    properties,
    read_announcement,
)
from peer.identity import NodeId

ANNOUNCED_FOR_S = 1_200
"""How long others remember a node that left without a word; what they keep at least is 1 125 s."""
RESOLVE_TIMEOUT_S = 3
RESOLVING_MAX = 16
"""Announcements whose addresses did not come with them; more at a time are passed over."""
CLOSE_TIMEOUT_S = 2

logger = logging.getLogger(__name__)


class Finds(Protocol):
    """Who is told; `sightings.Sightings` is one."""

    def found(self, node_id: NodeId, addresses: tuple[str, ...]) -> None: ...

    def gone(self, node_id: NodeId) -> None: ...

    def none_found(self) -> None: ...


class Discovery:
    """`show` it where to be, as often as that changes, and `close` it in the end. One call at a time."""

    def __init__(self, node_id: NodeId, finds: Finds, *, service: str = SERVICE) -> None:
        self._node_id = node_id
        self._finds = finds
        self._service = service
        self._presence = NOWHERE
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._info: AsyncServiceInfo | None = None
        self._resolving: dict[str, asyncio.Task[None]] = {}

    async def show(self, presence: Presence) -> None:
        """Look and announce as `presence` says from now on; raise OSError when the network cannot be used."""
        if presence == self._presence:
            return
        if not presence.interfaces:
            await self.close()
            return
        try:
            await (self._open(presence) if self._zeroconf is None else self._move(self._zeroconf, presence))
        except Error as error:
            await self.close()
            raise OSError(f"multicast DNS failed: {error}") from error
        except BaseException:
            await self.close()
            raise
        self._presence = presence

    async def close(self) -> None:
        """Say good-bye, wait until that is sent, and forget who was found."""
        zeroconf, self._zeroconf = self._zeroconf, None
        self._browser = self._info = None
        self._presence = NOWHERE
        resolving = list(self._resolving.values())
        for task in resolving:
            task.cancel()
        await asyncio.gather(*resolving, return_exceptions=True)
        if zeroconf is not None:
            await _closed(zeroconf)
        self._finds.none_found()

    async def _open(self, presence: Presence) -> None:
        self._zeroconf = AsyncZeroconf(interfaces=list(presence.interfaces))
        self._browser = self._browse(self._zeroconf)
        await self._announce(self._zeroconf, presence)

    async def _move(self, zeroconf: AsyncZeroconf, presence: Presence) -> None:
        # First, so that nothing of the old network is said on the new one.
        await self._announce(zeroconf, presence)
        if presence.interfaces == self._presence.interfaces:
            return
        await zeroconf.async_update_interfaces(list(presence.interfaces))
        if self._browser is not None:
            await self._browser.async_cancel()
        # A new browser asks at once who is there; the old one would wait long.
        self._browser = self._browse(zeroconf)

    def _browse(self, zeroconf: AsyncZeroconf) -> AsyncServiceBrowser:
        return AsyncServiceBrowser(zeroconf.zeroconf, self._service, handlers=[self._on_change])

    async def _announce(self, zeroconf: AsyncZeroconf, presence: Presence) -> None:
        """Announce, announce anew, or take it back."""
        before, self._info = self._info, self._service_info(presence) if presence.addresses else None
        match (before, self._info):
            case (None, AsyncServiceInfo() as info):
                # No probing for the name, which would take a second: it is the key's, so nobody else has it.
                await (await zeroconf.async_register_service(info, cooperating_responders=True))
            case (AsyncServiceInfo(), AsyncServiceInfo() as info):
                await (await zeroconf.async_update_service(info))
            case (AsyncServiceInfo() as info, None):
                await (await zeroconf.async_unregister_service(info))

    def _service_info(self, presence: Presence) -> AsyncServiceInfo:
        return AsyncServiceInfo(
            self._service,
            instance_name(self._node_id, self._service),
            port=presence.port,
            properties=dict(properties(self._node_id)),
            server=host_name(self._node_id),
            other_ttl=ANNOUNCED_FOR_S,
            parsed_addresses=list(presence.addresses),
        )

    def _on_change(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        """Take what the browser heard. zeroconf calls it by these names, and it must not raise."""
        node_id = node_id_in(name, self._service)
        if node_id is None or node_id == self._node_id:
            return
        if state_change is ServiceStateChange.Removed:
            self._finds.gone(node_id)
            return
        info = AsyncServiceInfo(service_type, name)
        if info.load_from_cache(zeroconf):
            self._take(node_id, info)
        elif name not in self._resolving and len(self._resolving) < RESOLVING_MAX:
            task = asyncio.create_task(self._resolve(zeroconf, node_id, info))
            self._resolving[name] = task
            task.add_done_callback(lambda _: self._resolving.pop(name))

    async def _resolve(self, zeroconf: Zeroconf, node_id: NodeId, info: AsyncServiceInfo) -> None:
        try:
            if await info.async_request(zeroconf, RESOLVE_TIMEOUT_S * 1000):
                self._take(node_id, info)
        except Exception:
            logger.exception("an announcement could not be followed up")

    def _take(self, node_id: NodeId, info: AsyncServiceInfo) -> None:
        announcement = read_announcement(node_id, info.decoded_properties, info.parsed_addresses(), info.port)
        if announcement is not None:
            self._finds.found(node_id, announcement.addresses)


async def _closed(zeroconf: AsyncZeroconf) -> None:
    """Close it; what is registered is taken back first, with its good-byes sent."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await zeroconf.async_close()
    except TimeoutError:
        logger.warning("the network did not take the good-bye")
