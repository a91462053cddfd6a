"""Finding and being found as the owner wants it: follows the settings, the peers' door and the network."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from node.interfaces import Interface, chosen, interfaces
from node.listening import PeerDoor
from node.settings import Settings
from peer.announcement import NOWHERE, Presence
from peer.hub import PeerHub

if TYPE_CHECKING:
    from peer.discovery import Discovery

ENABLED, HIDDEN, INTERFACES = "network.enableLanDiscovery", "network.hidden", "network.interfaces"
LOOK_EVERY_S = 3.0
"""How soon a cable, a new address or a door that moved is noticed; a look takes about a millisecond."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryStatus:
    enabled: bool
    hidden: bool
    """Others are looked for, this node is not shown."""
    interfaces: tuple[Interface, ...]
    """Where it looks."""
    announced: tuple[str, ...]
    """The `host:port` that it tells others."""
    found: int
    """How many nodes are announced to it now, friends among them."""
    problem: str | None
    """Why it does not work, though it should."""


class LanDiscovery:
    """`open` it once the door is open, `close` it in the end. What it finds, the hub shows as seen."""

    def __init__(
        self,
        *,
        hub: PeerHub,
        door: PeerDoor,
        settings: Settings,
        present: Callable[[], Sequence[Interface]] = interfaces,
    ) -> None:
        self._hub = hub
        self._door = door
        self._settings = settings
        self._present = present
        self._discovery: Discovery | None = None
        self._following: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._used: tuple[Interface, ...] = ()
        self._shown = NOWHERE
        self._problem: str | None = None

    async def open(self) -> None:
        """Follow the settings from now on; a switch needs no restart."""
        for key in (ENABLED, HIDDEN, INTERFACES, "network.listen"):
            self._settings.watch(key, changed=self._changed.set)
        self._following = asyncio.create_task(self._follow(), name="discovery")

    async def close(self) -> None:
        """Stop, and say good-bye to the network."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        if self._discovery is not None:
            await self._discovery.close()

    def status(self) -> DiscoveryStatus:
        return DiscoveryStatus(
            enabled=self._settings.flag(ENABLED),
            hidden=self._settings.flag(HIDDEN),
            interfaces=self._used,
            announced=tuple(f"{host}:{self._shown.port}" for host in self._shown.addresses),
            found=self._hub.sightings.announced,
            problem=self._problem,
        )

    async def _follow(self) -> None:
        while True:
            self._changed.clear()
            try:
                await self._settle()
            except Exception:
                logger.exception("discovery could not follow the settings")
            limit_s = LOOK_EVERY_S if self._settings.flag(ENABLED) else None
            with suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self._changed.wait()

    async def _settle(self) -> None:
        """Bring door and discovery to where they should be by now."""
        await self._door.follow()
        used, presence = await asyncio.to_thread(self._wanted)
        try:
            await self._show(presence)
        except OSError as error:
            self._used, self._shown, self._problem = (), NOWHERE, _explained(error)
        else:
            self._used, self._shown, self._problem = used, presence, None

    async def _show(self, presence: Presence) -> None:
        if self._discovery is None:
            if not presence.interfaces:
                return
            # Only now: a node that looks for nobody holds no zeroconf.
            from peer.discovery import Discovery  # noqa: PLC0415

            self._discovery = Discovery(self._hub.identity.node_id, self._hub.sightings)
        await self._discovery.show(presence)

    def _wanted(self) -> tuple[tuple[Interface, ...], Presence]:
        """Return where to look, and what to announce: only what leads to the open door. Blocks, shortly."""
        if not self._settings.flag(ENABLED):
            return (), NOWHERE
        used = tuple(chosen(self._present(), self._settings.texts(INTERFACES)))
        reached = {address.rpartition(":")[0] for address in self._door.addresses()}
        shown = () if self._settings.flag(HIDDEN) else tuple(one.address for one in used)
        return used, Presence(
            interfaces=tuple(one.address for one in used),
            addresses=tuple(address for address in shown if address in reached),
            port=self._door.port,
        )


def _explained(error: OSError) -> str:
    return f"the network cannot be looked at: {error.strerror or error}"
