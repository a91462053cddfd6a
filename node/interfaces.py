"""The network interfaces of the machine, and which of them lead to the owner's own network."""

import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ifaddr

LOOPBACK = "127.0.0.1"
ELSEWHERE = ("192.0.2.1", 9)
"""An address for documentation (RFC 5737). Nothing is sent to it."""

CONTAINERS = re.compile(
    r"^(docker|br-[0-9a-f]{12}$|virbr|vmnet|vboxnet|lxc|lxd|cni|flannel|podman|bridge\d)"
    r"|vethernet|virtualbox|vmware|hyper-v",
    re.IGNORECASE,
)
TUNNELS = re.compile(
    r"^(tun|tap|wg|utun|ppp|ipsec|tailscale|ts\d|zt|nordlynx|proton|mullvad)"
    r"|wireguard|openvpn|tap-windows|tailscale|zerotier|vpn",
    re.IGNORECASE,
)
"""Names that VPNs give to their interfaces, on Linux, macOS and Windows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    name: str
    address: str
    """IPv4: the peers' door listens on no other."""

    @property
    def is_loopback(self) -> bool:
        return self.address.startswith("127.")

    @property
    def is_tunnel(self) -> bool:
        return TUNNELS.search(self.name) is not None

    @property
    def is_for_containers(self) -> bool:
        return CONTAINERS.search(self.name) is not None


def interfaces() -> list[Interface]:
    """Return every interface that has an IPv4 address, once per address. Blocks, shortly."""
    found = [
        Interface(name=adapter.nice_name, address=str(ip.ip))
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if ip.is_IPv4
    ]
    return sorted(found, key=lambda one: (one.name, one.address))


def chosen(present: Iterable[Interface], wanted: Sequence[str]) -> list[Interface]:
    """Return those named in `wanted`; without a name all but loopback, containers' bridges and VPNs."""
    if wanted:
        return [one for one in present if one.name in wanted]
    return [one for one in present if not (one.is_loopback or one.is_for_containers or one.is_tunnel)]


def way_out(present: Iterable[Interface]) -> Interface | None:
    """Return the interface by which this machine reaches the world; None when it reaches nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)  # a datagram socket only looks up the route
            address = probe.getsockname()[0]
        except OSError:
            return None
    return next((one for one in present if one.address == address), None)
