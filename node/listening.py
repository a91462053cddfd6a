"""The peers' door as the owner sees it: where it listens, and which addresses a ticket names."""

from collections.abc import Callable

import ifaddr

from node.settings import Settings
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
        self.address = ""
        """`host:port` where the door listens now."""

    async def open(self, *, has_peers: bool) -> None:
        choice = self._settings.text("network.listen")
        is_wide = choice == "lan" or (
            choice == "auto" and (has_peers or self._settings.flag("network.enableLanDiscovery"))
        )
        await self._listen(EVERYWHERE if is_wide else LOOPBACK)

    async def open_for_peers(self) -> None:
        """The owner pairs: be reachable from the network, unless a setting says loopback."""
        if self._settings.text("network.listen") != "loopback" and not self.address.startswith(EVERYWHERE):
            await self._listen(EVERYWHERE)

    async def _listen(self, host: str) -> None:
        self.address = await self._hub.listen(host, self._port)
        self._port = int(self.address.rpartition(":")[2])

    def addresses(self) -> list[str]:
        """Return every `host:port` at which a peer could reach this node, loopback last."""
        hosts = own_addresses() if self.address.startswith(EVERYWHERE) else []
        return [f"{host}:{self._port}" for host in (*hosts, LOOPBACK)]


def own_addresses() -> list[str]:
    """Return this machine's IPv4 addresses other than loopback."""
    found = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return sorted({address for address in found if not address.startswith("127.")})
