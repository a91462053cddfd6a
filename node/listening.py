"""The peers' door as the owner sees it: where it listens, and which addresses a ticket names."""

from collections.abc import Callable

import ifaddr

from node.config import StartError
from node.settings import Settings
from peer.errors import PortInUse
from peer.hub import PeerHub

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104  the owner pairs, or has chosen to be reached


class PeerDoor:
    """On loopback until the owner pairs or enables the network; `network.listen` overrides both ways."""

    def __init__(self, hub: PeerHub, settings: Settings, *, port: int, name: Callable[[], str]) -> None:
        self._hub = hub
        self._settings = settings
        self._port = port
        self.name = name
        self._host = LOOPBACK

    @property
    def address(self) -> str:
        """`host:port` at which this node is best reached now."""
        return self.addresses()[0]

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
                return has_peers or self._settings.flag("network.enableLanDiscovery")

    async def open_for_peers(self) -> None:
        """The owner pairs: be reachable from the network, unless a setting says loopback."""
        if self._settings.text("network.listen") != "loopback" and self._host != EVERYWHERE:
            await self._listen(EVERYWHERE)

    async def _listen(self, host: str) -> None:
        address = await self._hub.listen(host, self._port)
        self._host, self._port = host, int(address.rpartition(":")[2])

    def addresses(self) -> list[str]:
        """Return every `host:port` at which a peer could reach this node, loopback last."""
        hosts = own_addresses() if self._host == EVERYWHERE else []
        return [f"{host}:{self._port}" for host in (*hosts, LOOPBACK)]


def own_addresses() -> list[str]:
    """Return this machine's IPv4 addresses other than loopback."""
    found = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return sorted({address for address in found if not address.startswith("127.")})
