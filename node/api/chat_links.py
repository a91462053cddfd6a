"""`/api/chat/links`: the secret addresses at which others may read a session."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from aiohttp import web
from pydantic import Field

from node.api.errors import ApiError
from node.api.requests import Body, body_of
from node.api.sessions import ROOT as SESSIONS
from node.chat_links.links import ChatLinks, LinkError, Wanted
from node.qr import qr_path
from node.settings import LINK_HOURS_MAX
from node.store.chat_links import ChatLink, Reach
from node.store.sessions import SessionStore

ROOT = "/api/chat/links"


class LinkRequest(Body):
    reach: Reach = Reach.LOOPBACK
    hours: float | None = Field(default=None, gt=0, le=LINK_HOURS_MAX, allow_inf_nan=False)
    """Left out: as the setting `chat.linkHours` says."""
    follows: bool = False
    """Whether it shows what is said later, too."""
    details: bool = False
    """Whether it shows reasoning, and calls with their arguments and results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLinksApi:
    links: ChatLinks
    sessions: SessionStore

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(ROOT, self.list)
        app.router.add_delete(f"{ROOT}/{{id}}", self.revoke)
        app.router.add_get(f"{SESSIONS}/{{id}}/links", self.list_of)
        app.router.add_post(f"{SESSIONS}/{{id}}/links", self.add)

    async def list(self, _: web.Request) -> web.Response:
        return self._listed(await self.links.all())

    async def list_of(self, request: web.Request) -> web.Response:
        session = await self.sessions.get(request.match_info["id"])
        return self._listed(link for link in await self.links.all() if link.session_id == session.id)

    async def add(self, request: web.Request) -> web.Response:
        """Make a link. Its address is told here and never again: the node keeps only a hash of the secret."""
        wanted = await body_of(request, LinkRequest)
        try:
            made = await self.links.add(
                request.match_info["id"],
                Wanted(
                    reach=wanted.reach,
                    hours=wanted.hours,
                    follows=wanted.follows,
                    with_details=wanted.details,
                ),
            )
        except LinkError as error:
            raise ApiError(409, "not_servable", str(error)) from None
        url = made.urls[0]
        address = {"url": url, "urls": list(made.urls), "qr": asdict(qr_path(url))}
        return web.json_response(self._shown(made.link) | address, status=201)

    async def revoke(self, request: web.Request) -> web.Response:
        await self.links.revoke(request.match_info["id"])
        return web.Response(status=204)

    def _listed(self, links: Iterable[ChatLink]) -> web.Response:
        return web.json_response([self._shown(link) for link in links])

    def _shown(self, link: ChatLink) -> dict[str, object]:
        return {
            "id": link.id,
            "sessionId": link.session_id,
            "title": link.title,
            "reach": link.reach,
            "addresses": list(self.links.addresses(link)),
            "follows": link.follows,
            "details": link.with_details,
            "createdAt": link.created_at,
            "expiresAt": link.expires_at,
            "reads": link.reads,
            "lastReadAt": link.last_read_at,
        }
