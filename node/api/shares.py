"""`/api/network/shares`: the folders that peers' asks may search and read."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from aiohttp import web
from pydantic import Field

from node.api.errors import ApiError
from node.api.requests import Body, body_of
from node.shared.library import SharedFolders, ShareError, ShareStatus
from node.shared.overlaps import Overlap, overlaps
from node.shared.reader import FolderReader
from peer.answering import Policy
from peer.hub import PeerHub
from peer.trust import Grant, PeerRecord
from tools.shared import PASSAGES_MAX

ALL = "all"
QUERY_MAX_CHARS = 1_000
ALLOW_ASKS = "peers cannot ask your agent yet; to let them: palaver config set network.allowRemoteAgent true"


class ShareRequest(Body):
    folder: str = Field(min_length=1, max_length=4_000)
    peers: list[str] = Field(default_factory=lambda: [ALL], min_length=1, max_length=1_000, alias="with")
    """Names or ids; `all`: every peer that may read what is shared."""


class UnshareRequest(Body):
    folder: str = Field(min_length=1, max_length=4_000)
    """Its path or its label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesApi:
    shares: SharedFolders
    hub: PeerHub
    policy: Callable[[PeerRecord], Policy]
    """What a peer may do here now."""
    asks_allowed: Callable[[], bool]

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/network/shares", self.list)
        app.router.add_get("/api/network/shares/search", self.search)
        app.router.add_post("/api/network/shares", self.add)
        app.router.add_delete("/api/network/shares", self.remove)

    async def list(self, _: web.Request) -> web.Response:
        found = self._overlaps()
        return web.json_response([self._shown(status, found) for status in self.shares.statuses()])

    async def add(self, request: web.Request) -> web.Response:
        """Share a folder, or change with whom it is shared; answers when it is indexed, or after 10 s."""
        wanted = await body_of(request, ShareRequest)
        peers = None if ALL in wanted.peers else frozenset(map(self._node_id, wanted.peers))
        try:
            status = await self.shares.add(wanted.folder, peers)
        except ShareError as error:
            raise ApiError(409, "not_shareable", str(error)) from None
        found = self._overlaps()
        leaks = [self._told(each) for each in found if status.share in (each.inner, each.outer)]
        warnings = [*self._hindrances(peers), *leaks]
        return web.json_response(self._shown(status, found) | {"warnings": warnings})

    async def remove(self, request: web.Request) -> web.Response:
        wanted = await body_of(request, UnshareRequest)
        try:
            share = await self.shares.remove(wanted.folder)
        except ShareError as error:
            raise ApiError(404, "not_shared", str(error)) from None
        return web.json_response({"folder": share.folder, "label": share.label})

    async def search(self, request: web.Request) -> web.Response:
        """Search what is shared as this peer's asks do, or all of it; `allowed` is false for who may not."""
        query, named = request.query.get("query", ""), request.query.get("peer")
        if not query.strip() or len(query) > QUERY_MAX_CHARS:
            raise ApiError(400, "bad_request", f"query has to have 1 to {QUERY_MAX_CHARS} characters")
        peer = None if named is None else self.hub.find(named)
        allowed = peer is None or self._may_read(peer)
        asker = None if peer is None else peer.node_id
        search = FolderReader(self.shares).search
        found = await search(query, PASSAGES_MAX, asker=asker) if allowed else ()
        return web.json_response({"allowed": allowed, "passages": [asdict(passage) for passage in found]})

    def _node_id(self, peer: str) -> str:
        record = self.hub.find(peer)
        if not record.is_trusted:
            raise ApiError(409, "not_trusted", f"{record.label} is not trusted here; pair with it first")
        return record.node_id

    def _shown(self, status: ShareStatus, found: Sequence[Overlap]) -> dict[str, object]:
        share, report = status.share, status.report
        return {
            "folder": share.folder,
            "label": share.label,
            "peers": None if share.peers is None else [self._peer(each) for each in sorted(share.peers)],
            "addedAt": share.added_at,
            "scannedAt": status.scanned_at,
            "files": report.files,
            "passages": report.passages,
            "skipped": dict(report.reasons),
            "skippedFiles": [{"file": each.path, "reason": each.reason} for each in report.skipped],
            "problem": report.problem,
            "alsoReadable": [self._told(each) for each in found if each.inner == share],
        }

    def _peer(self, node_id: str) -> dict[str, str]:
        record = next(
            (status.record for status in self.hub.peers() if status.record.node_id == node_id), None
        )
        return {"nodeId": node_id, "label": record.label if record else node_id[:8]}

    def _overlaps(self) -> Sequence[Overlap]:
        return overlaps(self.shares.visible(None))

    def _told(self, overlap: Overlap) -> str:
        """Say who reads the inner folder's files although they are not shared with them."""
        inner, outer = overlap.inner.label, overlap.outer.label
        whom = "every peer that may read what is shared"
        if overlap.peers is not None:
            whom = ", ".join(self._peer(each)["label"] for each in sorted(overlap.peers))
        return (
            f"{inner} lies in {outer}, through which its files can also be read by {whom};"
            f" to keep them apart, share {outer} with fewer"
        )

    def _hindrances(self, peers: frozenset[str] | None) -> Sequence[str]:
        """Say what keeps those with whom a folder is shared from reading it."""
        if not self.asks_allowed():
            return [ALLOW_ASKS]
        records = [status.record for status in self.hub.peers()]
        return [
            f"{each.label} may not read it yet; to let it: palaver grant {each.node_id[:8]} shared"
            for each in records
            if peers is not None and each.node_id in peers and not self._may_read(each)
        ]

    def _may_read(self, peer: PeerRecord) -> bool:
        return peer.is_trusted and Grant.SHARED in self.policy(peer).granted
