"""The lock of the owner's door: Host allow-list, exact Origin, and the token of this start.

Loopback is open to every program and every web page on the machine, so an address alone proves nothing:
a rebound name fails the Host check, a foreign page the Origin check, and another user's program has no token.
"""

import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
OPEN_PATHS = frozenset({"/health"})


def policy(nonce: str = "") -> str:
    """Return what a page may load and run. A nonce lets its own scripts make stylesheets, as editors do."""
    styles = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    return (
        f"default-src 'none'; script-src 'self'; style-src {styles}; connect-src 'self'; "
        "img-src 'self' data: blob:; font-src 'self'; worker-src 'self'; manifest-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )


HEADERS = {
    "Content-Security-Policy": policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def host_refusal(host: str | None, port: int) -> str | None:
    """Say why a Host header is not ours, or None. A name that was rebound to loopback ends here."""
    if host in {f"{name}:{port}" for name in LOOPBACK_NAMES}:
        return None
    return "this node answers only to its own loopback address"


def origin_refusal(origin: str | None, host: str) -> str | None:
    """Say why an Origin is foreign, or None. No Origin at all is a program, which needs the token anyway."""
    if origin is None or origin == f"http://{host}":
        return None
    return "requests from other web pages are refused"


def cookie_name(port: int) -> str:
    """Cookies ignore ports, so two nodes on one machine need two names."""
    return f"palaver_{port}"


def presented_token(request: web.Request, port: int) -> str:
    """Return the token that came with a request, or an empty text."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.cookies.get(cookie_name(port), "")


def guard(token: str, port: Callable[[], int]) -> Middleware:
    """Return the middleware that lets only the owner through and hardens every response."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        problem = host_refusal(host, port()) or origin_refusal(request.headers.get("Origin"), host)
        if problem:
            return refused(403, "foreign_origin", problem)
        if request.path == "/" and "token" in request.query:
            return admit(request, token, port())
        if request.path not in OPEN_PATHS and not is_owner(presented_token(request, port()), token):
            return unlock_page() if wants_page(request) else refused(401, "locked", LOCKED)
        return await handler(request)

    return guarded


LOCKED = "this needs the node's token: `palaver open` opens the page with it; programs find it in ui.token"


def is_owner(presented: str, token: str) -> bool:
    return secrets.compare_digest(presented.encode(), token.encode())


def wants_page(request: web.Request) -> bool:
    return request.path == "/" and "text/html" in request.headers.get("Accept", "")


def admit(request: web.Request, token: str, port: int) -> web.Response:
    """Trade the token in the address, once, for a cookie that scripts cannot read."""
    if not is_owner(request.query["token"], token):
        return unlock_page()
    response = web.Response(status=303, headers={"Location": urlsplit(request.path).path})
    response.set_cookie(cookie_name(port), token, httponly=True, samesite="Strict", path="/")
    return response


def unlock_page() -> web.Response:
    text = (
        "<!doctype html><title>Palaver</title><p>This node is locked. Run <code>palaver open</code> to enter."
    )
    return web.Response(status=401, text=text, content_type="text/html")


def refused(status: int, code: str, text: str) -> web.Response:
    return web.json_response({"error": text, "code": code}, status=status)


async def harden(_: web.Request, response: web.StreamResponse) -> None:
    """Add the protective headers to every response, as an `on_response_prepare` signal."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
