"""Who is near: the addresses where chat links are served, and the requests that may come there. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from node.interfaces import Interface, chosen


def near_addresses(present: Iterable[Interface], wanted: Sequence[str]) -> list[str]:
    """Return this machine's addresses in its own networks; `wanted` names interfaces to look at."""
    return [one.address for one in chosen(present, wanted) if not one.is_loopback and is_near(one.address)]


def is_near(address: str) -> bool:
    """Whether an address is one of those that the internet does not carry."""
    try:
        return not ip_address(address).is_global
    except ValueError:
        return False


def is_foreign(headers: Mapping[str, str], remote: str | None) -> bool:
    """Whether a request comes from afar, from another page, or under a name.

    A page of another origin says so. A name may have been made to point here; an address cannot be. The port
    is not looked at: a tunnel of the owner's may begin at another one.
    """
    return not is_near(remote or "") or "Origin" in headers or not _is_address(headers.get("Host", ""))


def _is_address(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or bool(ip_address(name))
    except ValueError:
        return False
