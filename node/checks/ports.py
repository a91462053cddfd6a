"""Whether the node's ports can be had while it is off, and whether its peers' door answers while it runs."""

import asyncio
import socket

from node.checks.check import Check, ok, wrong
from peer.dial import meet
from peer.errors import LinkError


def free(name: str, host: str, port: int, option: str) -> Check:
    """Check that the node could listen here; port 0 is whichever is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As asyncio does for a server, or a port would seem taken that only just was.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            remedy = f"stop what uses it, or start with {option} N"
            return wrong(name, f"port {port} cannot be had: {error.strerror}", remedy)
    return ok(name, f"port {port} is free" if port else "any free port")


async def answering(addresses: list[str], node_id: str) -> list[Check]:
    """Check that this node answers at each of its own addresses."""
    return list(await asyncio.gather(*(_answers(address, node_id) for address in addresses)))


async def _answers(address: str, node_id: str) -> Check:
    try:
        websocket, found = await meet(address)
    except LinkError as error:
        remedy = "a firewall here may block it; let in TCP on this port"
        return wrong("door", str(error), remedy)
    await websocket.close()
    if found != node_id:
        return wrong("door", f"another node answers at {address}", "choose another peer port (--peer-port N)")
    return ok("door", f"peers are answered at {address}")
