"""Whether this machine hears its own multicast: what finding others needs, on each network interface."""

import asyncio
import errno
from collections.abc import Sequence
from contextlib import suppress

from node.checks.check import Check, hint, ok, wrong
from node.interfaces import Interface
from peer.announcement import Presence
from peer.discovery import Discovery
from peer.identity import Identity, NodeId

SERVICE = "_palaver-check._tcp.local."
"""Not the one that nodes look for: nobody is to see the check."""
WITHIN_S = 3.0
"""An announcement goes out three times within half a second."""


async def heard(interfaces: Sequence[Interface]) -> list[Check]:
    """Check each interface by an announcement to oneself."""
    if not interfaces:
        remedy = "join a network, or name an interface: palaver config set network.interfaces '[\"NAME\"]'"
        return [hint("multicast", "there is no network interface to look for others on", remedy)]
    return list(await asyncio.gather(*(_hears_itself(one) for one in interfaces)))


async def _hears_itself(interface: Interface) -> Check:
    where = f"{interface.name} ({interface.address})"
    try:
        is_heard = await _is_heard(interface.address)
    except OSError as error:
        return wrong("multicast", f"{where} cannot be used: {error.strerror or error}", _remedy(error))
    if not is_heard:
        remedy = "let in UDP port 5353 at the firewall; some VPN programs block it while they are on"
        return wrong("multicast", f"{where} does not hear what it sends itself", remedy)
    return ok("multicast", f"{where} hears what it sends")


async def _is_heard(address: str) -> bool:
    speaker_id, listener_id = Identity.generate().node_id, Identity.generate().node_id
    waiting = _Waiting(speaker_id)
    listener = Discovery(listener_id, waiting, service=SERVICE)
    speaker = Discovery(speaker_id, _Waiting(speaker_id), service=SERVICE)
    try:
        async with asyncio.TaskGroup() as group:
            await listener.show(Presence(interfaces=(address,)))
            group.create_task(speaker.show(Presence(interfaces=(address,), addresses=(address,), port=9)))
            with suppress(TimeoutError):
                await asyncio.wait_for(waiting.heard.wait(), WITHIN_S)
    finally:
        await asyncio.gather(listener.close(), speaker.close())
    return waiting.heard.is_set()


class _Waiting:
    """Waits for one node to be found."""

    def __init__(self, awaited: NodeId) -> None:
        self.heard = asyncio.Event()
        self._awaited = awaited

    def found(self, node_id: NodeId, addresses: tuple[str, ...]) -> None:
        if node_id == self._awaited:
            self.heard.set()

    def gone(self, node_id: NodeId) -> None: ...

    def none_found(self) -> None: ...


def _remedy(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program keeps UDP port 5353 to itself; of Avahi it is the line disallow-other-stacks"
    return "look whether the interface is up and may use multicast"
