"""`/api/network`: what peers may do here, what they ask just now, and the record of all asks."""

from dataclasses import dataclass

from aiohttp import web

from node.api.errors import ApiError
from node.api.requests import Body, body_of, whole_number
from node.channels.network import inbound, peer_shown
from node.records import AskRecords
from node.settings import Settings
from node.store.asks import AskRow
from peer.hub import PeerHub
from peer.trust import Grant

LIMIT_DEFAULT = 50
LIMIT_MAX = 500
NOBODY_MAY = (
    "nobody may ask this node's agent yet, whatever they were granted; to let them:"
    " palaver config set network.allowRemoteAgent true"
)


class GrantRequest(Body):
    grants: list[Grant] | None
    """Null: what `network.defaultGrants` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsksApi:
    hub: PeerHub
    records: AskRecords
    settings: Settings

    def add_to(self, app: web.Application) -> None:
        app.router.add_put("/api/network/peers/{id}/grants", self.grant)
        app.router.add_get("/api/network/inbound", self.inbound)
        app.router.add_delete("/api/network/inbound/{rid}", self.stop)
        app.router.add_get("/api/network/asks", self.asks)

    async def grant(self, request: web.Request) -> web.Response:
        """Give a peer grants of its own; the answer has a `notice` where they do nothing yet."""
        wanted = await body_of(request, GrantRequest)
        grants = None if wanted.grants is None else frozenset(wanted.grants)
        record = await self.hub.grant(self.hub.find(request.match_info["id"]).node_id, grants)
        status = next(each for each in self.hub.peers() if each.record.node_id == record.node_id)
        notice = "" if self.settings.flag("network.allowRemoteAgent") or grants == frozenset() else NOBODY_MAY
        return web.json_response(peer_shown(status).model_dump(mode="json") | {"notice": notice})

    async def inbound(self, _: web.Request) -> web.Response:
        return web.json_response([ask.model_dump(mode="json") for ask in inbound(self.hub)])

    async def stop(self, request: web.Request) -> web.Response:
        """Stop answering an ask; its asker is told."""
        if not await self.hub.stop_inbound(request.match_info["rid"]):
            raise ApiError(404, "unknown_ask", "no such ask is being answered; it may have ended meanwhile")
        return web.Response(status=204)

    async def asks(self, request: web.Request) -> web.Response:
        """Return the record, the latest first; `before` is the `n` of the last row that is known."""
        limit = min(whole_number(request, "limit") or LIMIT_DEFAULT, LIMIT_MAX)
        named = request.query.get("peer")
        rows = await self.records.page(
            limit=limit,
            before=whole_number(request, "before"),
            peer=None if named is None else self.hub.find(named).node_id,
        )
        return web.json_response([ask_json(n, row) for n, row in rows])


def ask_json(n: int, row: AskRow) -> dict[str, object]:
    return {
        "n": n,
        "id": row.id,
        "direction": row.direction,
        "nodeId": row.peer,
        "name": row.name,
        "ask": row.ask,
        "hops": row.hops,
        "firstAsker": row.first_asker,
        "promptChars": row.prompt_chars,
        "answerChars": row.answer_chars,
        "outcome": row.outcome,
        "times": row.times,
        "startedAt": row.started_at,
        "durationMs": row.duration_ms,
        "prompt": row.prompt,
        "answer": row.answer,
    }
