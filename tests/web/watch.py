"""What goes wrong behind a page's back: errors, violations of its policy, requests to anybody but its node."""

import re

from playwright.sync_api import ConsoleMessage, Page, Request, Route, WebSocket

OWN_SCHEMES = ("data:", "blob:")


class Watch:
    """Collects the faults of one page; what a test expects to go wrong it names with `expect`."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.requests: list[str] = []
        """Every address that the page asked for."""
        self._faults: list[str] = []
        self._expected: list[str] = []
        self._own = (f"{url}/", *OWN_SCHEMES)
        self._own_socket = f"{url}/".replace("http", "ws", 1)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._faults.append(f"uncaught: {error}"))
        page.on("request", self._on_request)
        page.on("websocket", self._on_socket)
        page.route("**/*", self._pass_own)

    def expect(self, pattern: str) -> None:
        """Let faults that match pass."""
        self._expected.append(pattern)

    @property
    def faults(self) -> list[str]:
        return [
            fault
            for fault in self._faults
            if not any(re.search(pattern, fault) for pattern in self._expected)
        ]

    def _on_console(self, message: ConsoleMessage) -> None:
        # Chromium reports what a policy forbids as an error of the console.
        if message.type in ("error", "warning", "assert"):
            self._faults.append(f"console {message.type}: {message.text} ({message.location['url']})")

    def _on_request(self, request: Request) -> None:
        self.requests.append(request.url)
        if not request.url.startswith(self._own):
            self._faults.append(f"foreign request: {request.url}")

    def _on_socket(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)
        if not socket.url.startswith(self._own_socket):
            self._faults.append(f"foreign socket: {socket.url}")

    def _pass_own(self, route: Route) -> None:
        if route.request.url.startswith(self._own):
            route.continue_()
        else:
            route.abort()
