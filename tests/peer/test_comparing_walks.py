"""Pairing by comparing codes, between real nodes on real sockets, with and without somebody in between."""

import asyncio
from contextlib import suppress

import pytest

from peer.comparisons import Comparison, Stage
from peer.dial import split_address
from peer.errors import BadProof, PairingClosed, PeerError, UnknownPeer, Unreachable
from peer.messages import PairCompare, PairReveal, PairShare, encode
from peer.tls import client_context
from peer.trust import PeerRecord, TrustState
from peer.window import MAX_FAILURES, PAUSE_S, WINDOW_S
from tests.mission import requirement
from tests.peer.nodes import Node, in_time, nodes, pair
from tests.peer.test_stranger_walks import greeted


def current(node: Node) -> Comparison:
    comparison = node.hub.pairing().comparison
    assert comparison is not None
    return comparison


async def shown(node: Node, *others: Node) -> Comparison:
    """Wait until the node shows a code that nobody has answered."""
    await node.until(lambda: node.hub.pairing().comparison is not None and current(node).is_open)
    return current(node)


async def comparing(asked: Node, asking: Node) -> None:
    """Bring both to the point where the owners look."""
    asked.hub.let_pair(allowed=True)
    await asking.hub.compare(address=asked.address)
    await shown(asked)


def agree(node: Node) -> None:
    """Say yes to what the node's screen shows."""
    node.hub.agree(current(node).code)


async def ended(*both: Node) -> list[Stage]:
    for node in both:
        await node.until(lambda node=node: not current(node).is_open)  # type: ignore[misc]
    return [current(node).stage for node in both]


def stored(node: Node, other: Node) -> bool:
    return other.id in node.trust._records or node.hub._roster.get(other.id) is not None


@requirement("U2", "F5")
async def test_both_screens_show_one_code_and_two_yeses_make_a_link() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await comparing(anna, ben)
        assert current(anna).code == current(ben).code
        assert len(current(anna).code) == 6
        assert [(current(node).name, current(node).role) for node in (anna, ben)] == [
            ("ben", "listener"),
            ("anna", "dialler"),
        ]
        agree(anna)
        assert not stored(anna, ben)
        agree(ben)
        assert await ended(anna, ben) == [Stage.PAIRED, Stage.PAIRED]
        await anna.until(lambda: anna.is_linked(ben))
        await ben.until(lambda: ben.is_linked(anna))
        assert (await in_time(ben.hub.ask("anna", "hello"))).text == "anna heard hello"  # type: ignore[attr-defined]
        theirs = await anna.trust.get(ben.id)
        assert theirs is not None
        assert theirs.is_trusted


@requirement("F6")
async def test_the_other_node_is_pending_while_nobody_has_decided_and_nothing_is_stored() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await comparing(anna, ben)
        assert anna.status(ben).record.state is TrustState.PENDING
        assert ben.status(anna).record.state is TrustState.PENDING
        agree(ben)
        assert not stored(anna, ben)
        assert not stored(ben, anna)
        with pytest.raises(UnknownPeer):
            await anna.hub.ask(ben.id, "may I?")
        anna.hub.disagree()
        await ended(anna, ben)


@requirement("U2", "F5")
@pytest.mark.parametrize("refusing", [0, 1])
@pytest.mark.parametrize("is_second", [False, True])
async def test_one_owners_no_stores_nothing_on_either_side(refusing: int, *, is_second: bool) -> None:
    async with nodes("anna", "ben") as both:
        await comparing(*both)
        if is_second:
            agree(both[1 - refusing])
        both[refusing].hub.disagree()
        assert await ended(*both) == [Stage.REFUSED, Stage.REFUSED]
        assert "other owner did not agree" in current(both[1 - refusing]).reason
        for one, other in (both, both[::-1]):
            assert not stored(one, other)
            assert not one.knows(other)


