"""The transport under the `ollama` package, with a recorder. It imports httpx, which takes its time."""

from collections.abc import AsyncIterator
from typing import cast

import httpx

from agent.models.recorder import Exchange, Recorder


class RecordingTransport(httpx.AsyncHTTPTransport):
    def __init__(self, recorder: Recorder, *, verify: bool) -> None:
        super().__init__(verify=verify, trust_env=False)
        self._recorder = recorder

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target, headers = str(request.url), dict(request.headers)
        exchange = self._recorder.sent(request.method, target, headers, await request.aread())
        try:
            response = await super().handle_async_request(request)
        except BaseException as error:
            exchange.ended(str(error) or type(error).__name__)
            raise
        exchange.answered(response.status_code)
        response.stream = _Heard(cast("httpx.AsyncByteStream", response.stream), exchange)
        return response


class _Heard(httpx.AsyncByteStream):
    """A body that tells the exchange what is read of it; closed before its end, nobody wanted the rest."""

    def __init__(self, stream: httpx.AsyncByteStream, exchange: Exchange) -> None:
        self._stream = stream
        self._exchange = exchange
        self._error = "cancelled"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._stream:
            self._exchange.received(data)
            yield data
        self._error = ""

    async def aclose(self) -> None:
        await self._stream.aclose()
        self._exchange.ended(self._error)
