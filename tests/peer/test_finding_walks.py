"""What follows from noticing a node, and what does not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import chain, repeat

import pytest

from peer.connection import PING_EVERY_S
from peer.dial import DIAL_TIMEOUT_S, dial
from peer.errors import NotTrusted, UnknownPeer, Unreachable, WrongNode
from peer.identity import Identity
from peer.trust import PeerRecord, TrustState
from tests.mission import requirement
from tests.peer.nodes import Node, in_time, nodes, pair
from tests.peer.wire import foreign_server


@requirement("F2")
async def test_a_stranger_that_is_found_is_shown_as_seen_and_is_neither_dialled_nor_trusted() -> None:
    stranger = Identity.generate()
    async with nodes("anna", "ben") as (anna, ben), foreign_server(stranger) as (address, heard):
        anna.hub.sightings.found(stranger.node_id, (address,))
        [seen] = anna.hub.peers()
        assert (seen.record.node_id, seen.record.state) == (stranger.node_id, TrustState.SEEN)
        assert (seen.connected, seen.record.addresses) == (False, (address,))
        with pytest.raises(UnknownPeer):
            await anna.hub.ask(stranger.node_id, "hello")
        with pytest.raises(NotTrusted):
            await anna.hub.connect(stranger.node_id)
        await pair(anna, ben)
        assert heard.empty()
        assert await anna.trust.get(stranger.node_id) is None
        anna.hub.sightings.gone(stranger.node_id)
        assert not any(one.record.node_id == stranger.node_id for one in anna.hub.peers())


@asynccontextmanager
async def moved(anna: Node, ben: Node) -> AsyncIterator[Node]:
    """Pair the two, then have Ben start again at an address that Anna does not know, without knowing Anna's."""
    await pair(anna, ben)
    await ben.hub.close()
    await anna.until(lambda: not anna.is_linked(ben))
    again = Node("ben", ben.identity)
    await again.trust.save(PeerRecord(node_id=anna.id, state=TrustState.TRUSTED, added_at=0))
    try:
        await again.hub.start()
        again.address = await again.hub.listen("127.0.0.1", 0)
        yield again
    finally:
        await again.hub.close()


@requirement("F2")
async def test_a_friend_that_moved_is_linked_again_once_it_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peer.keeping.FIRST_DELAY_S", 0.01)
    monkeypatch.setattr("peer.keeping.delays", lambda: chain([0.01], repeat(60.0)))
    async with nodes("anna", "ben") as (anna, ben), moved(anna, ben) as again:
        anna.hub.sightings.found(ben.id, (again.address,))
        await anna.until(lambda: anna.is_linked(again))
        assert anna.status(again).record.addresses[0] == again.address


@requirement("F2")
async def test_a_friend_that_is_announced_elsewhere_by_a_liar_is_told_apart_by_its_key() -> None:
    liar = Identity.generate()
    async with nodes("anna", "ben") as (anna, ben), moved(anna, ben) as again:
        async with foreign_server(liar) as (address, heard):
            anna.hub.sightings.found(ben.id, (address,))
            assert await in_time(heard.get()) == b"", "not one byte of HTTP"
            assert not anna.is_linked(again)
            anna.hub.sightings.found(ben.id, (address, again.address))
            await anna.until(lambda: anna.is_linked(again))
        assert address not in anna.status(again).record.addresses


@requirement("F3")
async def test_whoever_listens_at_an_address_is_listed_as_seen_and_told_nothing() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        record = await anna.hub.meet(ben.address)
        assert (record.node_id, record.state, record.addresses) == (ben.id, TrustState.SEEN, (ben.address,))
        assert anna.status(ben).record == record
        assert not anna.is_linked(ben)
        assert not ben.knows(anna)
        assert await anna.trust.all() == []


@requirement("F3")
async def test_a_friend_met_by_address_is_linked_and_the_address_kept_as_the_first() -> None:
    async with nodes("anna", "ben") as (anna, ben), moved(anna, ben) as again:
        record = await anna.hub.meet(again.address)
        assert record.is_trusted
        assert anna.is_linked(again)
        assert anna.status(again).record.addresses[0] == again.address


async def test_nobody_at_an_address_no_node_and_oneself_are_said_so() -> None:
    async with nodes("anna") as (anna,):
        with pytest.raises(WrongNode, match="this node itself"):
            await anna.hub.meet(anna.address)
        with pytest.raises(Unreachable, match="not an address"):
            await anna.hub.meet("nowhere")
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable, match=f"127.0.0.1:{port}"):
            await in_time(anna.hub.meet(f"127.0.0.1:{port}"))
        server.close()


@requirement("F3")
async def test_an_address_that_says_nothing_does_not_hold_up_the_next_one() -> None:
    async with nodes("anna") as (anna,), AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(says_nothing()) for _ in range(3)]
        async with asyncio.timeout(DIAL_TIMEOUT_S - 1):
            socket, address = await dial([*silent, anna.address], anna.id)
        assert address == anna.address
        await socket.close()


async def test_what_is_in_the_way_of_a_connection_is_said_in_words() -> None:
    async with nodes("anna") as (anna,), foreign_server(Identity.generate()) as (elsewhere, _):
        for address, why in (
            ("127.0.0.1:9", "nothing listens there"),
            ("no-such-host.invalid:9", "no machine of that name"),
        ):
            with pytest.raises(Unreachable, match=why):
                await in_time(dial([address], anna.id))
        with pytest.raises(WrongNode):
            await in_time(dial([elsewhere, "127.0.0.1:9"], anna.id))
        with pytest.raises(Unreachable, match="No address is known"):
            await dial([], anna.id)


@asynccontextmanager
async def says_nothing() -> AsyncIterator[str]:
    """Run a server that takes connections and never says a word; give its address."""
    over = asyncio.Event()

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"{host}:{port}"
    finally:
        over.set()
        server.close()


@requirement("F25")
async def test_when_a_peer_was_last_seen_goes_on_while_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peer.connection.PING_EVERY_S", 0.05)
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        for _ in range(2):
            anna.clock += 3_600
            await anna.until(lambda: anna.status(ben).record.last_seen == anna.clock)
        assert anna.status(ben).capabilities == ("chat",)


@requirement("F25")
def test_presence_is_refreshed_every_five_seconds_at_least() -> None:
    assert PING_EVERY_S <= 5
