"""The `sessions` channel: which sessions changed and where something goes on, for clients that subscribed."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import ClassVar, Literal, TypeAlias
from weakref import WeakKeyDictionary

from agent.events import (
    Answer,
    ApprovalRequest,
    ApprovalResolved,
    Done,
    Emptied,
    Event,
    Queued,
    Status,
    ToolDone,
    TurnEvent,
)
from node.approvals import Approvals
from node.router import Router
from node.store.errors import StoreError
from node.store.session import Session
from node.store.sessions import SessionStore
from node.store.turn import Busy
from node.store.turns import TurnStore
from node.ws import Client

logger = logging.getLogger(__name__)

CHANNEL = "sessions"
COALESCE_S = 0.1
"""Changes that come within this time are told once."""
CHANGED_MAX = 200
"""Most sessions of one event."""
UNSENT_MAX_BYTES = 1 << 20
"""A client with more than this on the way is told later: its turns matter more."""
TELLING = (Queued, Status, ToolDone, ApprovalRequest, ApprovalResolved, Answer, Done, Emptied)
"""After these events of a turn its session may look different in a list."""

Doing: TypeAlias = Literal["running", "waiting", "asking"]


class SessionsSubscribe(Event):
    """Be told of sessions that change from now on, beginning with those where something goes on."""

    event: ClassVar[str] = "subscribe"


class SessionsUnsubscribe(Event):
    event: ClassVar[str] = "unsubscribe"


class SessionShown(Event):
    """A session as a list shows it."""

    event: ClassVar[str] = "session"

    id: str
    title: str
    created_at: float
    last_message_at: float
    pinned: bool
    archived: bool
    message_count: int
    links: int
    """Chat links at which others can read it."""
    doing: Doing | None
    """Whether a turn of it runs, waits in line, or asks its owner; null: nothing goes on."""
    waiting: int
    """Turns of it that wait in line, also behind one that runs."""


class SessionsChanged(Event):
    """How the sessions stand that changed."""

    event: ClassVar[str] = "changed"

    sessions: list[SessionShown]
    gone: list[str]
    """Ids of those that were deleted."""
    has_more: bool
    """More changed than is told here; `GET /api/chat/sessions` has them all."""


SESSIONS_CLIENT_EVENTS: tuple[type[Event], ...] = (SessionsSubscribe, SessionsUnsubscribe)
SESSIONS_NODE_EVENTS: tuple[type[Event], ...] = (SessionsChanged,)


@dataclass(slots=True)
class Missed:
    """What a subscriber was not told of yet."""

    ids: set[str] = field(default_factory=set)
    has_more: bool = False

    def add(self, session_id: str) -> None:
        if len(self.ids) < CHANGED_MAX:
            self.ids.add(session_id)
        elif session_id not in self.ids:
            self.has_more = True


class SessionsChannel:
    def __init__(self, sessions: SessionStore, turns: TurnStore, approvals: Approvals) -> None:
        self._sessions = sessions
        self._turns = turns
        self._approvals = approvals
        self._missed: WeakKeyDictionary[Client, Missed] = WeakKeyDictionary()
        """The subscribers."""
        self._telling: asyncio.Task[None] | None = None

    def add_to(self, router: Router[Client]) -> None:
        router.on(CHANNEL, SessionsSubscribe)(self.on_subscribe)
        router.on(CHANNEL, SessionsUnsubscribe)(self.on_unsubscribe)

    async def on_subscribe(self, client: Client, _: SessionsSubscribe) -> None:
        # Before the look: what changes during it is told after it.
        self._missed[client] = Missed()
        busy = await self._turns.busy()
        shown = await self._shown(list(busy)[:CHANGED_MAX])
        client.show(CHANNEL, SessionsChanged(sessions=shown, gone=[], has_more=len(busy) > CHANGED_MAX))

    async def on_unsubscribe(self, client: Client, _: SessionsUnsubscribe) -> None:
        self._missed.pop(client, None)

    def heard(self, session_id: str, event: TurnEvent) -> None:
        """Hear an event of a turn; most of them change nothing in a list."""
        if isinstance(event, TELLING):
            self.changed(session_id)

    def changed(self, session_id: str) -> None:
        """Tell how a session stands, soon; many changes at a time are told once."""
        for missed in self._missed.values():
            missed.add(session_id)
        if self._missed and (self._telling is None or self._telling.done()):
            self._telling = asyncio.create_task(self._tell_soon(), name="sessions channel")

    async def close(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait([self._telling])

    async def _tell_soon(self) -> None:
        while behind := self._behind():
            await asyncio.sleep(COALESCE_S)
            try:
                await self._tell([client for client in behind if client.unsent_bytes <= UNSENT_MAX_BYTES])
            except StoreError as error:
                logger.warning("cannot look how the sessions stand: %s", error)

    async def _tell(self, clients: Iterable[Client]) -> None:
        missed = {client: self._missed[client] for client in clients if client in self._missed}
        for client in missed:
            self._missed[client] = Missed()
        ids = {session_id for one in missed.values() for session_id in one.ids}
        shown = {session.id: session for session in await self._shown(ids)}
        for client, one in missed.items():
            event = SessionsChanged(
                sessions=[shown[session_id] for session_id in one.ids if session_id in shown],
                gone=sorted(one.ids - shown.keys()),
                has_more=one.has_more,
            )
            client.show(CHANNEL, event)

    def _behind(self) -> list[Client]:
        for client in [client for client in self._missed if client.gone.is_set()]:
            del self._missed[client]
        return [client for client, missed in self._missed.items() if missed.ids]

    async def _shown(self, ids: Iterable[str]) -> list[SessionShown]:
        sessions = await self._sessions.some(tuple(ids))
        busy, asking = await self._turns.busy(), self._approvals.asking()
        return [
            session_shown(session, busy.get(session.id), asks=session.id in asking) for session in sessions
        ]


def session_shown(session: Session, busy: Busy | None, *, asks: bool) -> SessionShown:
    """Return a session as a list shows it; `busy` is None where nothing goes on."""
    if busy is None:
        return SessionShown(**asdict(session), doing=None, waiting=0)
    doing: Doing = "asking" if asks else "running" if busy.runs else "waiting"
    return SessionShown(**asdict(session), doing=doing, waiting=busy.waiting)
