"""The pages of the owner's door: the cockpit at `/`, and at `/plain/` one that needs no build."""

import asyncio
import secrets
from pathlib import Path

from aiohttp import web

from node.security import policy

COCKPIT = Path(__file__).parent / "static"
PLAIN = Path(__file__).parent / "plain"
NONCE = "cockpit-nonce"
"""Stands in the built page where each load gets a nonce of its own; named in `node/web/vite.config.ts`."""

ALWAYS_ASK = {"Cache-Control": "no-cache"}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def add_page(app: web.Application) -> None:
    app.router.add_get("/", cockpit)
    app.router.add_get(r"/assets/{name:[\w-][\w.-]*}", asset)
    app.router.add_get("/plain/", plain)
    app.router.add_static("/plain", PLAIN)


async def cockpit(_: web.Request) -> web.StreamResponse:
    """Answer with the cockpit, or with how to build it. Read anew each time: it may be built while we run."""
    try:
        text = await asyncio.to_thread((COCKPIT / "index.html").read_text, "utf-8")
    except FileNotFoundError:
        return web.FileResponse(PLAIN / "unbuilt.html", headers=ALWAYS_ASK)
    nonce = secrets.token_urlsafe(16)
    return web.Response(
        text=text.replace(NONCE, nonce),
        content_type="text/html",
        headers={**ALWAYS_ASK, "Content-Security-Policy": policy(nonce)},
    )


async def asset(request: web.Request) -> web.FileResponse:
    """Answer with a file whose name holds its hash: what was fetched once never changes."""
    path = COCKPIT / "assets" / request.match_info["name"]
    if not await asyncio.to_thread(path.is_file):
        raise web.HTTPNotFound
    return web.FileResponse(path, headers=FOR_EVER)


async def plain(_: web.Request) -> web.FileResponse:
    return web.FileResponse(PLAIN / "index.html", headers=ALWAYS_ASK)
