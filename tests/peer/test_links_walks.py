import asyncio

import pytest

from peer.dial import dial, split_address
from peer.errors import PortInUse, Unreachable
from peer.trust import PeerRecord, TrustState
from tests.mission import requirement
from tests.peer.nodes import Node, blocked, in_time, nodes, pair
from tests.peer.wire import proxy


async def befriend(one: Node, other: Node) -> None:
    """Have each know the other and its address, without a link."""
    for owner, friend in ((one, other), (other, one)):
        record = PeerRecord(
            node_id=friend.id, state=TrustState.TRUSTED, addresses=(friend.address,), added_at=0
        )
        await owner.trust.save(record)


@requirement("F27")
async def test_two_nodes_that_dial_each_other_at_once_end_with_one_link() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await befriend(anna, ben)
        await asyncio.gather(anna.hub.start(), ben.hub.start())
        await asyncio.gather(anna.hub.connect(ben.id), ben.hub.connect(anna.id))
        diallers = set()
        for node in (anna, ben):
            await node.until(lambda node=node: len(list(node.hub._links)) == 1)  # type: ignore[misc]
            [link] = node.hub._links
            assert not link.is_retired
            diallers.add(link.dialler)
        assert len(diallers) == 1
        answers = await asyncio.gather(anna.hub.ask(ben.id, "hi"), ben.hub.ask(anna.id, "hi"))
        assert [answer.text for answer in answers] == ["ben heard hi", "anna heard hi"]


@requirement("F27")
async def test_the_link_dialled_by_the_smaller_id_wins_and_an_ask_on_the_other_is_answered_first() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await befriend(anna, ben)
        small, large = sorted((anna, ben), key=lambda node: node.id)
        for node in (small, large):
            await node.hub._roster.load()
        await large.hub.connect(small.id)
        begun, release = asyncio.Event(), asyncio.Event()

        async def answer(_: object) -> str:
            begun.set()
            await release.wait()
            return "still here"

        small.answer = answer
        asking = asyncio.create_task(large.hub.ask(small.id, "hello"))
        await in_time(begun.wait())
        first = next(iter(small.hub._links))
        await small.hub._linking.dial(large.id, (large.address,))
        await small.until(lambda: first.is_retired)
        release.set()
        answered = await in_time(asking)
        assert getattr(answered, "text", "") == "still here"
        await large.until(lambda: len(list(large.hub._links)) == 1)
        assert next(iter(large.hub._links)).dialler == small.id


@requirement("F26")
async def test_a_link_that_was_cut_comes_back_by_itself() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        for link in ben.hub._links:
            link.connection._socket._ws.transport.abort()  # type: ignore[attr-defined]
        await ben.until(lambda: not ben.is_linked(anna))
        await ben.until(lambda: ben.is_linked(anna))
        assert (await ben.hub.ask("anna", "back?")).text == "anna heard back?"


async def test_a_node_that_was_restarted_is_linked_again_and_its_address_was_remembered() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        await anna.until(lambda: anna.status(ben).record.addresses == (ben.address,))
        await anna.hub.close()
        again = Node("anna", anna.identity, trust=anna.trust)
        await again.hub.start()
        await again.until(lambda: again.is_linked(ben))
        assert (await again.hub.ask("ben", "hello")).text == "ben heard hello"
        await again.hub.close()


@requirement("F6")
async def test_revoking_a_peer_that_no_longer_answers_stops_its_turn_before_the_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.sockets.CLOSE_WAIT_S", 0.5)
    async with nodes("anna", "ben") as (anna, ben), proxy(anna.address) as middle:
        await ben.hub.join(anna.hub.invite(addresses=[middle.address]).ticket)
        await anna.until(lambda: anna.is_linked(ben))
        ben.answer, begun, cancelled = blocked()
        asking = asyncio.create_task(anna.hub.ask("ben", "wait"))
        await in_time(begun.wait())
        middle.spoil = lambda _: b""
        revoking = asyncio.create_task(ben.hub.revoke(anna.id))
        await in_time(cancelled.wait())
        assert not revoking.done()
        await in_time(revoking)
        assert not ben.knows(anna)
        asking.cancel()


async def test_the_door_moves_and_open_links_stay() -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        await pair(anna, ben)
        old, link = anna.address, next(iter(ben.hub._links))
        anna.address = await anna.hub.listen("127.0.0.1", 0)
        assert anna.address != old
        await pair(anna, carl)
        assert list(ben.hub._links) == [link]
        assert (await ben.hub.ask("anna", "moved?")).text == "anna heard moved?"


async def test_the_door_can_move_to_another_address_of_the_same_port() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        assert await anna.hub.listen("127.0.0.1", split_address(anna.address)[1]) == anna.address
        old = anna.address
        anna.address = await anna.hub.listen("127.0.0.1", 0)
        with pytest.raises(Unreachable):
            await dial([old], anna.id)


async def test_a_port_in_use_is_said_and_the_old_door_stays_open() -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        with pytest.raises(PortInUse, match="another peer port"):
            await anna.hub.listen(*split_address(ben.address))
        await pair(anna, carl)


@requirement("F25")
async def test_a_peer_shows_its_round_trip_when_it_was_seen_and_its_new_profile() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        await ben.until(lambda: ben.status(anna).record.last_seen == ben.clock)
        await ben.until(lambda: ben.status(anna).rtt_ms is not None)
        anna.name = "Anna the second"
        anna.hub.announce()
        await ben.until(lambda: ben.status(anna).record.name == "Anna the second")


async def test_two_peers_of_one_name_have_to_be_told_apart() -> None:
    async with nodes("anna", "ben", "ben") as (anna, one, other):
        await pair(anna, one)
        await pair(anna, other)
        with pytest.raises(Exception, match=one.id[:8]):
            await anna.hub.ask("ben", "which?")
        assert (await anna.hub.ask(other.id[:12], "you?")).node_id == other.id


async def test_a_silent_peer_is_taken_for_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peer.connection.DEAD_AFTER_S", 0.1)
    monkeypatch.setattr("peer.keeping.FIRST_DELAY_S", 60.0)
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        await ben.until(lambda: not ben.is_linked(anna))


async def test_a_profile_that_is_too_long_is_cut_and_not_a_fault() -> None:
    async with nodes("anna", "b" * 200) as (anna, ben):
        await pair(anna, ben)
        assert anna.status(ben).record.name == "b" * 64
