"""The pages of the owner's door: the cockpit at `/`, and at `/plain/` one that needs no build."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from aiohttp import web

from node.security import policy

COCKPIT = Path(__file__).parent / "static"
PLAIN = Path(__file__).parent / "plain"
NONCE = "cockpit-nonce"
"""Stands in the built page where each load gets a nonce of its own; named in `node/web/vite.config.ts`."""

ALWAYS_ASK = {"Cache-Control": "no-cache"}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


PAPER = "#fbfaf7"
"""The light background of `tokens.css`: what an installed cockpit shows before it is drawn."""
ICONS: tuple[Mapping[str, str], ...] = (
    {"src": "/icons/palaver.svg", "sizes": "any", "type": "image/svg+xml"},
    {"src": "/icons/palaver-192.png", "sizes": "192x192", "type": "image/png"},
    {"src": "/icons/palaver-512.png", "sizes": "512x512", "type": "image/png"},
    {
        "src": "/icons/palaver-maskable-512.png",
        "sizes": "512x512",
        "type": "image/png",
        "purpose": "maskable",
    },
)


def add_page(app: web.Application, *, name: Callable[[], str]) -> None:
    async def manifest(_: web.Request) -> web.Response:
        """Say how the cockpit is installed as an app of this node's name: one machine may have several."""
        body = web_manifest(name())
        return web.json_response(body, content_type="application/manifest+json", headers=ALWAYS_ASK)

    app.router.add_get("/", cockpit)
    app.router.add_get("/manifest.webmanifest", manifest)
    app.router.add_get(r"/icons/{name:[\w-][\w.-]*}", icon)
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


def web_manifest(name: str) -> Mapping[str, object]:
    """Return the web app manifest of the cockpit of a node."""
    return {
        "id": "/",
        "name": f"Palaver: {name}",
        "short_name": "Palaver",
        "description": "Your own agent, and your friends' agents one encrypted link away.",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": ICONS,
        # Starting the app again leads to the window that is open.
        "launch_handler": {"client_mode": "focus-existing"},
    }


async def icon(request: web.Request) -> web.FileResponse:
    return await built("icons", request.match_info["name"], ALWAYS_ASK)


async def asset(request: web.Request) -> web.FileResponse:
    """Answer with a file whose name holds its hash: what was fetched once never changes."""
    return await built("assets", request.match_info["name"], FOR_EVER)


async def built(folder: str, name: str, headers: Mapping[str, str]) -> web.FileResponse:
    path = COCKPIT / folder / name
    if not await asyncio.to_thread(path.is_file):
        raise web.HTTPNotFound
    return web.FileResponse(path, headers=headers)


async def plain(_: web.Request) -> web.FileResponse:
    return web.FileResponse(PLAIN / "index.html", headers=ALWAYS_ASK)
