"""The ordered stream of events of each session, and the clients that follow it.

An event gets its number, goes to the log, and goes to every follower, in one step without waiting,
so that all clients see the same order and a client that returns can be given what it missed.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping

from agent.events import TurnEvent
from node import envelope
from node.store.events import EventLog
from node.ws import Client


class Streams:
    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._followers: dict[str, set[Client]] = defaultdict(set)
        self._change = asyncio.Event()

    def follow(self, client: Client, session_id: str) -> None:
        self._followers[session_id].add(client)
        self._changed()

    def forget(self, client: Client) -> None:
        """A client is gone."""
        for session_id in self.followed_by(client):
            self._followers[session_id].discard(client)
            if not self._followers[session_id]:
                del self._followers[session_id]
        self._changed()

    def _changed(self) -> None:
        """Wake everybody who waits for a change of followers."""
        self._change.set()
        self._change = asyncio.Event()

    async def deserted(self, session_id: str, grace_s: float) -> None:
        """Return once nobody has followed a session for `grace_s`; a page that reloads is back sooner."""
        while True:
            while session_id in self._followers:
                await self._change.wait()
            try:
                async with asyncio.timeout(grace_s):
                    while session_id not in self._followers:
                        await self._change.wait()
            except TimeoutError:
                return

    def followers(self, session_id: str | None) -> Iterator[Client]:
        yield from tuple(self._followers.get(session_id or "", ()))

    def followed_by(self, client: Client) -> tuple[str, ...]:
        """Return the sessions that a client follows; only in those may it stop a turn."""
        return tuple(session_id for session_id, followers in self._followers.items() if client in followers)

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

    async def replay(self, client: Client, session_id: str, last_seq: int) -> None:
        """Send what a client missed, then let it follow; what happens meanwhile is missed, too, and sent."""
        while missed := await self._log.since(session_id, last_seq):
            for past in missed:
                client.send(envelope.frame("agent", past.event, past.data, past.seq))
            last_seq = missed[-1].seq
        self.follow(client, session_id)

    async def repeat(self, client: Client, session_id: str, turn_id: str) -> None:
        """Send a turn's events so far again, to a client that asked the same twice."""
        for past in await self._log.since(session_id, 0):
            if past.turn_id == turn_id:
                client.send(envelope.frame("agent", past.event, past.data, past.seq))
