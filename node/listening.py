"""The peers' door as the owner sees it: where it listens, and which addresses a ticket names."""

import asyncio
import logging
from collections.abc import Callable

from node.config import StartError
from node.interfaces import LOOPBACK, interfaces
from node.settings import Settings
from peer.errors import PortInUse
from peer.hub import PeerHub

EVERYWHERE = "0.0.0.0"  # noqa: S104  the owner pairs, or has chosen to be reached

logger = logging.getLogger(__name__)


class PeerDoor:
    """On loopback until the owner pairs or shows the node; `network.listen` overrides both ways."""

    def __init__(self, hub: PeerHub, settings: Settings, *, port: int, name: Callable[[], str]) -> None:
        self._hub = hub
        self._settings = settings
        self._port = port
        self.name = name
        self._host = LOOPBACK
        self._is_pairing = False
        self._moving = asyncio.Lock()

    @property
    def address(self) -> str:
        """`host:port` at which this node is best reached now."""
        return self.addresses()[0]

    @property
    def port(self) -> int:
        return self._port

    async def open(self, *, has_peers: bool) -> None:
        """Listen for the first time; raises `StartError` when the port is taken."""
        try:
            await self._listen(EVERYWHERE if self._is_wide(has_peers=has_peers) else LOOPBACK)
        except PortInUse as error:
            raise StartError(f"{error} (--peer-port N or PALAVER_PEER_PORT=N; 0 takes a free one)") from None

    def _is_wide(self, *, has_peers: bool) -> bool:
        match self._settings.text("network.listen"):
            case "lan":
                return True
            case "loopback":
                return False
            case _:
                return has_peers or self._is_pairing or self._is_shown()

    def _is_shown(self) -> bool:
        return self._settings.flag("network.enableLanDiscovery") and not self._settings.flag("network.hidden")

    async def open_for_peers(self) -> None:
        """The owner pairs: be reachable from the network, unless a setting says loopback."""
        self._is_pairing = True
        await self._move()

    async def follow(self) -> None:
        """Listen where the settings want it by now; open links stay."""
        try:
            await self._move()
        except PortInUse as error:
            logger.warning("the peers' door stays where it is: %s", error)

    async def _move(self) -> None:
        async with self._moving:
            has_peers = any(status.record.is_trusted for status in self._hub.peers())
            host = EVERYWHERE if self._is_wide(has_peers=has_peers) else LOOPBACK
            if host != self._host:
                await self._listen(host)

    async def _listen(self, host: str) -> None:
        address = await self._hub.listen(host, self._port)
        self._host, self._port = host, int(address.rpartition(":")[2])

    def addresses(self) -> list[str]:
        """Return every `host:port` at which a peer could reach this node, loopback last."""
        hosts = own_addresses() if self._host == EVERYWHERE else []
        return [f"{host}:{self._port}" for host in (*hosts, LOOPBACK)]


def own_addresses() -> list[str]:
    """Return this machine's IPv4 addresses other than loopback."""
    return sorted({one.address for one in interfaces() if not one.is_loopback})
