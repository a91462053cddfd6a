"""One authenticated connection: pumps a socket through the protocol, with one reader and one writer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from peer.closing import CLOSE_TOO_SLOW, Close
from peer.errors import LinkRefused, PeerError, PeerLost, ProtocolError
from peer.identity import NodeId
from peer.messages import OpenFrame, Ping, Pong
from peer.protocol import HANDSHAKE_TIMEOUT_S, Opened, PeerProtocol, Received, State
from peer.sockets import Socket

PING_EVERY_S = 4
DEAD_AFTER_S = 10
"""Silence this long means that the peer is gone: it pings too."""
WRITE_TIMEOUT_S = 30
OUTBOX_MAX = 256
"""Frames that wait to be written; a peer that lets more pile up does not read, and is let go."""
BULK_MAX = 32
"""Of those, requests, events and answers: whoever sends more of them waits."""

logger = logging.getLogger(__name__)


class Connection:
    """Call `open` once, then `run` once. `send` works while `run` does."""

    def __init__(self, socket: Socket, protocol: PeerProtocol) -> None:
        self._socket = socket
        self._protocol = protocol
        self._outbox: asyncio.Queue[tuple[OpenFrame, bool]] = asyncio.Queue(maxsize=OUTBOX_MAX)
        self._peer = NodeId("")
        self._bulk = 0
        self._room = asyncio.Condition()
        self._is_ended = False
        self._is_choked = False
        self._pinged = (0, 0.0)
        self.rtt_ms: float | None = None

    @property
    def remote_host(self) -> str:
        return self._socket.remote_host

    @property
    def failure(self) -> PeerError | None:
        """Why this side ended the link because of the other one, if it did."""
        return self._protocol.failure

    async def open(self, admit: Callable[[Opened], Awaitable[None]]) -> Opened:
        """Greet and prove, within `HANDSHAKE_TIMEOUT_S`; raise a `LinkError` or `TicketError` when it fails.

        `admit` is awaited before the other side hears of success: what it stores is stored on both sides.
        """
        opened = None
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                opened = await self._greet(admit)
                return opened
        except TimeoutError:
            await self.close(CLOSE_TOO_SLOW, "deadline")
            raise LinkRefused(
                f"The other node did not prove its key within {HANDSHAKE_TIMEOUT_S} s."
            ) from None
        except ConnectionError as error:
            raise PeerLost("The other node hung up before the link was open.") from error
        except PeerError as error:
            self._protocol.fail(error)
            raise
        finally:
            if opened is None:
                await self._hang_up()

    async def run(self, take: Callable[[OpenFrame], None]) -> None:
        """Hand every frame but pings to `take` until the link ends; `take` may raise `ProtocolError`."""
        try:
            async with asyncio.TaskGroup() as tasks:
                others = (tasks.create_task(self._write()), tasks.create_task(self._ping()))
                await self._read(take)
                for task in others:
                    task.cancel()
        finally:
            await self._end()

    async def send(self, frame: OpenFrame) -> None:
        """Queue a frame; waits while `BULK_MAX` of them are unsent. `PeerLost` on a link that ended."""
        async with self._room:
            await self._room.wait_for(lambda: self._is_ended or self._bulk < BULK_MAX)
            if self._is_ended:
                raise PeerLost("The link to the other node was lost.")
            self._bulk += 1
            self._put(frame, is_bulk=True)

    def send_soon(self, frame: OpenFrame) -> None:
        """Queue a small frame that must not wait; on a link that has ended it is dropped."""
        if not self._is_ended:
            self._put(frame, is_bulk=False)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """End the link; `run` returns."""
        await self._socket.close(code, reason)

    async def _greet(self, admit: Callable[[Opened], Awaitable[None]]) -> Opened:
        while True:
            await self._flush()
            text = await self._socket.recv_text()
            if text is None:
                raise _refused(self._socket.close_heard())
            events = self._protocol.receive(text)
            if self._protocol.failure is not None:
                raise self._protocol.failure
            for event in events:
                if isinstance(event, Opened):
                    self._peer = event.peer
                    await admit(event)
                    await self._flush()
                    return event

    async def _read(self, take: Callable[[OpenFrame], None]) -> None:
        while self._protocol.state is State.OPEN and not self._is_choked:
            try:
                async with asyncio.timeout(DEAD_AFTER_S):
                    text = await self._socket.recv_text()
            except TimeoutError:
                await self._socket.close(CLOSE_TOO_SLOW, "peer_lost")
                return
            if text is None:
                return
            try:
                for event in self._protocol.receive(text):
                    if isinstance(event, Received):
                        self._take(event.frame, take)
            except ProtocolError as error:
                self._protocol.fail(error)
        self._protocol.fail(LinkRefused("the peer does not read"))
        logger.warning("the link to %s was closed: %s", self._peer, self._protocol.failure)
        await self._hang_up()

    def _take(self, frame: OpenFrame, take: Callable[[OpenFrame], None]) -> None:
        match frame:
            case Ping():
                self.send_soon(Pong(n=frame.n))
            case Pong():
                number, sent_at = self._pinged
                if frame.n == number:
                    self.rtt_ms = (asyncio.get_running_loop().time() - sent_at) * 1000
                take(frame)
            case _:
                take(frame)

    async def _write(self) -> None:
        try:
            while True:
                frame, is_bulk = await self._outbox.get()
                self._protocol.send(frame)
                async with asyncio.timeout(WRITE_TIMEOUT_S):
                    await self._flush()
                if is_bulk:
                    async with self._room:
                        self._bulk -= 1
                        self._room.notify()
        except (ConnectionError, TimeoutError):
            # The reader notices the closed socket and ends the link.
            await self._socket.close()

    async def _ping(self) -> None:
        number = 0
        while True:
            number += 1
            self._pinged = (number, asyncio.get_running_loop().time())
            self.send_soon(Ping(n=number))
            await asyncio.sleep(PING_EVERY_S)

    def _put(self, frame: OpenFrame, *, is_bulk: bool) -> None:
        try:
            self._outbox.put_nowait((frame, is_bulk))
        except asyncio.QueueFull:
            self._is_choked = True

    async def _flush(self) -> None:
        for text in self._protocol.text_to_send():
            await self._socket.send_text(text)

    async def _hang_up(self) -> None:
        close = self._protocol.close or Close(code=1000, reason="")
        await self._socket.close(close.code, close.reason)

    async def _end(self) -> None:
        self._is_ended = True
        async with self._room:
            self._room.notify_all()
        await self._socket.close()


def _refused(heard: tuple[int, str]) -> PeerError:
    code, reason = heard
    known = Close(code=code, reason=reason).as_error()
    return known or PeerLost("The other node hung up before the link was open. Try again.")
