"""What a reader of a chat link gets: one request, from its method to its page."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import ceil

from aiohttp import web

from node.chat_links.near import is_foreign
from node.chat_links.page import POLICY, notice
from node.chat_links.secret import hash_of, secret_in
from node.store.chat_links import ChatLink, ChatLinkStore, Reach
from node.store.errors import StoreError
from node.store.messages import StoredMessage
from node.telemetry import Telemetry, without_content
from peer.limits import TokenBucket

READS_PER_MINUTE = 30
METHODS = ("GET", "HEAD")
PART_MESSAGES = 50
PART_CHARS = 50_000
"""A part of a transcript ends with the message that passes it."""
WRITING_MAX_S = 10.0
BUSY_RETRY_S = 5
NUMBER_MAX_DIGITS = 18
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Server": "Palaver",
}

logger = logging.getLogger(__name__)


class Reading:
    """Nothing here changes a session: a reader's request ends in a page, and in a count of reads."""

    def __init__(
        self, store: ChatLinkStore, telemetry: Telemetry, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._rates: dict[str, TokenBucket] = {}
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chat link page")

    async def answer(self, request: web.BaseRequest, reach: Reach) -> web.StreamResponse:
        """Answer a request that came in where links of this reach are served."""
        if request.method not in METHODS:
            return refused(
                405, "Read only", "This page can be read, and nothing else.", Allow=", ".join(METHODS)
            )
        link = await self._link(request, reach)
        if link is None:
            # The same for what never was, what has ended, and what was taken back.
            return refused(
                404, "Nothing to read here", "The link may have ended, or its address is not complete."
            )
        if wait_s := self._wait_s(link.id):
            return refused(
                429, "Too many requests", f"Try again in {wait_s} s.", **{"Retry-After": str(wait_s)}
            )
        target = f"chat link {link.id}"
        with without_content(), self._telemetry.during("inbound", "http", request.method, target) as call:
            response = await self._page(link, _start(request))
            call.answered(response.status)
            if isinstance(response.body, bytes):
                call.replied(response.body)
        return response

    def forget(self, *, but: Iterable[str]) -> None:
        """Forget how often links were read that are no more."""
        self._rates = {link_id: self._rates[link_id] for link_id in but if link_id in self._rates}

    def close(self) -> None:
        self._writer.shutdown(wait=False)

    async def _link(self, request: web.BaseRequest, reach: Reach) -> ChatLink | None:
        secret = secret_in(request.path)
        if secret is None or is_foreign(request.headers, request.remote):
            return None
        return await self._store.find(hash_of(secret), reach, self._clock())

    def _wait_s(self, link_id: str) -> int:
        """Take one of the reads of this minute; return how long to wait where there is none."""
        now = time.monotonic()
        rate = self._rates.setdefault(link_id, TokenBucket(READS_PER_MINUTE, now))
        wait_s = rate.wait_s(now)
        if not wait_s:
            rate.take(now)
        return ceil(wait_s)

    async def _page(self, link: ChatLink, start: int) -> web.Response:
        try:
            messages = await self._store.messages(link, start, PART_MESSAGES + 1)
            async with asyncio.timeout(WRITING_MAX_S):
                written = partial(_written, link, messages, is_first=start == 0, now=self._clock())
                html = await asyncio.get_running_loop().run_in_executor(self._writer, written)
            await self._store.count_read(link.id, self._clock())
        except TimeoutError:
            retry = {"Retry-After": str(BUSY_RETRY_S)}
            return refused(503, "Too much to do", f"Try again in {BUSY_RETRY_S} s.", **retry)
        except StoreError as error:
            logger.warning("chat link %s cannot be read: %s", link.id, error)
            return refused(500, "This cannot be shown", "The owner's node has a fault; it has noted it.")
        return answered(200, html)


def refused(status: int, title: str, text: str, **more: str) -> web.Response:
    return answered(status, notice(title, text), **more)


def answered(status: int, html: str, **more: str) -> web.Response:
    response = web.Response(
        status=status, text=html, content_type="text/html", charset="utf-8", headers={**HEADERS, **more}
    )
    response.force_close()
    return response


def _start(request: web.BaseRequest) -> int:
    """Return the position with which the wanted part begins; what makes no sense is the beginning."""
    text = request.query.get("from", "")
    return int(text) if text.isdecimal() and len(text) <= NUMBER_MAX_DIGITS else 0


def _written(link: ChatLink, messages: Sequence[StoredMessage], *, is_first: bool, now: float) -> str:
    """Write the page of as many messages as fit on it. Runs in a thread of its own."""
    # Loaded with the first reader: most nodes have none.
    from node.chat_links.transcript import Part, transcript_page  # noqa: PLC0415

    fit = fitting(messages)
    left = messages[fit].position if fit < len(messages) else None
    return transcript_page(link, Part(messages=messages[:fit], is_first=is_first, next_position=left), now)


def fitting(messages: Sequence[StoredMessage]) -> int:
    """Return how many of the messages make one part: at least one, if there is one."""
    chars = 0
    for count, message in enumerate(messages[:PART_MESSAGES], start=1):
        chars += len(message.content)
        if chars > PART_CHARS:
            return count
    return min(len(messages), PART_MESSAGES)
