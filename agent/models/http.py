"""One model server over HTTP: no proxies, redirects or reused connections; failures are `ModelError`s."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import monotonic
from typing import Self

import aiohttp

from agent.models import failure
from agent.models.base import ErrorKind, ModelError
from agent.models.local import refusal
from agent.models.recorder import UNRECORDED, Exchange, Recorder, until_end
from agent.models.wire import WireError, json_value
from tools.spec import JsonObject

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 5.0
"""For answers that are not a model's work: listings, and the text of an error."""
BODY_MAX_BYTES = 8 << 20
ERROR_MAX_BYTES = 64 << 10
READS_PER_S = 1_000
"""Of all streams of one server together. Many streams gather a few tokens between reads, fifty of them 50 ms'
worth: a wait that nobody sees, for which the node has time left to begin the next turn at once."""
PAUSED_FROM_S = 0.003
"""What comes during a wait of this length is left to the system, which gathers it for nothing."""
_HEADERS = {
    "Content-Type": "application/json",
    "Accept-Encoding": "identity",  # a compressed stream would come in lumps
}


class Answer:
    """A server's answer, whose body the recorder hears as it is read."""

    def __init__(
        self, response: aiohttp.ClientResponse, exchange: Exchange, streams: Callable[[], int] = lambda: 1
    ) -> None:
        """`streams` says how many answers are being read now."""
        self.status = response.status
        self.content_type = response.content_type
        self._response = response
        self._exchange = exchange
        self._streams = streams
        self._next_read = 0.0
        exchange.answered(response.status)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Return the bytes that have come; waits for some, and for its share of the reads."""
        await self._pause()
        data = await self._response.content.readany()
        if not data:
            raise StopAsyncIteration
        self._exchange.received(data)
        return data

    async def _pause(self) -> None:
        """Keep `READS_PER_S` of all streams together; the first read never waits."""
        now = monotonic()
        wait_s = self._next_read - now
        if wait_s > PAUSED_FROM_S:
            with self._paused():
                await asyncio.sleep(wait_s)
        elif wait_s > 0:
            await asyncio.sleep(wait_s)
        self._next_read = max(now, self._next_read) + self._streams() / READS_PER_S

    @contextmanager
    def _paused(self) -> Iterator[None]:
        """Take nothing from the socket meanwhile: each piece would wake the loop by itself."""
        connection = self._response.connection
        transport = connection.transport if connection else None
        if not isinstance(transport, asyncio.ReadTransport):
            yield
            return
        transport.pause_reading()
        try:
            yield
        finally:
            transport.resume_reading()


class ModelServer:
    """Speak HTTP with the model server at one address; the session opens with the first request."""

    def __init__(
        self,
        address: str,
        label: str,
        *,
        allow_remote: bool = False,
        key: str = "",
        recorder: Recorder = UNRECORDED,
    ) -> None:
        """`key` is sent with every request; only the node's own engine has one."""
        refused = refusal(address, allow_remote)
        if refused is not None:
            raise ModelError(ErrorKind.NOT_LOCAL, refused)
        self.address = address.rstrip("/")
        self.label = label
        self._headers = _HEADERS | ({"Authorization": f"Bearer {key}"} if key else {})
        self._recorder = recorder
        self._session: aiohttp.ClientSession | None = None
        self._streams = 0

    def __str__(self) -> str:
        return f"{self.label} at {self.address}"

    @asynccontextmanager
    async def post(self, path: str, body: JsonObject) -> AsyncIterator[Answer]:
        """Send a request and give its answer as it streams; leaving the block closes the connection.

        Raises `ModelError` for an error status, for a web page, and for a connection that fails.
        """
        data = json.dumps(body).encode()
        exchange = self._recorder.sent("POST", self.address + path, self._headers, data)
        with until_end(exchange), self._errors():
            payload = io.BytesIO(data)  # aiohttp warns of large bodies given as bytes
            response = await self._opened().post(self.address + path, data=payload, allow_redirects=False)
            self._streams += 1
            try:
                answer = Answer(response, exchange, lambda: self._streams)
                await self._check(answer)
                yield answer
            finally:
                self._streams -= 1
                response.close()

    async def get(self, path: str, limit_s: float = READ_TIMEOUT_S) -> object:
        """Fetch one JSON value; raises `ModelError`."""
        exchange = self._recorder.sent("GET", self.address + path, self._headers, b"")
        with until_end(exchange), self._errors():
            async with (
                asyncio.timeout(limit_s),
                self._opened().get(self.address + path, allow_redirects=False) as response,
            ):
                answer = Answer(response, exchange)
                await self._check(answer)
                return json_value(await read_text(answer))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # llama-server promises keep-alive and closes all the same after a stream: a reused
                # connection fails every other round of a turn.
                connector=aiohttp.TCPConnector(force_close=True),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
                headers=self._headers,
                trust_env=False,
            )
        return self._session

    async def _check(self, answer: Answer) -> None:
        if answer.status >= 300:
            async with asyncio.timeout(READ_TIMEOUT_S):
                body = await read_text(answer, ERROR_MAX_BYTES)
            raise failure.failure(str(self), answer.status, body)
        if answer.content_type == "text/html":
            raise failure.not_in_dialect(str(self))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except WireError as error:
            raise ModelError(ErrorKind.BROKEN, f"{self} sent what cannot be read: {error}.") from error
        except aiohttp.ClientConnectorError as error:
            raise failure.nothing_answers(self.address, self.label) from error
        except TimeoutError as error:
            raise failure.not_in_time(str(self)) from error
        except aiohttp.InvalidURL as error:
            raise ModelError(ErrorKind.REFUSED, f"{self.address!r} is not an address.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise failure.cut_short(str(self)) from error


async def read_text(answer: Answer, max_bytes: int = BODY_MAX_BYTES) -> str:
    """Read a body up to a bound; what lies beyond is left unread."""
    body = bytearray()
    async for chunk in answer:
        body += chunk
        if len(body) >= max_bytes:
            break
    return body[:max_bytes].decode(errors="replace")
