"""The tools over stored conversations."""

from collections.abc import Sequence

import pytest

from tools.sessions import HITS_MAX, Line, SessionHit, Transcript, sessions_tools
from tools.spec import Effect, ToolContext, ToolError

CONTEXT = ToolContext(turn_id="turn", call_id="call")
BAKERY = Transcript(
    session_id="s1",
    title="The bakery",
    lines=(Line(role="user", text="When does it open?"), Line(role="assistant", text="At nine.")),
)


class Shelf:
    """Conversations kept in memory."""

    def __init__(self) -> None:
        self.limits: list[int] = []

    async def search(self, query: str, limit: int) -> Sequence[SessionHit]:
        self.limits.append(limit)
        found = query.casefold() in BAKERY.title.casefold()
        return [SessionHit(session_id="s1", title="The bakery", excerpt="At nine.")] if found else []

    async def read(self, session_id: str) -> Transcript | None:
        return BAKERY if session_id == "s1" else None


async def call(shelf: Shelf, name: str, **arguments: object) -> object:
    tool = next(each for each in sessions_tools(shelf) if each.name == name)
    assert tool.handler is not None
    return await tool.handler(CONTEXT, arguments)


async def test_a_conversation_is_found_and_read() -> None:
    shelf = Shelf()

    assert await call(shelf, "sessions.search", query="bakery") == {
        "query": "bakery",
        "sessions": [{"session_id": "s1", "title": "The bakery", "excerpt": "At nine."}],
    }
    assert await call(shelf, "sessions.read", sessionId="s1") == {
        "session_id": "s1",
        "title": "The bakery",
        "messages": [
            {"role": "user", "text": "When does it open?"},
            {"role": "assistant", "text": "At nine."},
        ],
    }
    assert shelf.limits == [HITS_MAX]


async def test_an_unknown_session_is_answered_with_the_way_to_the_ids() -> None:
    with pytest.raises(ToolError, match=r"no session 's9'; sessions\.search"):
        await call(Shelf(), "sessions.read", sessionId="s9")


def test_conversations_are_read_only_and_never_for_peers() -> None:
    tools = sessions_tools(Shelf())

    assert {tool.effect for tool in tools} == {Effect.READ}
    assert not any(tool.remote for tool in tools)
