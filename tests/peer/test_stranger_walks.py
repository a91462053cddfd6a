"""What somebody on the wire, or a stranger at the door, may try."""

import asyncio
import json
import secrets
import ssl
from contextlib import suppress

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from peer.dial import dial, split_address
from peer.errors import Unreachable
from peer.identity import Identity, negotiated
from peer.messages import (
    VERSIONS,
    Auth,
    Hello,
    decode,
    encode,
)
from peer.protocol import CLIENT
from peer.server import MAX_PENDING_PER_HOST
from peer.tls import client_context
from tests.mission import requirement
from tests.peer.nodes import WITHIN_S, Node, in_time, nodes, pair
from tests.peer.wire import HandDriven, hand_driven, proxy

UPGRADE = (
    b"GET /peer-ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SECRET_PROMPT = "the password is rhubarb"


@requirement("F8", "U1")
async def test_whoever_passes_the_bytes_on_sees_nothing_of_an_ask() -> None:
    async with nodes("anna", "ben") as (anna, ben), proxy(anna.address) as middle:
        await ben.hub.join(anna.hub.invite(addresses=[middle.address]).ticket)
        reply = await ben.hub.ask("anna", SECRET_PROMPT)
        assert reply.text == f"anna heard {SECRET_PROMPT}"
        assert len(middle.seen) > 1_000
        for word in (b"rhubarb", b"agent_request", b"anna", ben.id.encode(), b"GET /peer-ws"):
            assert word not in middle.seen


@requirement("F8")
async def test_changing_one_bit_on_the_way_kills_the_link() -> None:
    async with nodes("anna", "ben") as (anna, ben), proxy(anna.address) as middle:
        await ben.hub.join(anna.hub.invite(addresses=[middle.address]).ticket)
        first = next(iter(ben.hub._links))
        middle.spoil = lambda data: bytes([*data[:-1], data[-1] ^ 1])
        with pytest.raises(Exception, match="lost"):
            await in_time(ben.hub.ask("anna", SECRET_PROMPT))
        await ben.until(lambda: first not in list(ben.hub._links))
        assert anna.asked == []


async def greeted(node: Node) -> tuple[HandDriven, Hello]:
    """Dial as a stranger and take the greeting."""
    identity = Identity.generate()
    socket, _ = await dial([node.address], node.id)
    hello = decode(await socket.recv_text() or "")
    assert isinstance(hello, Hello)
    assert set(json.loads(encode(hello))) == {"t", "v", "n"}
    return HandDriven(identity, socket, None), hello  # type: ignore[arg-type]


def auth(peer: Identity, node: Node, hello: Hello, version: int = VERSIONS[0], **changes: object) -> Auth:
    nonce = secrets.token_bytes(32)
    fields = [node.identity.public_key, peer.public_key, bytes.fromhex(hello.n), nonce]
    fields.append(negotiated(hello.v, version))
    good: dict[str, object] = {
        "v": version,
        "id": peer.node_id,
        "n": nonce.hex(),
        "sig": peer.sign(CLIENT, *fields).hex(),
    }
    return Auth.model_validate(good | changes)


@requirement("F5")
async def test_an_unknown_key_is_turned_away_and_learns_nothing() -> None:
    async with nodes("anna") as (anna,):
        stranger, hello = await greeted(anna)
        await stranger.socket.send_text(encode(auth(stranger.identity, anna, hello)))
        assert await stranger.socket.recv_text() is None
        assert await stranger.hear_close() == (4403, "not_trusted")
        assert anna.hub.peers() == []


@requirement("F7")
async def test_a_peer_that_spoke_a_newer_version_is_held_to_it_until_the_owners_pair_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.protocol.VERSIONS", (2, 1))
    async with nodes("anna") as (anna,):
        friend = await hand_driven(anna)
        assert [record.version for record in await anna.trust.all()] == [2]
        again, hello = await greeted(anna)
        await again.socket.send_text(encode(auth(friend.identity, anna, hello, version=1)))
        assert await again.hear_close() == (4406, "downgrade")
        await friend.socket.close()
        monkeypatch.setattr("peer.protocol.VERSIONS", (1,))
        await hand_driven(anna, friend.identity)
        assert [record.version for record in await anna.trust.all()] == [1]


async def test_a_friends_id_without_its_key_is_turned_away() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        stranger, hello = await greeted(anna)
        await stranger.socket.send_text(encode(auth(stranger.identity, anna, hello, id=ben.id)))
        assert await stranger.hear_close() == (4401, "bad_proof")


async def test_a_proof_made_for_another_connection_is_turned_away() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        first, hello = await greeted(anna)
        overheard = encode(auth(ben.identity, anna, hello))
        second, _ = await greeted(anna)
        await second.socket.send_text(overheard)
        assert await second.hear_close() == (4401, "bad_proof")
        await first.socket.close()


@requirement("F7")
async def test_a_dialler_of_version_99_is_refused() -> None:
    async with nodes("anna") as (anna,):
        stranger, hello = await greeted(anna)
        await stranger.socket.send_text(encode(auth(stranger.identity, anna, hello, v=99)))
        assert await stranger.hear_close() == (4406, "version")


@requirement("F7")
async def test_more_than_eight_kilobytes_before_the_proof_are_refused() -> None:
    async with nodes("anna") as (anna,):
        stranger, _ = await greeted(anna)
        await stranger.socket.send_text(" " * 9_000)
        assert await stranger.hear_close() == (4429, "link_refused")


@requirement("F7")
async def test_a_dialler_that_stays_silent_after_the_upgrade_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.connection.HANDSHAKE_TIMEOUT_S", 0.05)
    async with nodes("anna") as (anna,):
        stranger, _ = await greeted(anna)
        assert await stranger.hear_close() == (4408, "deadline")


@requirement("F7")
@pytest.mark.parametrize("context", [client_context(), None], ids=["after TLS", "before TLS"])
async def test_a_connection_that_never_asks_for_the_upgrade_is_dropped(
    monkeypatch: pytest.MonkeyPatch, context: ssl.SSLContext | None
) -> None:
    monkeypatch.setattr("peer.server.HANDSHAKE_TIMEOUT_S", 0.05)
    async with nodes("anna") as (anna,):
        reader, writer = await asyncio.open_connection(*split_address(anna.address), ssl=context)
        try:
            assert await in_time(reader.read()) == b""
        except ConnectionResetError:
            pass
        finally:
            writer.transport.abort()


async def test_a_web_page_cannot_open_a_link() -> None:
    async with nodes("anna") as (anna,):
        with pytest.raises(InvalidStatus) as refused:
            await connect(
                f"wss://{anna.address}/peer-ws",
                ssl=client_context(),
                origin=Origin("https://evil.example"),
                proxy=None,
            )
        assert refused.value.response.status_code == 403


async def test_older_tls_and_other_paths_are_refused() -> None:
    async with nodes("anna") as (anna,):
        older = client_context()
        older.minimum_version = ssl.TLSVersion.TLSv1_2
        older.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(*split_address(anna.address), ssl=older)
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"wss://{anna.address}/", ssl=client_context(), proxy=None)
        assert refused.value.response.status_code == 404


