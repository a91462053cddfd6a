"""The `network` channel: who is there and what is asked, as it changes, for the clients that subscribed."""

import asyncio
import time
from typing import ClassVar
from weakref import WeakKeyDictionary

from agent.events import Event
from node.router import Router
from node.store.asks import AskRow
from node.ws import Client
from peer.hub import PeerHub, PeerStatus

CHANNEL = "network"
COALESCE_S = 0.1
"""Changes that come within this time are told once."""
UNSENT_MAX_BYTES = 1 << 20
"""A client with more than this on the way is told later: its turns matter more."""
PROMPT_SHOWN_CHARS = 500


class NetworkSubscribe(Event):
    """Be told of the network from now on, beginning with how it stands."""

    event: ClassVar[str] = "subscribe"


class NetworkUnsubscribe(Event):
    event: ClassVar[str] = "unsubscribe"


class PeerShown(Event):
    """A peer as its owner sees it."""

    event: ClassVar[str] = "peer"

    node_id: str
    name: str
    """What it calls itself."""
    label: str
    """What the owner calls it, else its name."""
    state: str
    addresses: list[str]
    last_seen: float | None
    connected: bool
    capabilities: list[str]
    rtt_ms: float | None
    grants: list[str] | None
    """Its own grants; null: those that `network.defaultGrants` gives."""
    granted: list[str]
    """What is in force now; nothing while `network.allowRemoteAgent` is off."""


class InboundShown(Event):
    """An ask of a peer that this node is answering."""

    event: ClassVar[str] = "inbound"

    rid: str
    node_id: str
    name: str
    prompt: str
    """Its first 500 characters."""
    hops: int
    """Links that the question went over."""
    first_asker: str | None
    """Who signed that it began there."""
    started_at: float


class NetworkChanged(Event):
    """How the network stands: every peer, and every ask that is being answered."""

    event: ClassVar[str] = "changed"

    peers: list[PeerShown]
    inbound: list[InboundShown]


class Collaboration(Event):
    """An ask between two nodes began or ended."""

    event: ClassVar[str] = "collaboration"

    id: str
    """The same when it begins and when it ends, and in `/api/network/asks`."""
    source: str
    """Node id of the asker."""
    target: str
    name: str
    """What the owner calls the other one of the two."""
    action: str = "ask"
    time: float
    state: str
    """`started`, `answered`, `stopped` by this owner, or the code of what went wrong."""


NETWORK_CLIENT_EVENTS: tuple[type[Event], ...] = (NetworkSubscribe, NetworkUnsubscribe)
NETWORK_NODE_EVENTS: tuple[type[Event], ...] = (NetworkChanged, Collaboration)


class NetworkChannel:
    def __init__(self, hub: PeerHub) -> None:
        self._hub = hub
        self._behind: WeakKeyDictionary[Client, bool] = WeakKeyDictionary()
        """The subscribers, and whether each has not been told of the last change yet."""
        self._timer: asyncio.TimerHandle | None = None

    def add_to(self, router: Router[Client]) -> None:
        router.on(CHANNEL, NetworkSubscribe)(self.on_subscribe)
        router.on(CHANNEL, NetworkUnsubscribe)(self.on_unsubscribe)

    async def on_subscribe(self, client: Client, _: NetworkSubscribe) -> None:
        self._behind[client] = False
        client.show(CHANNEL, self._now())

    async def on_unsubscribe(self, client: Client, _: NetworkUnsubscribe) -> None:
        self._behind.pop(client, None)

    def changed(self) -> None:
        """Tell how the network stands, soon; many changes at a time are told once."""
        for client in self._behind:
            self._behind[client] = True
        self._tell_soon()

    def tell(self, row: AskRow) -> None:
        """Tell that an ask began or ended; who reads too slowly misses it, and finds it in the record."""
        own = self._hub.identity.node_id
        source, target = (own, row.peer) if row.direction == "out" else (row.peer, own)
        event = Collaboration(
            id=row.id,
            source=source,
            target=target,
            name=row.name,
            time=time.time(),
            state=row.outcome or "started",
        )
        for client in self._subscribers():
            if client.unsent_bytes <= UNSENT_MAX_BYTES:
                client.show(CHANNEL, event)

    def _tell_soon(self) -> None:
        if self._timer is None and any(self._behind.values()):
            self._timer = asyncio.get_running_loop().call_later(COALESCE_S, self._tell)

    def _tell(self) -> None:
        self._timer = None
        event = self._now()
        for client in self._subscribers():
            if self._behind[client] and client.unsent_bytes <= UNSENT_MAX_BYTES:
                client.show(CHANNEL, event)
                self._behind[client] = False
        self._tell_soon()

    def _subscribers(self) -> list[Client]:
        for client in [client for client in self._behind if client.gone.is_set()]:
            del self._behind[client]
        return list(self._behind)

    def _now(self) -> NetworkChanged:
        return NetworkChanged(
            peers=[peer_shown(status) for status in self._hub.peers()], inbound=inbound(self._hub)
        )


def peer_shown(status: PeerStatus) -> PeerShown:
    record = status.record
    return PeerShown(
        node_id=record.node_id,
        name=record.name,
        label=record.label,
        state=record.state.value,
        addresses=list(record.addresses),
        last_seen=record.last_seen,
        connected=status.connected,
        capabilities=list(status.capabilities),
        rtt_ms=status.rtt_ms,
        grants=None if record.grants is None else sorted(record.grants),
        granted=sorted(status.granted),
    )


def inbound(hub: PeerHub) -> list[InboundShown]:
    """Return the asks that this node answers now, as its owner sees them."""
    return [
        InboundShown(
            rid=ask.rid,
            node_id=ask.peer.node_id,
            name=ask.peer.label,
            prompt=ask.prompt[:PROMPT_SHOWN_CHARS],
            hops=ask.hops,
            first_asker=ask.first_asker,
            started_at=ask.started_at,
        )
        for ask in hub.inbound()
    ]
