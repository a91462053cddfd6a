"""The chat links of a running node: making them, taking them back, and serving those that are good."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from node.chat_links.door import Place, ReadersDoor
from node.chat_links.near import near_addresses
from node.chat_links.reading import Reading
from node.chat_links.secret import hash_of, new_secret, path_of
from node.interfaces import LOOPBACK, interfaces
from node.settings import Settings
from node.store.chat_links import ChatLink, ChatLinkStore, NewLink, Reach
from node.store.errors import StoreError

SETTLE_EVERY_S = 15.0
"""How long a door may stay open for a link that has ended, or shut at an address that is new."""
HOUR_S = 3_600
ID_BYTES = 4

logger = logging.getLogger(__name__)


class LinkError(Exception):
    """A chat link cannot be served; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the owner chose for a new link."""

    reach: Reach = Reach.LOOPBACK
    hours: float | None = None
    """None: as the setting says."""
    follows: bool = False
    with_details: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A new link with its addresses, which hold the secret and are nowhere else."""

    link: ChatLink
    urls: Sequence[str]


class ChatLinks:
    """What is wanted stands in the store; `settle` makes the door follow it, whatever has changed."""

    def __init__(
        self,
        store: ChatLinkStore,
        *,
        reading: Reading,
        settings: Settings,
        changed: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._reading = reading
        self._door = ReadersDoor(reading.answer)
        self._settings = settings
        self._changed = changed
        self._clock = clock
        self._moving = asyncio.Lock()
        self._keeping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Serve the links that are good still, from now on."""
        await self.settle()
        self._keeping = asyncio.create_task(self._keep(), name="chat links")

    async def close(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        await self._door.close()
        self._reading.close()

    async def all(self) -> Sequence[ChatLink]:
        """Return the links that are good, the latest first."""
        now = self._clock()
        return [link for link in await self._store.all() if link.expires_at > now]

    def addresses(self, link: ChatLink) -> Sequence[str]:
        """Return each `host:port` at which a link is served now."""
        return sorted(str(place) for place in self._door.places if _serves(place, link))

    async def add(self, session_id: str, wanted: Wanted) -> Made:
        """Make a link to a session and serve it; raises `LinkError`, or what the store refuses."""
        secret = new_secret()
        async with self._moving:
            try:
                new = self._new(session_id, wanted, secret, await self._port(wanted.reach))
                link = await self._store.add(new)
            finally:
                await self._settle()
        logger.info("chat link %s was made, for %s", link.id, link.reach)
        self._changed(session_id)
        return Made(link=link, urls=[f"http://{at}{path_of(secret)}" for at in self.addresses(link)])

    async def revoke(self, link_id: str) -> None:
        """Take a link back, at once; raises `NoSuchChatLink`."""
        session_id = await self._store.remove(link_id)
        logger.info("chat link %s was revoked", link_id)
        await self.settle()
        self._changed(session_id)

    async def settle(self) -> None:
        """Drop what has ended, and listen where links are to be served."""
        async with self._moving:
            await self._settle()

    def _new(self, session_id: str, wanted: Wanted, secret: str, port: int) -> NewLink:
        hours = self._settings.number("chat.linkHours") if wanted.hours is None else wanted.hours
        now = self._clock()
        return NewLink(
            id=secrets.token_hex(ID_BYTES),
            secret_hash=hash_of(secret),
            session_id=session_id,
            reach=wanted.reach,
            port=port,
            follows=wanted.follows,
            with_details=wanted.with_details,
            created_at=now,
            expires_at=now + hours * HOUR_S,
        )

    async def _settle(self) -> None:
        links = await self.all()
        for session_id in await self._store.remove_expired(self._clock()):
            self._changed(session_id)
        self._reading.forget(but=[link.id for link in links])
        hosts = {reach: await self._hosts(reach) for reach in {link.reach for link in links}}
        places = {
            Place(reach=link.reach, host=host, port=link.port) for link in links for host in hosts[link.reach]
        }
        # On this machine it stays, so that who comes too late reads that there is nothing; elsewhere it goes.
        stay = {place for place in self._door.places if place.reach is Reach.LOOPBACK}
        await self._door.settle(places | stay)

    async def _port(self, reach: Reach) -> int:
        """Return the port for a new link; it is open then, at one address at least. Raises `LinkError`."""
        chosen = self._settings.whole("chat.linkPort")
        port = self._door.port(reach)
        if port is not None and chosen in {0, port}:
            return port
        hosts = await self._hosts(reach)
        if not hosts:
            raise LinkError(
                "this machine has no address in a network of its own; connect it to one, or name the"
                " interface in the setting network.interfaces"
            )
        try:
            return (await self._door.open(reach, hosts[0], chosen)).port
        except OSError as error:
            raise LinkError(
                f"port {chosen} on {hosts[0]} cannot be used ({error.strerror or error}); choose another in"
                " the setting chat.linkPort, or 0 for a free one"
            ) from None

    async def _hosts(self, reach: Reach) -> Sequence[str]:
        if reach is Reach.LOOPBACK:
            return (LOOPBACK,)
        named = self._settings.texts("network.interfaces")
        return near_addresses(await asyncio.to_thread(interfaces), named)

    async def _keep(self) -> None:
        """Settle every now and then: links end, and a machine gets other addresses."""
        while True:
            await asyncio.sleep(SETTLE_EVERY_S)
            try:
                await self.settle()
            except StoreError as error:
                logger.warning("cannot look which chat links are good: %s", error)


def _serves(place: Place, link: ChatLink) -> bool:
    return place.reach is link.reach and place.port == link.port
