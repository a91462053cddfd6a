"""`/api/layout`: the owner's workspaces and how each is laid out."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Self, TypeAlias

from aiohttp import web
from pydantic import AfterValidator, Field, model_validator

from node.api.errors import ApiError
from node.api.requests import Body, body_of
from node.channels.layout import Changed
from node.layout import EMPTY, Layout
from node.settings import Settings
from node.store.errors import LayoutStale
from node.store.layouts import LaidOut, LayoutStore, Workspace

SHOWN = "ui.workspace"
ID = r"[a-z0-9][a-z0-9-]{0,47}"


def _printable(title: str) -> str:
    if not title.strip() or not title.isprintable():
        raise ValueError("a title is a line of visible characters")
    return title.strip()


Title: TypeAlias = Annotated[str, Field(max_length=60), AfterValidator(_printable)]


class NewWorkspace(Body):
    title: Title
    layout: Layout = EMPTY


class ChangedWorkspace(Body):
    revision: int = Field(ge=0)
    """What the change was made to; 0 for a workspace that is not there yet."""
    title: Title | None = None
    layout: Layout | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.title is None and self.layout is None:
            raise ValueError("give a title, a layout, or both")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutApi:
    layouts: LayoutStore
    settings: Settings
    tell: Callable[[Changed], None]

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/layout", self.list)
        app.router.add_post("/api/layout", self.create)
        one = f"/api/layout/{{workspace:{ID}}}"
        app.router.add_get(one, self.read)
        app.router.add_put(one, self.put)
        app.router.add_delete(one, self.delete)

    async def list(self, _: web.Request) -> web.Response:
        """Say which workspaces there are, and which was shown last."""
        workspaces = await self.layouts.all()
        shown = self.settings.text(SHOWN)
        ids = [workspace.id for workspace in workspaces]
        active = shown if shown in ids else next(iter(ids), None)
        return web.json_response({"workspaces": [asdict(one) for one in workspaces], "active": active})

    async def create(self, request: web.Request) -> web.Response:
        new = await body_of(request, NewWorkspace)
        return self._told(await self.layouts.create(new.title, new.layout), status=201)

    async def read(self, request: web.Request) -> web.Response:
        return web.json_response(_json(await self.layouts.get(request.match_info["workspace"])))

    async def put(self, request: web.Request) -> web.Response:
        """Store a change; one to an older revision is answered 409, with the layout as it is now."""
        workspace, new = request.match_info["workspace"], await body_of(request, ChangedWorkspace)
        try:
            changed = await self.layouts.put(
                workspace, revision=new.revision, title=new.title, layout=new.layout
            )
        except LayoutStale as stale:
            now = _json(await self.layouts.get(workspace))
            raise ApiError(409, stale.code, str(stale), now) from None
        return self._told(changed)

    async def delete(self, request: web.Request) -> web.Response:
        workspace = request.match_info["workspace"]
        await self.layouts.delete(workspace)
        self.tell(Changed(workspace=workspace, revision=None))
        return web.Response(status=204)

    def _told(self, workspace: Workspace, *, status: int = 200) -> web.Response:
        self.tell(Changed(workspace=workspace.id, revision=workspace.revision))
        return web.json_response(asdict(workspace), status=status)


def _json(laid_out: LaidOut) -> dict[str, object]:
    layout = laid_out.layout
    return asdict(laid_out.workspace) | {"layout": layout and layout.model_dump(mode="json")}