async def is_turned_away(node: Node, *, speaks_tls: bool) -> bool:
    """Connect as somebody who proves nothing; say whether the door was shut at once."""
    context = client_context() if speaks_tls else None
    try:
        reader, writer = await asyncio.open_connection(*split_address(node.address), ssl=context)
    except ConnectionError:
        return True
    try:
        return await in_time(reader.read()) == b""
    except ConnectionError:
        return True
    finally:
        writer.transport.abort()


@requirement("F7")
@pytest.mark.parametrize("greets", [True, False], ids=["after TLS", "before TLS"])
async def test_one_host_has_few_connections_that_have_not_proved_themselves(*, greets: bool) -> None:
    """Also of those that cost nothing to open, which would take all files of the process."""
    async with nodes("anna", "ben") as (anna, ben):
        held = [await standing(anna, greets=greets) for _ in range(MAX_PENDING_PER_HOST)]
        for number in range(40):
            assert await is_turned_away(anna, speaks_tls=bool(number % 2))
        for transport in held:
            transport.abort()
        # Their places are free again, and those who have proved themselves take none.
        for _ in range(MAX_PENDING_PER_HOST + 1):
            await in_time(joined(anna, ben))


async def standing(node: Node, *, greets: bool) -> asyncio.WriteTransport:
    """Connect, go as far as the greeting or say nothing at all, and stay."""
    if greets:
        return (await greeted(node))[0].socket._ws.transport
    connect = asyncio.get_running_loop().create_connection
    return (await connect(asyncio.Protocol, *split_address(node.address)))[0]


async def joined(inviter: Node, joiner: Node) -> None:
    """Pair as soon as there is room at the door."""
    while True:
        with suppress(Unreachable):
            await joiner.hub.join(inviter.hub.invite(addresses=[inviter.address]).ticket)
            return


@requirement("F7")
@pytest.mark.parametrize(
    "flood",
    [b"\x81\xff" + (400_000).to_bytes(8, "big") + b"aaaa" + b"x" * 399_000, b"\x01\x80aaaa" + b"\x00\x80aaaa" * 9_000],
    ids=["a long text", "empty pieces of a text"],
)  # fmt: skip
async def test_who_has_proved_nothing_is_hung_up_on_after_a_few_bytes(flood: bytes) -> None:
    async with nodes("anna") as (anna,):
        reader, writer = await asyncio.open_connection(*split_address(anna.address), ssl=client_context())
        writer.write(UPGRADE)
        await in_time(reader.readuntil(b"\r\n\r\n"))
        writer.write(flood)
        with suppress(ConnectionError):
            await in_time(reader.read())
        writer.transport.abort()


@pytest.mark.parametrize("opcode", [0x9, 0xA], ids=["ping", "pong"])
async def test_a_stranger_that_pings_is_hung_up_on_and_not_answered(opcode: int) -> None:
    async with nodes("anna") as (anna,):
        stranger, _ = await greeted(anna)
        stranger.socket._ws.transport.write(bytes([0x80 | opcode, 0x80]) + b"aaaa")
        assert await stranger.hear_close() == (1003, "text only")


async def test_the_door_tells_nobody_what_it_is_made_of() -> None:
    async with nodes("anna") as (anna,):
        for request in (UPGRADE, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"junk\r\n\r\n"):
            reader, writer = await asyncio.open_connection(*split_address(anna.address), ssl=client_context())
            writer.write(request)
            async with asyncio.timeout(WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
            assert b"aiohttp" not in head.lower()
            assert b"python" not in head.lower()
            writer.transport.abort()