@requirement("F5")
async def test_a_stranger_may_compare_only_while_the_owner_lets_it() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        for _ in range(MAX_FAILURES + 1):
            with pytest.raises(PairingClosed, match="palaver pair"):
                await ben.hub.compare(address=anna.address)
        anna.hub.let_pair(allowed=True)
        anna.clock += WINDOW_S
        with pytest.raises(PairingClosed):
            await ben.hub.compare(address=anna.address)
        anna.hub.let_pair(allowed=True)
        anna.hub.let_pair(allowed=False)
        with pytest.raises(PairingClosed):
            await ben.hub.compare(address=anna.address)
        assert anna.hub.pairing().comparison is None


async def test_only_one_at_a_time_is_compared_with_and_the_others_do_not_disturb() -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        await comparing(anna, ben)
        with pytest.raises(PairingClosed):
            await carl.hub.compare(address=anna.address)
        with pytest.raises(PairingClosed, match="under way"):
            await ben.hub.compare(address=carl.address)
        for node in (anna, ben):
            agree(node)
        assert await ended(anna, ben) == [Stage.PAIRED, Stage.PAIRED]
        with pytest.raises(PairingClosed):
            await carl.hub.compare(address=anna.address)


@requirement("U2", "F5")
async def test_a_yes_to_one_code_is_none_to_another_that_took_its_place() -> None:
    """Somebody on the way cuts the friend off while the owner looks, and asks to compare in its place."""
    async with nodes("anna", "ben", "eve") as (anna, ben, eve):
        await comparing(anna, ben)
        seen = current(anna).code
        await ben.hub.close()
        await ended(anna)
        with pytest.raises(PairingClosed):
            await eve.hub.compare(address=anna.address)
        # The owner lets somebody ask once more, still with the first code in mind.
        await comparing(anna, eve)
        with pytest.raises(PairingClosed, match="no longer shown"):
            anna.hub.agree(seen)
        agree(eve)
        assert current(anna).stage is Stage.UNDECIDED
        assert not stored(anna, eve)
        anna.hub.disagree(current(anna).code)
        assert await ended(anna, eve) == [Stage.REFUSED, Stage.REFUSED]


async def test_closing_the_window_says_no_to_who_waits() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await comparing(anna, ben)
        anna.hub.let_pair(allowed=False)
        assert await ended(anna, ben) == [Stage.REFUSED, Stage.REFUSED]
        with pytest.raises(PairingClosed, match="No comparison waits"):
            agree(anna)


@requirement("F5")
async def test_three_failures_put_comparing_to_rest_and_tickets_still_work() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        for _ in range(MAX_FAILURES):
            await comparing(anna, ben)
            anna.hub.disagree()
            await ended(anna, ben)
            ben.hub._comparisons.window.__init__()  # type: ignore[misc]
        assert anna.hub.pairing().paused_until == anna.clock + PAUSE_S
        with pytest.raises(PairingClosed, match="15 minutes"):
            anna.hub.let_pair(allowed=True)
        await pair(anna, ben)
        anna.clock += PAUSE_S
        anna.hub.let_pair(allowed=True)


async def test_a_stranger_who_leaves_after_seeing_the_share_has_used_up_a_try() -> None:
    async with nodes("anna") as (anna,):
        for _ in range(MAX_FAILURES):
            anna.hub.let_pair(allowed=True)
            stranger, _ = await greeted(anna)
            asked = PairCompare(v=1, id=stranger.identity.node_id, n="0" * 64, name="eve", commit="0" * 64)
            await stranger.socket.send_text(encode(asked))
            await stranger.hear(PairShare)
            await stranger.socket.close()
            await anna.until(lambda: not anna.hub._comparisons.window.is_taken)
        with pytest.raises(PairingClosed):
            anna.hub.let_pair(allowed=True)


async def test_a_share_that_was_not_committed_to_shows_the_owner_nothing() -> None:
    async with nodes("anna") as (anna,):
        anna.hub.let_pair(allowed=True)
        stranger, _ = await greeted(anna)
        asked = PairCompare(v=1, id=stranger.identity.node_id, n="0" * 64, name="eve", commit="0" * 64)
        await stranger.socket.send_text(encode(asked))
        await stranger.hear(PairShare)
        await stranger.socket.send_text(encode(PairReveal(r="1" * 64, sig="0" * 128)))
        assert await stranger.hear_close() == (4401, BadProof.code)
        assert anna.hub.pairing().comparison is None


