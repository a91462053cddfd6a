"""One authenticated connection: pumps a socket through the protocol, with one reader and one writer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from peer.closing import CLOSE_TOO_SLOW, Close
from peer.errors import CodesRefused, LinkError, LinkRefused, PeerError, PeerLost
from peer.identity import NodeId
from peer.limits import Pace, TokenBucket
from peer.messages import OpenFrame, Ping, Pong
from peer.protocol import HANDSHAKE_TIMEOUT_S, CodeShown, Event, Opened, PeerProtocol, Received, State
from peer.transport import Socket

PING_EVERY_S = 4
DEAD_AFTER_S = 10
"""Silence this long means that the peer is gone: it pings too."""
WRITE_TIMEOUT_S = 30
OUTBOX_MAX = 256
"""Frames that wait to be written; a peer that lets more pile up does not read, and is let go."""
COMPARE_TIMEOUT_S = 120
"""For both owners to look at their screens, and to answer."""
BULK_MAX = 32
"""Of those, requests, events and answers: whoever sends more of them waits."""
READ_PER_S = 5_000
"""Frames of one link; a long one counts as several of `READ_UNIT_CHARS`. Who sends faster has to wait."""
READ_UNIT_CHARS = 8_192
IDLE_PER_MINUTE = 1_200
"""Frames that belong to nothing under way: pings, news of an ask that has ended. More are a flood."""

logger = logging.getLogger(__name__)


class Connection:
    """Call `open` once, then `run` once. `send` works while `run` does."""

    def __init__(self, socket: Socket, protocol: PeerProtocol) -> None:
        self._socket = socket
        self._protocol = protocol
        self._outbox: asyncio.Queue[tuple[OpenFrame, bool]] = asyncio.Queue(maxsize=OUTBOX_MAX)
        self._peer = NodeId("")
        self._deciding: asyncio.Future[bool] | None = None
        self._bulk = 0
        self._room = asyncio.Condition()
        self._is_ended = False
        self._has_closed = False
        self._is_choked = False
        self._pace = Pace(READ_PER_S)
        self._idle: TokenBucket | None = None
        self._pinged = (0, 0.0)
        self.rtt_ms: float | None = None

    @property
    def remote_host(self) -> str:
        return self._socket.remote_host

    @property
    def failure(self) -> PeerError | None:
        """Why this side ended the link because of the other one, if it did."""
        return self._protocol.failure

    @property
    def farewell(self) -> PeerError | None:
        """Why the other side ended the link, if it did and said so; what this side closes it only repeats."""
        if self._has_closed or self._protocol.close is not None:
            return None
        code, reason = self._socket.close_heard()
        return Close(code=code, reason=reason).as_error()

    async def open(
        self,
        admit: Callable[[Opened], Awaitable[None]],
        decide: Callable[[CodeShown], Awaitable[bool]] | None = None,
    ) -> Opened:
        """Greet and prove, within `HANDSHAKE_TIMEOUT_S`; raise a `PeerError` that says why when it fails.

        `admit` is awaited before the other side hears of success: what it stores is stored on both sides.
        `decide` is awaited once a code is shown, with `COMPARE_TIMEOUT_S` for both owners.
        """
        opened = None
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S) as limit:
                opened = await self._greet(admit, decide, limit)
                return opened
        except TimeoutError:
            raise await self._too_slow() from None
        except ConnectionError as error:
            raise PeerLost("The other node hung up before the link was open.") from error
        except PeerError as error:
            self._protocol.fail(error)
            raise
        finally:
            if opened is None:
                await self._hang_up()

    async def run(self, take: Callable[[OpenFrame], bool]) -> None:
        """Hand every frame but pings to `take` until the link ends.

        `take` says whether the frame belongs to something under way, and may raise `ProtocolError`.
        """
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
        self._has_closed = True
        await self._socket.close(code, reason)

    async def _greet(
        self,
        admit: Callable[[Opened], Awaitable[None]],
        decide: Callable[[CodeShown], Awaitable[bool]] | None,
        limit: asyncio.Timeout,
    ) -> Opened:
        try:
            while True:
                await self._flush()
                for event in await self._next():
                    match event:
                        case CodeShown() if decide is not None:
                            limit.reschedule(asyncio.get_running_loop().time() + COMPARE_TIMEOUT_S)
                            self._deciding = asyncio.ensure_future(decide(event))
                        case Opened():
                            self._peer = event.peer
                            await admit(event)
                            await self._flush()
                            return event
        finally:
            if self._deciding is not None:
                self._deciding.cancel()

    async def _next(self) -> list[Event]:
        """Return what comes next: what the other side says, or what this owner decides."""
        reading = asyncio.ensure_future(self._socket.recv_text())
        try:
            waiting = (reading,) if self._deciding is None else (reading, self._deciding)
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            # A hang-up counts before a yes: the owner agreed to nobody.
            if reading.done() or self._deciding is None:
                return self._heard(reading.result())
            has_agreed, self._deciding = self._deciding.result(), None
            return self._decided(has_agreed=has_agreed)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def _decided(self, *, has_agreed: bool) -> list[Event]:
        if not has_agreed:
            raise CodesRefused("You said that the screens differ, or ended it. Nothing was stored.")
        return self._protocol.agree()

    def _heard(self, text: str | None) -> list[Event]:
        if text is None:
            raise _refused(self._socket.close_heard())
        events = self._protocol.receive(text)
        if self._protocol.failure is not None:
            raise self._protocol.failure
        return events

    async def _read(self, take: Callable[[OpenFrame], bool]) -> None:
        clock = asyncio.get_running_loop().time
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
            except LinkError as error:
                self._protocol.fail(error)
            if (wait_s := self._pace.wait_s(1 + len(text) // READ_UNIT_CHARS, clock())) > 0:
                await asyncio.sleep(wait_s)
        self._protocol.fail(LinkRefused("the peer does not read"))
        logger.warning("the link to %s was closed: %s", self._peer, self._protocol.failure)
        await self._hang_up()

    def _take(self, frame: OpenFrame, take: Callable[[OpenFrame], bool]) -> None:
        now = asyncio.get_running_loop().time()
        match frame:
            case Ping():
                self.send_soon(Pong(n=frame.n))
                belongs = False
            case Pong():
                number, sent_at = self._pinged
                if frame.n == number:
                    self.rtt_ms = (now - sent_at) * 1000
                belongs = take(frame)
            case _:
                belongs = take(frame)
        if not belongs:
            self._count_idle(now)

    def _count_idle(self, now: float) -> None:
        if self._idle is None:
            self._idle = TokenBucket(IDLE_PER_MINUTE, now)
        if self._idle.wait_s(now) > 0:
            raise LinkRefused(f"more than {IDLE_PER_MINUTE} frames a minute about nothing that is under way")
        self._idle.take(now)

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

    async def _too_slow(self) -> PeerError:
        if self._protocol.state is State.COMPARING:
            error: PeerError = CodesRefused(
                f"Nobody said within {COMPARE_TIMEOUT_S} s that both screens show the same code. "
                "Nothing was stored; begin again when both owners are there."
            )
            self._protocol.fail(error)
        else:
            error = LinkRefused(f"The other node did not prove its key within {HANDSHAKE_TIMEOUT_S} s.")
            await self.close(CLOSE_TOO_SLOW, "deadline")
        return error

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
