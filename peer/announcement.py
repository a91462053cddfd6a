"""What a node says of itself on the local network, and what is believed of what others say there."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from peer.identity import NodeId, parse_node_id

SERVICE = "_palaver._tcp.local."
VERSION = "1"
ADDRESSES_MAX = 4
"""Of one node; whatever more it says it has is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A hint where a node might be reached. Anybody can make one up: only dialling shows who is there."""

    node_id: NodeId
    addresses: tuple[str, ...]
    """`host:port` of IPv4 addresses: the peers' door listens on no others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Where to look, and what to say there."""

    interfaces: tuple[str, ...]
    """IPv4 addresses of this machine's network interfaces; without one there is nowhere to look."""
    addresses: tuple[str, ...] = ()
    """At which peers reach this node; without one it looks and is not seen."""
    port: int = 0


NOWHERE = Presence(interfaces=())


def instance_name(node_id: NodeId, service: str = SERVICE) -> str:
    """Return the name of a node's service: its id, which nobody else has, and nothing about its owner."""
    return f"{node_id}.{service}"


def host_name(node_id: NodeId) -> str:
    """Return the host of a node's service; the machine's own name stays with its owner."""
    return f"{node_id}.local."


def properties(node_id: NodeId) -> dict[str, str]:
    """Return the TXT record: the version and the id, nothing else."""
    return {"v": VERSION, "id": node_id}


def node_id_in(name: str, service: str = SERVICE) -> NodeId | None:
    """Return whose service has this name, or None when it is no node's."""
    try:
        return parse_node_id(name.removesuffix(f".{service}"))
    except ValueError:
        return None


def read_announcement(
    node_id: NodeId, text: Mapping[str, str | None], hosts: Iterable[str], port: int | None
) -> Announcement | None:
    """Return what is believed of a service that stands under the name of `node_id`; None when nothing is."""
    if text.get("v") != VERSION or text.get("id") != node_id or port is None or not 0 < port <= 65_535:
        return None
    usable = list(dict.fromkeys(host for host in hosts if _can_be_dialled(host)))[:ADDRESSES_MAX]
    if not usable:
        return None
    return Announcement(node_id=node_id, addresses=tuple(f"{host}:{port}" for host in usable))


def _can_be_dialled(host: str) -> bool:
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return not (address.is_multicast or address.is_unspecified or address.is_reserved)
