"""Stored conversations: the agent may search and read what was said before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from tools.registry import tool
from tools.spec import Effect, ToolError, ToolSpec

HITS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionHit:
    """One conversation that a search found."""

    session_id: str
    title: str
    excerpt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of a conversation."""

    role: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    session_id: str
    title: str
    lines: Sequence[Line]


class SessionReader(Protocol):
    async def search(self, query: str, limit: int) -> Sequence[SessionHit]:
        """Return the best hits first, at most `limit`."""
        ...

    async def read(self, session_id: str) -> Transcript | None:
        """Return a conversation; None when there is none of this id."""
        ...


def sessions_tools(reader: SessionReader) -> tuple[ToolSpec, ...]:
    """Return the tools over the conversations that a reader reaches."""

    @tool(
        name="sessions.search",
        effect=Effect.READ,
        phrases=(
            "(search|look through) [my|our|all] [old|earlier] (sessions|conversations|chats) for {query}",
            "(find|search for|look for) {query} in [my|our|all] [old|earlier] (sessions|conversations|chats)",
            "(find|show [me]) [the|my] (session|conversation|chat) about {query}",
            "(when|where) did (we|i) talk about {query}",
            "what did (we|i) say about {query}",
        ),
        answer="{#sessions}{title} ({session_id}): {excerpt}{/sessions}"
        "{^sessions}No conversation mentions {query}.{/sessions}",
    )
    async def sessions_search(query: Annotated[str, "words to look for"]) -> object:
        """Search earlier conversations with the owner."""
        hits = await reader.search(query, HITS_MAX)
        found = [{"session_id": hit.session_id, "title": hit.title, "excerpt": hit.excerpt} for hit in hits]
        return {"query": query, "sessions": found}

    @tool(
        name="sessions.read",
        effect=Effect.READ,
        specifier="{sessionId}",
        phrases=("(read|open|show [me]) [the] (session|conversation|chat) {sessionId}",),
        answer="{title}:\n{#messages}{role}: {text}{/messages}",
    )
    async def sessions_read(session_id: Annotated[str, "as sessions.search returns it"]) -> object:
        """Read one earlier conversation."""
        transcript = await reader.read(session_id)
        if transcript is None:
            raise ToolError(f"There is no session {session_id[:80]!r}; sessions.search finds the ids.")
        messages = [{"role": line.role, "text": line.text} for line in transcript.lines]
        return {"session_id": transcript.session_id, "title": transcript.title, "messages": messages}

    return (sessions_search, sessions_read)
