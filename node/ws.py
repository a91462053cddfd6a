"""One client's socket: one reader, one writer, and a bounded queue between the node and the wire."""

import asyncio
import logging
from itertools import count

from aiohttp import WSMsgType, web

from agent.events import Event
from node import envelope
from node.envelope import FRAME_MAX_BYTES, FrameError, FrameRefused
from node.router import Router
from node.store.errors import StoreError
from tools.spec import ToolSpec

logger = logging.getLogger(__name__)

SEND_QUEUE_FRAMES = 4096
SEND_QUEUE_BYTES = 16 * 1024 * 1024
"""A client that lets more than this pile up is dropped; its session keeps everything for `resume`."""
HEARTBEAT_S = 20.0
HANDLERS_MAX = 64
"""Frames of one client that are handled at a time; the reader then waits."""
GOING_AWAY = 1001
TOO_BIG = 1009
BROKEN = 1011
DRAIN_TIMEOUT_S = 30.0
"""A client that is sent what it missed has this long to read half of what is queued."""
SLOW_READER = 4008
"""Close codes: the node stops; a frame is too large; the node failed; the client reads too slowly."""

_ids = count(1)


class Client:
    """What the rest of the node knows of a connected client."""

    def __init__(self) -> None:
        self.id = f"client-{next(_ids)}"
        self.tools: dict[str, ToolSpec] = {}
        """Its manifest; gone with the socket."""
        self.handling: set[asyncio.Task[None]] = set()
        """Its frames that are being handled."""
        self.gone = asyncio.Event()
        self.close_code = 1000
        self._queue: asyncio.Queue[str] = asyncio.Queue(SEND_QUEUE_FRAMES)
        self._queued_bytes = 0
        self._written = asyncio.Event()

    def send(self, text: str) -> None:
        """Queue one frame. Never waits: a client whose queue is full is dropped."""
        if self.gone.is_set():
            return
        self._queued_bytes += len(text)
        if self._queued_bytes > SEND_QUEUE_BYTES or self._queue.full():
            self.leave(SLOW_READER)
        else:
            self._queue.put_nowait(text)

    @property
    def has_room(self) -> bool:
        """Whether the queue is less than half full, so that the past leaves room for live events."""
        return self._queue.qsize() * 2 < SEND_QUEUE_FRAMES and self._queued_bytes * 2 < SEND_QUEUE_BYTES

    async def drained(self) -> None:
        """Wait for room; a client that does not make any is dropped."""
        try:
            async with asyncio.timeout(DRAIN_TIMEOUT_S):
                while not self.has_room and not self.gone.is_set():
                    self._written.clear()
                    await self._written.wait()
        except TimeoutError:
            self.leave(SLOW_READER)

    def leave(self, code: int) -> None:
        """End the connection, from whichever side of the node."""
        self.close_code = code
        self.gone.set()
        self._written.set()

    def show(self, channel: str, event: Event) -> None:
        """Queue an event that belongs to no turn."""
        self.send(envelope.written(channel, event))

    @property
    def unsent_bytes(self) -> int:
        """How much waits to be written; large for a client that reads slowly."""
        return self._queued_bytes

    async def next_frame(self) -> str:
        """Return the next frame to write."""
        text = await self._queue.get()
        self._queued_bytes -= len(text)
        self._written.set()
        return text


async def serve(socket: web.WebSocketResponse, client: Client, router: Router[Client]) -> None:
    """Run a socket until either side ends it."""
    tasks = [
        asyncio.create_task(read(socket, client, router), name=f"{client.id} reader"),
        asyncio.create_task(write(socket, client), name=f"{client.id} writer"),
        asyncio.create_task(client.gone.wait(), name=f"{client.id} end"),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        client.gone.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await close(socket, client)


async def close(socket: web.WebSocketResponse, client: Client) -> None:
    """Close a socket; one whose reader stalled is cut, since it would not read the closing frame either."""
    if client.close_code != SLOW_READER:
        await socket.close(code=client.close_code)
        return
    logger.warning("%s reads too slowly and was dropped", client.id)
    transport = socket._req.transport if socket._req else None  # noqa: SLF001  aiohttp has no public abort
    if transport is not None:
        transport.abort()


async def read(socket: web.WebSocketResponse, client: Client, router: Router[Client]) -> None:
    """Start each frame's handler, in order; the next frame need not wait for what one stores or looks up.

    Handlers are short, turns run elsewhere. One that has begun ends also when its client leaves.
    """
    in_hand = asyncio.Semaphore(HANDLERS_MAX)
    async for message in socket:
        if message.type is WSMsgType.ERROR:
            return  # too large a frame, or a broken one: aiohttp has sent the closing code
        if len(message.data) > FRAME_MAX_BYTES:
            client.leave(TOO_BIG)
            return
        if message.type is not WSMsgType.TEXT:
            client.show("system", FrameError(code="bad_frame", message="frames are text"))
            continue
        await in_hand.acquire()
        handling = asyncio.create_task(handle(client, router, message.data), name=f"{client.id} frame")
        client.handling.add(handling)
        handling.add_done_callback(client.handling.discard)
        handling.add_done_callback(lambda _: in_hand.release())


async def handle(client: Client, router: Router[Client], text: str) -> None:
    """Do what a frame says; whatever is wrong with it is answered."""
    channel, event, turn_id = "system", "", None
    try:
        frame = envelope.read(text)
        channel, event, turn_id = frame.channel, frame.event, frame.turn_id
        await router.route(client, frame)
    except FrameRefused as refusal:
        error = FrameError(code=refusal.code, message=str(refusal), about=refusal.event, turn_id=turn_id)
        client.show(refusal.channel, error)
    except StoreError as refusal:
        error = FrameError(code=refusal.code, message=str(refusal), about=event, turn_id=turn_id)
        client.show(channel, error)
    except Exception:
        logger.exception("a frame of %s failed", client.id)
        error = FrameError(code="internal", message="internal error", about=event, turn_id=turn_id)
        client.show(channel, error)


async def write(socket: web.WebSocketResponse, client: Client) -> None:
    while True:
        await socket.send_str(await client.next_frame())
