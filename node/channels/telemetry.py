"""The `telemetry` channel: calls as they end, for the clients that subscribed. It never reports itself."""

from typing import ClassVar
from weakref import WeakKeyDictionary

from agent.events import Event
from node.router import Router
from node.telemetry import Ended, Io, Telemetry
from node.ws import Client

CHANNEL = "telemetry"
UNSENT_MAX_BYTES = 1 << 20
"""A client with more than this on the way is not sent telemetry: its turns matter more."""


class Subscribe(Event):
    """Have every call shown as an `io` event from now on; `GET /api/telemetry` has the earlier ones."""

    event: ClassVar[str] = "subscribe"


class Unsubscribe(Event):
    event: ClassVar[str] = "unsubscribe"


TELEMETRY_CLIENT_EVENTS: tuple[type[Event], ...] = (Subscribe, Unsubscribe)
TELEMETRY_NODE_EVENTS: tuple[type[Event], ...] = (Io,)


class TelemetryChannel:
    def __init__(self, telemetry: Telemetry) -> None:
        self._dropped: WeakKeyDictionary[Client, int] = WeakKeyDictionary()
        """The subscribers, and how many events each missed since it was last sent one."""
        telemetry.on_event = self.push

    def add_to(self, router: Router[Client]) -> None:
        router.on(CHANNEL, Subscribe)(self.on_subscribe)
        router.on(CHANNEL, Unsubscribe)(self.on_unsubscribe)

    async def on_subscribe(self, client: Client, _: Subscribe) -> None:
        self._dropped.setdefault(client, 0)

    async def on_unsubscribe(self, client: Client, _: Unsubscribe) -> None:
        self._dropped.pop(client, None)

    def push(self, ended: Ended) -> None:
        """Show an event to whoever subscribed and keeps up; the others are told later what they missed."""
        for client, dropped in list(self._dropped.items()):
            if client.gone.is_set():
                del self._dropped[client]
            elif client.unsent_bytes > UNSENT_MAX_BYTES:
                self._dropped[client] = dropped + 1
            else:
                io = ended.shown
                client.show(CHANNEL, io.model_copy(update={"dropped": dropped}) if dropped else io)
                self._dropped[client] = 0
