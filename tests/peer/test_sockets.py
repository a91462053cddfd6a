"""One contract, three sockets: memory, aiohttp's server side, websockets' client side."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from peer.dial import dial
from peer.identity import Identity
from peer.server import PeerListener
from peer.sockets import AiohttpSocket
from peer.transport import Socket
from tests.peer.memory import MemorySocket

WITHIN_S = 20


PING, PONG, PIECE = b"\x89\x00", b"\x8a\x00", b"\x01\x00"
"""As a listener writes them."""


@pytest.fixture(params=["memory", "aiohttp", "websockets"])
async def sides(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Socket, Socket]]:
    """Give the socket under test and what it is connected to."""
    if request.param == "memory":
        yield MemorySocket.pair()
        return
    identity = Identity.generate()
    accepted: asyncio.Queue[AiohttpSocket] = asyncio.Queue()
    over = asyncio.Event()

    async def serve(socket: AiohttpSocket, settled: Callable[[], None]) -> None:
        settled()
        accepted.put_nowait(socket)
        await over.wait()

    listener = PeerListener(identity, serve)
    address = await listener.start("127.0.0.1", 0)
    near, _ = await dial([address], identity.node_id)
    far = await accepted.get()
    yield (far, near) if request.param == "aiohttp" else (near, far)
    over.set()
    await near.close()
    await listener.close()


async def recv(socket: Socket) -> str | None:
    async with asyncio.timeout(WITHIN_S):
        return await socket.recv_text()


async def test_texts_arrive_whole_and_in_order_both_ways(sides: tuple[Socket, Socket]) -> None:
    near, far = sides
    texts = ["one", "", "zwei \U0001f600", "x" * 200_000]
    for text in texts:
        await near.send_text(text)
        assert await recv(far) == text
        await far.send_text(text)
        assert await recv(near) == text


async def test_the_other_side_hears_code_and_reason_of_a_close(sides: tuple[Socket, Socket]) -> None:
    near, far = sides
    waiting = asyncio.create_task(recv(far))
    await asyncio.gather(near.close(4403, "not_trusted"), waiting)
    assert waiting.result() is None
    assert far.close_heard() == (4403, "not_trusted")


async def test_a_read_that_waits_ends_when_its_own_side_closes(sides: tuple[Socket, Socket]) -> None:
    near, far = sides
    waiting = asyncio.create_task(recv(near))
    answering = asyncio.create_task(recv(far))
    await asyncio.sleep(0)
    await near.close()
    assert await waiting is None
    await answering


async def test_what_was_sent_before_a_close_is_still_read(sides: tuple[Socket, Socket]) -> None:
    near, far = sides
    await near.send_text("last words")
    closing = asyncio.create_task(near.close())
    assert await recv(far) == "last words"
    assert await recv(far) is None
    await closing


async def test_a_closed_socket_takes_no_text_and_closes_again_without_a_fuss(
    sides: tuple[Socket, Socket],
) -> None:
    near, far = sides
    reading = asyncio.create_task(recv(far))
    await near.close()
    await reading
    await near.close()
    with pytest.raises(ConnectionError):
        await near.send_text("too late")
    assert await recv(near) is None


async def test_a_read_that_is_given_up_loses_no_text(sides: tuple[Socket, Socket]) -> None:
    near, far = sides
    given_up = asyncio.create_task(near.recv_text())
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    await far.send_text("hello")
    assert await recv(near) == "hello"


@pytest.mark.parametrize("sides", ["websockets"], indirect=True)
@pytest.mark.parametrize("frame", [PING, PONG, PIECE], ids=["pings", "pongs", "pieces of a text"])
async def test_a_listener_that_floods_with_what_no_node_sends_is_hung_up_on(
    sides: tuple[Socket, Socket], frame: bytes
) -> None:
    """websockets answers pings by itself, and would keep what the other side does not read of that."""
    near, far = sides
    far._ws._req.transport.write(frame * 10_000)  # type: ignore[attr-defined]
    assert await recv(near) is None
    with pytest.raises(ConnectionError):
        await near.send_text("is anybody there?")
