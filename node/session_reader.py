"""The stored conversations as the agent's session tools read them."""

from collections.abc import Sequence

from node.store.errors import NoSuchSession
from node.store.sessions import SessionStore
from tools.sessions import Line, SessionHit, Transcript


class StoredSessions:
    """The `SessionReader` of the session tools, over the store."""

    def __init__(self, sessions: SessionStore) -> None:
        self._sessions = sessions

    async def search(self, query: str, limit: int) -> Sequence[SessionHit]:
        hits = await self._sessions.search(query, limit=limit)
        return [
            SessionHit(session_id=hit.session.id, title=hit.session.title, excerpt=hit.excerpt)
            for hit in hits
        ]

    async def read(self, session_id: str) -> Transcript | None:
        try:
            session = await self._sessions.get(session_id)
        except NoSuchSession:
            return None
        messages = await self._sessions.messages(session_id)
        lines = [Line(role=message.role.value, text=message.content) for message in messages]
        return Transcript(session_id=session.id, title=session.title, lines=lines)
