"""Whoever stalls, at whatever step, costs the other side a bounded time and nobody else anything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from peer.errors import LinkRefused, PeerError, PeerLost, Unreachable
from peer.identity import Identity
from peer.messages import PairCompare, PairShare, encode
from peer.pairing import Ticket, TicketBook
from peer.protocol import Listener, State
from peer.server import PeerListener
from peer.sockets import AiohttpSocket
from peer.tls import server_context
from peer.trust import TrustState
from tests.mission import requirement
from tests.peer.nodes import in_time, nodes, pair
from tests.peer.test_comparing_walks import comparing
from tests.peer.test_stranger_walks import auth, greeted
from tests.peer.wire import hand_driven

PATIENCE_S = 0.1
HALF_A_FRAME = b"\x81\xe4\x00\x00\x00\x00half of it"
"""The head of a masked text message of 100 bytes, and ten of them."""

Stall = Callable[[AiohttpSocket, Listener], Awaitable[None]]


@pytest.fixture(autouse=True)
def _no_long_goodbyes(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("peer.sockets", "peer.server", "peer.dial"):
        monkeypatch.setattr(f"{place}.CLOSE_WAIT_S", PATIENCE_S)


@requirement("F7")
@pytest.mark.parametrize("is_proved", [False, True], ids=["before the proof", "in the place of the proof"])
async def test_a_dialler_that_sends_half_a_frame_is_dropped(
    monkeypatch: pytest.MonkeyPatch, *, is_proved: bool
) -> None:
    monkeypatch.setattr("peer.connection.HANDSHAKE_TIMEOUT_S", PATIENCE_S)
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        stranger, hello = await greeted(anna)
        text = encode(auth(ben.identity, anna, hello)).encode() if is_proved else b""
        half = HALF_A_FRAME if not is_proved else b"\x81\xfe\x02\x00\x00\x00\x00\x00" + text[:40]
        stranger.socket._ws.transport.write(half)
        assert await stranger.hear_close() == (4408, "deadline")
        assert (await ben.hub.ask("anna", "still there?")).text == "anna heard still there?"


@requirement("F26")
async def test_an_ask_to_a_peer_that_says_nothing_once_it_is_linked_ends_with_the_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.connection.DEAD_AFTER_S", PATIENCE_S * 3)
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        with pytest.raises(PeerLost):
            await in_time(anna.hub.ask("mallory", "hello?"))
        assert await mallory.hear_close() == (4408, "peer_lost")


@requirement("U2", "F7")
async def test_a_stranger_that_stalls_before_it_reveals_its_share_is_dropped_and_the_next_one_may_pair(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        anna.hub.let_pair(allowed=True)
        with monkeypatch.context() as patch:
            patch.setattr("peer.connection.HANDSHAKE_TIMEOUT_S", PATIENCE_S)
            stranger, _ = await greeted(anna)
            stalled = PairCompare(
                v=1, id=stranger.identity.node_id, n="ab" * 32, name="eve", commit="cd" * 32
            )
            await stranger.socket.send_text(encode(stalled))
            await stranger.hear(PairShare)
            assert await stranger.hear_close() == (4408, "deadline")
        assert anna.hub.pairing().comparison is None
        await comparing(anna, ben)


async def says_nothing(socket: AiohttpSocket, _: Listener) -> None:
    await asyncio.Event().wait()


async def greets_only(socket: AiohttpSocket, listener: Listener) -> None:
    await flushed(socket, listener)
    await asyncio.Event().wait()


async def takes_the_proof_only(socket: AiohttpSocket, listener: Listener) -> None:
    await flushed(socket, listener)
    await socket.recv_text()
    await asyncio.Event().wait()


async def greets_by_half(socket: AiohttpSocket, _: Listener) -> None:
    transport = socket._ws._req.transport  # type: ignore[union-attr]
    assert transport is not None
    transport.write(b"\x81\x64half of it")
    await asyncio.Event().wait()


async def opens_and_says_nothing_more(socket: AiohttpSocket, listener: Listener) -> None:
    while listener.state is not State.OPEN:
        await flushed(socket, listener)
        listener.receive(await socket.recv_text() or "")
    await flushed(socket, listener)
    await asyncio.Event().wait()


async def flushed(socket: AiohttpSocket, listener: Listener) -> None:
    for text in listener.text_to_send():
        await socket.send_text(text)


@asynccontextmanager
async def stalling(identity: Identity, stall: Stall) -> AsyncIterator[str]:
    """Run a listener with a right key that stalls; give a ticket for it."""
    tickets = TicketBook()
    serving: set[asyncio.Task[Any]] = set()

    async def serve(socket: AiohttpSocket, _: Callable[[], None]) -> None:
        listener = Listener(
            identity,
            name="mallory",
            trust=lambda _: TrustState.SEEN,
            spoken=lambda _: 0,
            tickets=tickets,
            may_compare=lambda: False,
            key_changed=lambda _: None,
            now=lambda: 0.0,
        )
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        await stall(socket, listener)

    door = PeerListener(identity, serve)
    address = await door.start("127.0.0.1", 0)
    ticket = tickets.issue(node_id=identity.node_id, addresses=[address], expires_at=1e12)
    try:
        yield str(ticket)
    finally:
        for task in serving:
            task.cancel()
        await door.close()


@requirement("F7")
@pytest.mark.parametrize(
    ("stall", "where", "error", "text"),
    [
        (says_nothing, "connection", LinkRefused, "did not prove its key"),
        (greets_by_half, "connection", LinkRefused, "did not prove its key"),
        (greets_only, "connection", LinkRefused, "did not prove its key"),
        (takes_the_proof_only, "connection", LinkRefused, "did not prove its key"),
        (opens_and_says_nothing_more, "linking", PeerLost, "before it said who it is"),
    ],
)
async def test_a_listener_that_stalls_is_given_up_by_who_dialled_it(
    monkeypatch: pytest.MonkeyPatch, stall: Stall, where: str, error: type[PeerError], text: str
) -> None:
    monkeypatch.setattr(f"peer.{where}.HANDSHAKE_TIMEOUT_S", PATIENCE_S)
    async with nodes("anna") as (anna,), stalling(Identity.generate(), stall) as ticket:
        with pytest.raises(error, match=text):
            await in_time(anna.hub.join(ticket))


@requirement("U2", "F7")
@pytest.mark.parametrize("stall", [says_nothing, greets_only, takes_the_proof_only])
async def test_a_listener_that_stalls_before_a_code_is_shown_is_given_up_and_the_next_one_may_pair(
    monkeypatch: pytest.MonkeyPatch, stall: Stall
) -> None:
    async with nodes("anna", "ben") as (anna, ben), stalling(Identity.generate(), stall) as ticket:
        with monkeypatch.context() as patch:
            patch.setattr("peer.connection.HANDSHAKE_TIMEOUT_S", PATIENCE_S)
            with pytest.raises(LinkRefused, match="did not prove its key"):
                await in_time(anna.hub.compare(address=Ticket.parse(ticket).addresses[0]))
        assert anna.hub.pairing().comparison is None
        ben.hub.let_pair(allowed=True)
        assert (await anna.hub.compare(address=ben.address)).peer == ben.id


@requirement("F7")
@pytest.mark.parametrize("has_tls", [False, True], ids=["before TLS", "before the upgrade"])
async def test_a_listener_that_stalls_before_the_link_begins_is_given_up(
    monkeypatch: pytest.MonkeyPatch, *, has_tls: bool
) -> None:
    monkeypatch.setattr("peer.dial.DIAL_TIMEOUT_S", PATIENCE_S * 3)
    identity, done = Identity.generate(), asyncio.Event()

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.transport.abort()

    context = await asyncio.to_thread(server_context, identity) if has_tls else None
    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    host, port = server.sockets[0].getsockname()
    address = f"{host}:{port}"
    ticket = TicketBook().issue(node_id=identity.node_id, addresses=[address], expires_at=1e12)
    async with nodes("anna") as (anna,):
        try:
            with pytest.raises(Unreachable, match="did not answer"):
                await in_time(anna.hub.join(str(ticket)))
        finally:
            done.set()
            server.close()
