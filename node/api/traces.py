"""`/api/chat/turns`: what was asked lately in any session, and how a turn went, round by round."""

from asyncio import to_thread
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from aiohttp import web

from agent.events import Reasoning, Token
from node.api.requests import whole_number
from node.api.sessions import camel
from node.outcomes import ENDED
from node.store.errors import NoSuchTurn
from node.store.events import EventLog
from node.store.recent import RecentTurn, RecentTurns
from node.store.turn import Turn, TurnState
from node.store.turns import TurnStore
from node.trace import Trace, ended_as, running_trace, stored_trace

RECENT_DEFAULT = 50
RECENT_MAX = 200
PROMPT_SHOWN_CHARS = 300
STREAMED = frozenset({Token.event, Reasoning.event})


@dataclass(frozen=True, slots=True, kw_only=True)
class TracesApi:
    turns: TurnStore
    recent: RecentTurns
    log: EventLog

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/chat/turns", self.list)
        app.router.add_get("/api/chat/sessions/{id}/turns/{turnId}", self.read)

    async def list(self, request: web.Request) -> web.Response:
        """Return the last turns of all sessions, or of `session`, the latest first; at most `limit`."""
        limit = whole_number(request, "limit")
        recent = await self.recent.list(
            RECENT_DEFAULT if limit is None else max(1, min(limit, RECENT_MAX)), request.query.get("session")
        )
        return web.json_response([await self._line(each) for each in recent])

    async def read(self, request: web.Request) -> web.Response:
        """Return one turn and its trace, so far while it runs."""
        session_id, turn_id = request.match_info["id"], request.match_info["turnId"]
        turn = await self.turns.get(session_id, turn_id)
        if turn is None:
            raise NoSuchTurn(turn_id)
        trace = camel(asdict(await self._trace(turn)))
        return web.json_response(_facts(turn) | {"prompt": turn.prompt} | trace)

    async def _trace(self, turn: Turn) -> Trace:
        if turn.state not in ENDED:
            return await self._run_of(turn)
        answer = await self.turns.answer(turn)
        return Trace(error=turn.last_error) if answer is None else stored_trace(answer)

    async def _run_of(self, turn: Turn, *, without: Collection[str] = ()) -> Trace:
        """Return how a turn goes that has not ended, as far as events other than these tell."""
        since = await self.log.ended_seq(turn.session_id)
        told = [
            logged
            for logged in await self.log.since(turn.session_id, since)
            if logged.turn_id == turn.turn_id and logged.event not in without
        ]
        # A long answer is thousands of events.
        return await to_thread(running_trace, told)

    async def _line(self, recent: RecentTurn) -> dict[str, object]:
        turn = recent.turn
        is_running = turn.state is TurnState.DISPATCHING
        trace = await self._run_of(turn, without=STREAMED) if is_running else None
        return {
            **_facts(turn),
            "prompt": turn.prompt[:PROMPT_SHOWN_CHARS],
            "title": recent.title,
            "model": recent.model if trace is None else trace.model,
            "error": recent.error,
            "doing": "" if trace is None else trace.doing,
            "calls": [_short(call) for call in (recent.calls if trace is None else trace.calls)],
        }


def _facts(turn: Turn) -> dict[str, object]:
    """Return what a turn is, without its texts. Times are in seconds since 1970."""
    return {
        "turnId": turn.turn_id,
        "sessionId": turn.session_id,
        "state": turn.state,
        "source": turn.source,
        "mode": turn.mode,
        "attempts": turn.attempts,
        "lastError": turn.last_error,
        "createdAt": turn.created_at,
        "startedAt": turn.claimed_at,
        "endedAt": turn.ended_at,
    }


def _short(call: Mapping[str, object]) -> dict[str, object]:
    """Return a call without what went in and what came out."""
    return {
        "callId": call.get("callId"),
        "name": call.get("name"),
        "state": call.get("state") or ended_as(call),
        "startedMs": call.get("startedMs"),
        "durationMs": call.get("durationMs"),
    }
