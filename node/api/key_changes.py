"""`/api/network/key-changes`: peers that are said to have a new key, and the owner's word on each."""

from aiohttp import web

from node.api.requests import Body, body_of
from peer.hub import PeerHub
from peer.identity import fingerprint
from peer.rotation import KeyChange


class KeyDecision(Body):
    accept: bool


class KeyChangesApi:
    def __init__(self, hub: PeerHub) -> None:
        self._hub = hub

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/network/key-changes", self.list)
        app.router.add_post("/api/network/key-changes/{id}", self.settle)

    async def list(self, _: web.Request) -> web.Response:
        return web.json_response([self._shown(change) for change in self._hub.key_changes()])

    async def settle(self, request: web.Request) -> web.Response:
        """Trust the new key in place of the old one, or refuse it."""
        wanted = await body_of(request, KeyDecision)
        peer = self._hub.find(request.match_info["id"])
        await self._hub.settle_key(peer.node_id, accept=wanted.accept)
        return await self.list(request)

    def _shown(self, change: KeyChange) -> dict[str, object]:
        return {
            "peerId": change.old,
            "name": self._hub.find(change.old).label,
            "fingerprint": fingerprint(change.old),
            "newId": change.new,
            "newFingerprint": fingerprint(change.new),
        }