async def test_owners_have_time_though_the_greeting_has_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits for strangers end neither side's wait for the owners."""
    monkeypatch.setattr("peer.connection.HANDSHAKE_TIMEOUT_S", 0.3)
    monkeypatch.setattr("peer.server.HANDSHAKE_TIMEOUT_S", 0.3)
    async with nodes("anna", "ben") as (anna, ben):
        await comparing(anna, ben)
        # Longer than any of those limits: a silent stranger is thrown out meanwhile.
        reader, writer = await asyncio.open_connection(*split_address(anna.address), ssl=client_context())
        with suppress(ConnectionResetError):
            await in_time(reader.read())
        writer.transport.abort()
        for node in (anna, ben):
            agree(node)
        assert await ended(anna, ben) == [Stage.PAIRED, Stage.PAIRED]


async def test_owners_who_do_not_answer_in_time_have_said_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peer.connection.COMPARE_TIMEOUT_S", 0.05)
    async with nodes("anna", "ben") as (anna, ben):
        anna.hub.let_pair(allowed=True)
        await ben.hub.compare(address=anna.address)
        await anna.until(lambda: anna.hub.pairing().comparison is not None)
        assert await ended(anna, ben) == [Stage.REFUSED, Stage.REFUSED]
        assert not anna.hub._comparisons.window.is_taken
        assert not stored(anna, ben)
        assert not stored(ben, anna)


async def test_a_node_that_hangs_up_ends_the_comparison() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await comparing(anna, ben)
        await ben.hub.close()
        await anna.until(lambda: not current(anna).is_open)
        assert current(anna).stage is Stage.REFUSED
        assert not stored(anna, ben)


async def test_a_strangers_name_is_one_short_printable_line() -> None:
    async with nodes("anna", "\x1b[31mben\u202e\n") as (anna, ben):
        await comparing(anna, ben)
        assert current(anna).name == "[31mben"
        anna.hub.disagree()
        await ended(anna, ben)


async def test_blocked_nodes_and_oneself_are_not_compared_with() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        anna.hub.let_pair(allowed=True)
        await anna.hub.revoke(ben.id, block=True)
        with pytest.raises(PairingClosed):
            await ben.hub.compare(address=anna.address)
        with pytest.raises(PairingClosed, match="blocked here"):
            await anna.hub.compare(address=ben.address)
        with pytest.raises(PairingClosed, match="itself"):
            await ben.hub.compare(address=ben.address)
        with pytest.raises(Unreachable):
            await ben.hub.compare(address="nonsense")


async def test_a_seen_node_is_compared_with_under_the_key_that_was_seen() -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        seen = PeerRecord(node_id=anna.id, state=TrustState.SEEN, addresses=(carl.address,), added_at=0)
        ben.trust._records[anna.id] = seen
        await ben.hub._roster.load()
        carl.hub.let_pair(allowed=True)
        with pytest.raises(PeerError, match="Another node"):
            await ben.hub.compare(anna.id)
        assert carl.hub.pairing().comparison is None


@requirement("U2", "U1")
async def test_somebody_in_between_shows_two_codes_and_a_no_stores_nothing() -> None:
    """Ben dials an address at which Eve listens; Eve dials Anna. Both links are good links: to Eve."""
    async with nodes("anna", "ben", "eve") as (anna, ben, eve):
        anna.hub.let_pair(allowed=True)
        eve.hub.let_pair(allowed=True)
        # One hub compares with one node at a time; Eve has two.
        async with nodes("anna") as (other_half,):
            await ben.hub.compare(address=eve.address)
            await other_half.hub.compare(address=anna.address)
            await shown(anna)
            assert current(anna).code == current(other_half).code
            assert current(ben).code == current(eve).code
            assert current(anna).code != current(ben).code
            assert current(ben).peer != anna.id
            for node in (anna, ben):
                node.hub.disagree()
            await ended(anna, ben)
            assert anna.hub.peers() == ben.hub.peers() == []
