"""Where something takes connections: cheaper than asking what it is, and no work for a busy server."""

import asyncio
from collections.abc import Iterable
from urllib.parse import urlsplit

CONNECT_TIMEOUT_S = 0.7
_PORTS = {"http": 80, "https": 443}


async def listening(addresses: Iterable[str]) -> frozenset[str]:
    """Return those of the addresses at which something listens now; all are tried at once."""
    tried = tuple(dict.fromkeys(addresses))
    found = await asyncio.gather(*map(_listens, tried))
    return frozenset(address for address, listens in zip(tried, found, strict=True) if listens)


async def _listens(address: str) -> bool:
    parts = urlsplit(address)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or _PORTS[parts.scheme])
    except (OSError, ValueError, KeyError):
        return False
    writer.close()
    return True
