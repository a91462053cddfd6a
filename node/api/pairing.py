"""`/api/network/{invite,pair,pairing}`: two owners pair their nodes, by ticket or by comparing codes."""

from dataclasses import asdict, dataclass
from typing import Self

from aiohttp import web
from pydantic import Field, model_validator

from node.api.network import record_json, with_port
from node.api.requests import Body, body_of
from node.listening import PeerDoor
from node.qr import qr_path
from peer.comparing import CODE_DIGITS
from peer.comparisons import Comparison, PairingStatus
from peer.hub import PeerHub
from peer.identity import fingerprint
from peer.pairing import INVITE_TTL_S

INVITE_MAX_S = 7 * 86_400.0


class InviteRequest(Body):
    ttl_s: float = Field(default=INVITE_TTL_S, gt=0, le=INVITE_MAX_S, alias="ttlS")


class PairRequest(Body):
    """A ticket to redeem, or a node to compare codes with: one that was seen, or whoever is at an address."""

    ticket: str | None = Field(default=None, min_length=1, max_length=4_000)
    peer_id: str | None = Field(default=None, min_length=1, max_length=128, alias="peerId")
    address: str | None = Field(default=None, min_length=1, max_length=300)

    @model_validator(mode="after")
    def _says_how(self) -> Self:
        if (self.ticket is None) == (self.peer_id is None and self.address is None):
            raise ValueError("give either a ticket, or peerId or address")
        return self


class WindowRequest(Body):
    open: bool


class AnswerRequest(Body):
    match: bool
    """Both screens show the same code."""
    code: str | None = Field(default=None, pattern=rf"^\d{{{CODE_DIGITS}}}$")
    """The code that the owner saw: another may have taken its place meanwhile."""

    @model_validator(mode="after")
    def _yes_says_to_what(self) -> Self:
        if self.match and self.code is None:
            raise ValueError("a yes names the code that was seen")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingApi:
    hub: PeerHub
    door: PeerDoor

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/api/network/invite", self.invite)
        app.router.add_post("/api/network/pair", self.pair)
        app.router.add_get("/api/network/pairing", self.state)
        app.router.add_post("/api/network/pairing", self.let_pair)
        app.router.add_post("/api/network/pairing/answer", self.answer)

    async def invite(self, request: web.Request) -> web.Response:
        """Make a ticket; that opens the peers' door to the network, unless a setting keeps it shut."""
        wanted = await body_of(request, InviteRequest)
        await self.door.open_for_peers()
        invite = self.hub.invite(addresses=self.door.addresses(), ttl_s=wanted.ttl_s)
        # In capitals, of which a code holds more than of small letters; a ticket may be spelled in either.
        code = qr_path(invite.ticket.upper())
        return web.json_response(
            {"ticket": invite.ticket, "expiresAt": invite.expires_at, "qr": asdict(code)}
        )

    async def pair(self, request: web.Request) -> web.Response:
        """Redeem a ticket; or begin to compare codes, and return once there is one to look at."""
        wanted = await body_of(request, PairRequest)
        if wanted.ticket is None:
            address = with_port(wanted.address) if wanted.address else None
            comparison = await self.hub.compare(wanted.peer_id, address=address)
            await self.door.open_for_peers()
            return web.json_response(comparison_json(comparison), status=202)
        record = await self.hub.join(wanted.ticket)
        await self.door.open_for_peers()
        return web.json_response(record_json(record))

    async def state(self, _: web.Request) -> web.Response:
        return web.json_response(pairing_json(self.hub.pairing()))

    async def let_pair(self, request: web.Request) -> web.Response:
        """Let others ask to compare codes for two minutes, or no more."""
        wanted = await body_of(request, WindowRequest)
        if wanted.open:
            await self.door.open_for_peers()
        self.hub.let_pair(allowed=wanted.open)
        return await self.state(request)

    async def answer(self, request: web.Request) -> web.Response:
        wanted = await body_of(request, AnswerRequest)
        if wanted.match and wanted.code:
            self.hub.agree(wanted.code)
        else:
            self.hub.disagree(wanted.code)
        return await self.state(request)


def pairing_json(status: PairingStatus) -> dict[str, object]:
    comparison = status.comparison
    return {
        "openUntil": status.open_until,
        "pausedUntil": status.paused_until,
        "comparison": None if comparison is None else comparison_json(comparison),
    }


def comparison_json(comparison: Comparison) -> dict[str, object]:
    return {
        "peerId": comparison.peer,
        "name": comparison.name,
        "code": comparison.code,
        "fingerprint": fingerprint(comparison.peer),
        "role": comparison.role,
        "state": comparison.stage.value,
        "reason": comparison.reason,
        "expiresAt": comparison.expires_at,
    }
