"""What an owner does to whole sessions while their turns may run: opening, emptying, deleting them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

from agent.events import Emptied
from node.line import Line
from node.settings import Settings
from node.store.errors import NoSuchSession
from node.store.events import EventLog
from node.store.sessions import SessionStore
from node.streams import Streams

ACTIVE = "chat.activeSession"
DEFAULT_THREAD = "default"
"""The one thread that the owner and the agent always have; its id makes it the only one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversations:
    sessions: SessionStore
    line: Line
    streams: Streams
    log: EventLog
    settings: Settings
    emptied: Callable[[], Awaitable[None]]
    """Called after a session was emptied or deleted, and its chat links with it."""

    async def active(self) -> str | None:
        """Return the session that clients open first; None when there is none, or no more."""
        session_id = self.settings.text(ACTIVE)
        try:
            return (await self.sessions.get(session_id)).id if session_id else None
        except NoSuchSession:
            return None

    async def activate(self, session_id: str | None) -> None:
        """Have clients open a session first; raise `NoSuchSession`."""
        if session_id is None:
            await self.settings.delete(ACTIVE)
        else:
            await self.settings.put(ACTIVE, (await self.sessions.get(session_id)).id)

    async def latest(self) -> str:
        """Return the session that was spoken in last, else the default thread."""
        latest = await self.sessions.latest_spoken()
        return latest or DEFAULT_THREAD

    async def reset(self, session_id: str) -> None:
        """Stop what a session runs, empty it, and tell everybody; raise `NoSuchSession`."""
        await self.sessions.get(session_id)
        await self.line.halt(session_id)
        await self.log.flush()
        await self.sessions.reset(session_id)
        await self.emptied()
        await self.streams.publish(session_id, Emptied(turn_id=uuid4().hex, session_id=session_id))

    async def delete(self, session_id: str, title: str | None = None) -> None:
        """Stop what a session runs and delete it; raise `NoSuchSession` or `WrongTitle`."""
        await self.sessions.check_title(session_id, title)
        await self.line.halt(session_id)
        if not await self.sessions.delete(session_id):
            raise NoSuchSession(session_id)
        await self.emptied()
        if self.settings.text(ACTIVE) == session_id:
            await self.settings.delete(ACTIVE)
