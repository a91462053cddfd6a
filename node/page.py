"""The page at `/`: a plain conversation over `/ws`."""

from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parent / "plain"


def add_page(app: web.Application) -> None:
    app.router.add_get("/", page)
    app.router.add_static("/plain", FOLDER)


async def page(_: web.Request) -> web.FileResponse:
    return web.FileResponse(FOLDER / "index.html", headers={"Cache-Control": "no-cache"})
