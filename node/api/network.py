"""`/api/network`: who this node is, whom it knows, pairing, and asking a peer directly."""

from dataclasses import dataclass

from aiohttp import web
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from node.api.requests import body_of
from node.listening import PeerDoor
from peer.errors import PeerError
from peer.hub import PeerAnswer, PeerHub, PeerStatus
from peer.identity import Identity, NodeId, fingerprint
from peer.pairing import INVITE_TTL_S
from peer.trust import PeerRecord

INVITE_MAX_S = 7 * 86_400.0


class InviteRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ttl_s: float = Field(default=INVITE_TTL_S, gt=0, le=INVITE_MAX_S, alias="ttlS")


class PairRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ticket: str = Field(min_length=1, max_length=4_000)


class ConnectRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    peer_id: str = Field(min_length=1, max_length=128, validation_alias=AliasChoices("peerId", "peer_id"))
    address: str | None = Field(default=None, max_length=300)
    """`host:port`, for a known node that has moved."""


class AskPeerRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    peer_id: str = Field(min_length=1, max_length=128, validation_alias=AliasChoices("peerId", "peer_id"))
    prompt: str = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkApi:
    hub: PeerHub
    door: PeerDoor
    identity: Identity

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/network/identity", self.who)
        app.router.add_get("/api/network/peers", self.peers)
        app.router.add_delete("/api/network/peers/{id}", self.revoke)
        app.router.add_post("/api/network/invite", self.invite)
        app.router.add_post("/api/network/pair", self.pair)
        app.router.add_post("/api/network/connect", self.connect)
        app.router.add_post("/api/network/ask-peer", self.ask)

    async def who(self, _: web.Request) -> web.Response:
        node_id = self.identity.node_id
        return web.json_response(
            {
                "nodeId": node_id,
                "name": self.door.name(),
                "fingerprint": fingerprint(node_id),
                "peerAddress": self.door.address,
            }
        )

    async def peers(self, _: web.Request) -> web.Response:
        return web.json_response([peer_json(status) for status in self.hub.peers()])

    async def invite(self, request: web.Request) -> web.Response:
        """Make a ticket; that opens the peers' door to the network, unless a setting keeps it shut."""
        wanted = await body_of(request, InviteRequest)
        await self.door.open_for_peers()
        invite = self.hub.invite(addresses=self.door.addresses(), ttl_s=wanted.ttl_s)
        return web.json_response({"ticket": invite.ticket, "expiresAt": invite.expires_at})

    async def pair(self, request: web.Request) -> web.Response:
        wanted = await body_of(request, PairRequest)
        record = await self.hub.join(wanted.ticket)
        await self.door.open_for_peers()
        return web.json_response(record_json(record))

    async def connect(self, request: web.Request) -> web.Response:
        wanted = await body_of(request, ConnectRequest)
        record = await self.hub.connect(NodeId(wanted.peer_id), address=wanted.address)
        return web.json_response(record_json(record))

    async def revoke(self, request: web.Request) -> web.Response:
        await self.hub.revoke(NodeId(request.match_info["id"]))
        return web.Response(status=204)

    async def ask(self, request: web.Request) -> web.Response:
        """Ask a peer without a model of one's own; a refusal is an answer, with `ok` false and its code."""
        wanted = await body_of(request, AskPeerRequest)
        try:
            answer = await self.hub.ask(wanted.peer_id, wanted.prompt)
        except PeerError as error:
            return web.json_response({"ok": False, "error": str(error), "code": error.code})
        return web.json_response(
            {"ok": True, "answer": answer.text, "nodeId": answer.node_id, "name": answer.name,
             "durationMs": answer.duration_ms, "citations": citations_json(answer)}
        )  # fmt: skip


def citations_json(answer: PeerAnswer) -> list[dict[str, object]]:
    return [citation.model_dump(mode="json") for citation in answer.citations]


def record_json(record: PeerRecord) -> dict[str, object]:
    return {
        "nodeId": record.node_id,
        "name": record.name,
        "label": record.label,
        "state": record.state.value,
        "addresses": list(record.addresses),
        "lastSeen": record.last_seen,
    }


def peer_json(status: PeerStatus) -> dict[str, object]:
    return record_json(status.record) | {
        "connected": status.connected,
        "capabilities": list(status.capabilities),
        "rttMs": status.rtt_ms,
    }
