"""Serving a reader over HTTP until it is through, the reader leaves, or the node stops."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import aclosing, contextmanager
from typing import TypeVar

from aiohttp import web

from node.ws import GOING_AWAY, SLOW_READER, Client

T = TypeVar("T")

NDJSON_HEADERS = {"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"}
LOOK_EVERY_S = 0.5
"""How soon a reader that hung up while nothing was to be written is noticed."""


class Readers:
    """Those who read streams now, to be told when the node stops."""

    def __init__(self) -> None:
        self._open: set[Client] = set()

    @contextmanager
    def one(self) -> Iterator[Client]:
        """Count a reader for as long as the block runs."""
        reader = Client()
        self._open.add(reader)
        try:
            yield reader
        finally:
            self._open.discard(reader)

    async def say_goodbye(self, _: web.Application) -> None:
        for reader in self._open:
            reader.leave(GOING_AWAY)


async def pour(
    request: web.Request, response: web.StreamResponse, reader: Client, lines: AsyncGenerator[bytes, None]
) -> bool:
    """Write all lines; False when the reader hung up before their end.

    A reader that was dropped or cut off by the node's end has not hung up: it may come back.
    """
    await response.prepare(request)
    writing = asyncio.create_task(write(response, lines), name=f"{reader.id} writer")
    left = asyncio.create_task(hung_up(request), name=f"{reader.id} end")
    dropped = asyncio.create_task(reader.gone.wait(), name=f"{reader.id} drop")
    tasks = (writing, left, dropped)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        outcome, *_ = await asyncio.gather(*tasks, return_exceptions=True)
    if reader.close_code == SLOW_READER and request.transport is not None:
        request.transport.abort()
    if isinstance(outcome, Exception) and not isinstance(outcome, ConnectionError):
        raise outcome
    return outcome is None or reader.close_code in {GOING_AWAY, SLOW_READER}


async def while_read(request: web.Request, work: Coroutine[object, object, T]) -> T:
    """Do work for a reader that waits for it; stop it when the reader hangs up."""
    doing, left = asyncio.create_task(work), asyncio.create_task(hung_up(request))
    try:
        await asyncio.wait((doing, left), return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise web.HTTPBadRequest(text="nobody is left to read this")
        return doing.result()
    finally:
        for task in (doing, left):
            task.cancel()
        await asyncio.gather(doing, left, return_exceptions=True)


async def write(response: web.StreamResponse, lines: AsyncGenerator[bytes, None]) -> None:
    async with aclosing(lines) as pieces:
        async for line in pieces:
            await response.write(line)
    await response.write_eof()


async def hung_up(request: web.Request) -> None:
    """Return once the reader's connection is gone."""
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110  there is no event for it
        # aiohttp tells a handler that it lost its reader only when it writes.
        await asyncio.sleep(LOOK_EVERY_S)
