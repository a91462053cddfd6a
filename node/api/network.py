"""`/api/network`: who this node is, whom it knows, and asking a peer directly."""

from dataclasses import dataclass
from typing import Self

from aiohttp import web
from pydantic import AliasChoices, Field, model_validator

from node.api.pouring import while_read
from node.api.requests import Body, body_of
from node.config import DEFAULT_PEER_PORT
from node.listening import PeerDoor
from node.permissions import OwnerPermissions
from peer.errors import PeerError
from peer.hub import PeerAnswer, PeerHub, PeerStatus
from peer.identity import Identity, NodeId, fingerprint
from peer.messages import NAME_MAX_CHARS
from peer.trust import PeerRecord
from tools.peers import ASK_PEER


class ConnectRequest(Body):
    peer_id: str | None = Field(
        default=None, min_length=1, max_length=128, validation_alias=AliasChoices("peerId", "peer_id")
    )
    """None: whoever answers at the address."""
    address: str | None = Field(default=None, min_length=1, max_length=300)
    """`host:port`, or a host alone for the usual port."""

    @model_validator(mode="after")
    def _says_whom(self) -> Self:
        if self.peer_id is None and self.address is None:
            raise ValueError("say whom: peerId, address, or both")
        return self


class PeerChange(Body):
    pet_name: str | None = Field(default=None, max_length=NAME_MAX_CHARS, alias="petName")
    """"" takes it back."""
    blocked: bool | None = None


class AskPeerRequest(Body):
    peer_id: str = Field(min_length=1, max_length=128, validation_alias=AliasChoices("peerId", "peer_id"))
    prompt: str = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkApi:
    hub: PeerHub
    door: PeerDoor
    identity: Identity
    permissions: OwnerPermissions

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/network/identity", self.who)
        app.router.add_get("/api/network/peers", self.peers)
        app.router.add_put("/api/network/peers/{id}", self.change)
        app.router.add_delete("/api/network/peers/{id}", self.revoke)
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

    async def connect(self, request: web.Request) -> web.Response:
        """Link to a known peer, or look who is at an address: a stranger becomes seen, and hears nothing."""
        wanted = await body_of(request, ConnectRequest)
        address = None if wanted.address is None else with_port(wanted.address)
        if wanted.peer_id is not None:
            record = await self.hub.connect(NodeId(wanted.peer_id), address=address)
        else:
            assert address is not None, "the request says whom"
            record = await self.hub.meet(address)
        return web.json_response(record_json(record))

    async def change(self, request: web.Request) -> web.Response:
        """Give a peer the owner's own name for it; block it, which ends its trust, or take that back."""
        wanted = await body_of(request, PeerChange)
        record = self.hub.find(request.match_info["id"])
        if wanted.blocked is not None:
            record = await self._block(record, blocked=wanted.blocked)
        if wanted.pet_name is not None:
            record = await self.hub.rename(record.node_id, wanted.pet_name)
        return web.json_response(record_json(record))

    async def _block(self, record: PeerRecord, *, blocked: bool) -> PeerRecord:
        if blocked:
            await self._end_trust(record, block=True)
        else:
            await self.hub.unblock(record.node_id)
        return self.hub.find(record.node_id)

    async def revoke(self, request: web.Request) -> web.Response:
        """Forget a peer: its trust, its links and its turns end at once."""
        await self._end_trust(self.hub.find(request.match_info["id"]))
        return web.Response(status=204)

    async def _end_trust(self, record: PeerRecord, *, block: bool = False) -> None:
        """End it with what was allowed by its name, in which the next of that name has no part."""
        await self.hub.revoke(record.node_id, block=block)
        await self.permissions.take_back(
            ASK_PEER, {record.pet_name, record.name, record.met_as, record.node_id} - {""}
        )

    async def ask(self, request: web.Request) -> web.Response:
        """Ask a peer without a model of one's own; a refusal is an answer, with `ok` false and its code."""
        wanted = await body_of(request, AskPeerRequest)
        try:
            answer = await while_read(request, self.hub.ask(wanted.peer_id, wanted.prompt))
        except PeerError as error:
            return web.json_response(refused_json(error))
        return web.json_response(
            {"ok": True, "answer": answer.text, "nodeId": answer.node_id, "name": answer.name,
             "durationMs": answer.duration_ms, "citations": citations_json(answer)}
        )  # fmt: skip


def refused_json(error: PeerError) -> dict[str, object]:
    """Return a peer's refusal, with the seconds after which to come back where it said so."""
    later = {} if error.retry_after is None else {"retry_after": error.retry_after}
    return {"ok": False, "error": str(error), "code": error.code, **later}


def citations_json(answer: PeerAnswer) -> list[dict[str, object]]:
    return [citation.model_dump(mode="json") for citation in answer.citations]


def with_port(address: str) -> str:
    """Return the address with the usual port where it names none."""
    return address if ":" in address else f"{address}:{DEFAULT_PEER_PORT}"


def record_json(record: PeerRecord) -> dict[str, object]:
    return {
        "nodeId": record.node_id,
        "name": record.name,
        "petName": record.pet_name,
        "label": record.label,
        "fingerprint": fingerprint(record.node_id),
        "state": record.state.value,
        "addresses": list(record.addresses),
        "lastSeen": record.last_seen,
        "grants": None if record.grants is None else sorted(record.grants),
    }


def peer_json(status: PeerStatus) -> dict[str, object]:
    return record_json(status.record) | {
        "connected": status.connected,
        "capabilities": list(status.capabilities),
        "rttMs": status.rtt_ms,
        "granted": sorted(status.granted),
        "newKey": status.new_key,
    }
