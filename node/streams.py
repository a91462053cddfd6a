"""The ordered stream of events of each session, and the clients that follow it.

An event gets its number, goes to the log, and goes to every follower, in one step without waiting,
so that all clients see the same order and a client that returns can be given what it missed.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from agent.events import TurnEvent
from node import envelope
from node.store.events import EventLog
from node.ws import Client


class Streams:
    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._followers: dict[str, set[Client]] = defaultdict(set)
        self._behind: set[tuple[Client, str]] = set()
        """Followers that are still sent what they missed."""
        self._catching_up: WeakValueDictionary[tuple[Client, str], asyncio.Lock] = WeakValueDictionary()
        self._watchers: dict[str, set[Client]] = defaultdict(set)
        """See everything as the followers do, but stand for nobody who could approve or run a tool."""
        self._change = asyncio.Event()
        self.on_event: Callable[[str, TurnEvent], None] = lambda _session_id, _event: None
        """Called after each event of a session, whoever follows it."""

    def watch(self, client: Client, session_id: str) -> None:
        self._watchers[session_id].add(client)

    def follow(self, client: Client, session_id: str) -> None:
        if client.gone.is_set():
            return
        self._followers[session_id].add(client)
        self._changed()

    def forget(self, client: Client) -> None:
        """A client is gone."""
        for session_id in [watched for watched, clients in self._watchers.items() if client in clients]:
            self._watchers[session_id].discard(client)
            if not self._watchers[session_id]:
                del self._watchers[session_id]
        for session_id in self.followed_by(client):
            self._followers[session_id].discard(client)
            if not self._followers[session_id]:
                del self._followers[session_id]
        self._changed()

    @asynccontextmanager
    async def held_back(self, client: Client, session_id: str) -> AsyncIterator[None]:
        """Let a client follow, but get nothing live until `release`: first it is sent what it missed."""
        async with self._catching_up.setdefault((client, session_id), asyncio.Lock()):
            self._behind.add((client, session_id))
            self.follow(client, session_id)
            try:
                yield
            finally:
                self.release(client, session_id)

    def release(self, client: Client, session_id: str) -> None:
        """Go on sending live events, from the next one on."""
        self._behind.discard((client, session_id))

    def _changed(self) -> None:
        """Wake everybody who waits for a change of followers."""
        self._change.set()
        self._change = asyncio.Event()

    async def deserted(self, session_id: str, grace_s: float) -> None:
        """Return once nobody has followed a session for `grace_s`; a page that reloads is back sooner."""
        while True:
            while self.is_followed(session_id):
                await self._change.wait()
            if not await self.followed(session_id, grace_s):
                return

    async def followed(self, session_id: str, patience_s: float) -> bool:
        """Wait for somebody who follows a session; False when nobody came."""
        try:
            async with asyncio.timeout(patience_s):
                while not self.is_followed(session_id):
                    await self._change.wait()
        except TimeoutError:
            return False
        return True

    def is_followed(self, session_id: str) -> bool:
        return session_id in self._followers

    def follows(self, client: Client, session_id: str) -> bool:
        return client in self._followers.get(session_id, ())

    def followers(self, session_id: str | None) -> Iterator[Client]:
        """Return those who get events live."""
        for client in tuple(self._followers.get(session_id or "", ())):
            if (client, session_id) not in self._behind:
                yield client

    def attached(self, session_id: str) -> tuple[Client, ...]:
        """Return everybody who follows, also those who are still sent what they missed."""
        return tuple(self._followers.get(session_id, ()))

    def followed_by(self, client: Client) -> tuple[str, ...]:
        """Return the sessions that a client follows; only in those may it stop a turn."""
        return tuple(session_id for session_id, followers in self._followers.items() if client in followers)

    async def events_of(self, session_id: str, turn_id: str) -> frozenset[str]:
        """Return which events of a turn the log holds."""
        return frozenset(
            logged.event for logged in await self._log.since(session_id, 0) if logged.turn_id == turn_id
        )

    async def publish(
        self, session_id: str, event: TurnEvent, instead: Mapping[Client, TurnEvent] | None = None
    ) -> None:
        """Show an event to everybody who follows; `instead` gives single clients their own form of it."""
        data = event.model_dump_json()
        seq = await self._log.append(session_id, event.turn_id, event.event, data)
        text = envelope.frame("agent", event.event, data, seq)
        for client in self.followers(session_id):
            own = instead.get(client) if instead else None
            client.send(envelope.frame("agent", own.event, own.model_dump_json(), seq) if own else text)
        for watcher in self._watchers.get(session_id, ()):
            watcher.send(text)
        self.on_event(session_id, event)
