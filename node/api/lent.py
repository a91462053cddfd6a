"""`/api/network/lent`: what peers used of this node's model, in tokens by day."""

from dataclasses import dataclass

from aiohttp import web

from node.store.lent import LentStore
from peer.errors import UnknownPeer
from peer.hub import PeerHub


@dataclass(frozen=True, slots=True)
class LentApi:
    lent: LentStore
    hub: PeerHub

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/network/lent", self.list)

    async def list(self, _: web.Request) -> web.Response:
        return web.json_response(
            [
                {
                    "day": used.day.isoformat(),
                    "nodeId": used.node_id,
                    "name": self._name(used.node_id),
                    "rounds": used.rounds,
                    "promptTokens": used.prompt_tokens,
                    "completionTokens": used.completion_tokens,
                }
                for used in await self.lent.latest()
            ]
        )

    def _name(self, node_id: str) -> str:
        """Return what the owner calls a peer; one that is forgotten has the start of its id."""
        try:
            return self.hub.find(node_id).label
        except UnknownPeer:
            return node_id[:8]
