"""What a client missed while it was away: the events themselves, or how things stand."""

from collections.abc import Awaitable, Callable

from agent.events import Snapshot
from node import envelope
from node.snapshot import open_turns, stored_texts
from node.store.errors import NoSuchSession
from node.store.events import EventLog, LoggedEvent
from node.store.sessions import SessionStore
from node.store.turn import Submitted, Turn
from node.store.turns import TurnStore
from node.streams import Streams
from node.ws import BROKEN, Client

REPEATED_EVENTS_MAX = 2_000
"""A client that missed more gets a snapshot."""
MESSAGES_SHOWN = 20


class Replay:
    """Brings clients up to date at the pace at which they read; nothing is missed, nothing comes twice."""

    def __init__(self, log: EventLog, streams: Streams, turns: TurnStore, sessions: SessionStore) -> None:
        self._log = log
        self._streams = streams
        self._turns = turns
        self._sessions = sessions

    async def resume(self, client: Client, session_id: str, last_seq: int) -> None:
        """Send what came after `last_seq`, or a snapshot, and let the client follow.

        Raise `NoSuchSession` for one that is not there, or not yet: it is followed from its first event on.
        """
        async with self._streams.held_back(client, session_id):
            is_there = bool(await self._sessions.some([session_id]))
            if not is_there:
                last_seq = 0
            elif not await self._can_repeat(session_id, last_seq):
                last_seq = await self._send_snapshot(client, session_id)
            await self._catch_up(client, session_id, last_seq)
        if not is_there:
            raise NoSuchSession(session_id)

    async def open(self, client: Client, session_id: str, submit: Callable[[], Awaitable[Submitted]]) -> None:
        """Submit the message with which a client opens a session, and let it follow."""
        self._log.begin(session_id)
        self._streams.follow(client, session_id)
        await submit()

    async def join(
        self, client: Client, session_id: str, submit: Callable[[], Awaitable[Submitted]]
    ) -> Submitted:
        """Submit a client's message and let it follow from there; a known turn is sent from its beginning."""
        if self._streams.follows(client, session_id):
            known = await submit()
            if not known.is_new:
                async with self._streams.held_back(client, session_id):
                    await self._repeat(client, known.turn)
            return known
        async with self._streams.held_back(client, session_id):
            before = await self._log.last_seq(session_id)
            submitted: Submitted | None = None
            try:
                submitted = await submit()
                return submitted
            finally:
                if submitted is None or submitted.is_new:
                    await self._catch_up(client, session_id, before)
                else:
                    await self._repeat(client, submitted.turn)

    async def _repeat(self, client: Client, turn: Turn) -> None:
        """Send a turn's events so far again, to a client that asked the same twice."""
        if await self._log.pruned_seq(turn.session_id):
            last_seq = await self._send_snapshot(client, turn.session_id)
            await self._catch_up(client, turn.session_id, last_seq)
        else:
            await self._catch_up(client, turn.session_id, 0, turn.turn_id)

    async def _can_repeat(self, session_id: str, last_seq: int) -> bool:
        if not await self._log.pruned_seq(session_id) <= last_seq <= await self._log.last_seq(session_id):
            return False
        if not last_seq and not await self._log.has_more(session_id, 0, 0):
            return False  # whatever it holds was brought from elsewhere
        return not await self._log.has_more(session_id, last_seq, REPEATED_EVENTS_MAX)

    async def _catch_up(self, client: Client, session_id: str, seq: int, turn_id: str | None = None) -> None:
        """Send what came after a number, waiting for the client's writer, and release the client."""
        try:
            await self._send_after(client, session_id, seq, turn_id)
        except Exception:
            client.leave(BROKEN)  # it comes back and asks again; to go on would leave a gap
            raise
        self._streams.release(client, session_id)

    async def _send_after(self, client: Client, session_id: str, seq: int, turn_id: str | None) -> None:
        """Return in the same step in which the newest event was sent, so that none can come between."""
        is_last = False
        while not is_last and not client.gone.is_set():
            page = await self._log.after(session_id, seq)
            is_last = page.is_last
            for past in page.events:
                if not client.has_room:
                    await client.drained()
                    is_last = False  # others went on meanwhile
                if turn_id in {None, past.turn_id}:
                    client.send(envelope.frame("agent", past.event, past.data, past.seq))
                seq = past.seq

    async def _send_snapshot(self, client: Client, session_id: str) -> int:
        """Send how the session stands; return the number of the last event that it is made from.

        Events first: what the store says a moment later can only be ahead of them, never behind.
        """
        events, seq = await self._of_open_turns(session_id)
        count, messages = await self._sessions.latest(session_id, MESSAGES_SHOWN)
        shown = Snapshot(
            session_id=session_id,
            message_count=count,
            messages=stored_texts(messages),
            turns=open_turns(await self._turns.unended(session_id), events),
        )
        client.send(envelope.frame("agent", shown.event, shown.model_dump_json(), seq))
        return seq

    async def _of_open_turns(self, session_id: str) -> tuple[list[LoggedEvent], int]:
        """Return the events since the last turn ended, and the newest number."""
        events: list[LoggedEvent] = []
        seq = await self._log.ended_seq(session_id)
        is_last = False
        while not is_last:
            page = await self._log.after(session_id, seq)
            is_last = page.is_last
            events += page.events
            seq = page.events[-1].seq if page.events else seq
        return events, seq
