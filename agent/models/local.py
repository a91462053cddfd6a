"""Whether a model's address stays on this machine; decided from the text alone, without asking DNS."""

import ipaddress
from urllib.parse import urlsplit


def refusal(url: str, allow_remote: bool) -> str | None:
    """Say why this address is not used, or None when it may be."""
    if any(char <= " " or char in '\\"<>' for char in url):
        return f"{url!r} is not an address: it holds a blank, a backslash or a quote."
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"{url!r} is not an address: {error}."
    if parts.scheme not in {"http", "https"} or not host:
        return f"{url!r} is not an address of a model server; it should look like http://127.0.0.1:11434."
    if "@" in parts.netloc:
        return f"The address of {host} carries a user name; Palaver sends none to model servers."
    if allow_remote or is_loopback(host):
        return None
    return (
        f"{url} is not on this machine, and what you ask would leave it. "
        "Allow remote models in the settings if you want that."
    )


def is_loopback(host: str) -> bool:
    """Whether a host name or literal address is this machine's own loopback."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
