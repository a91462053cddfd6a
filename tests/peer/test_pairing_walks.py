import asyncio

import pytest

from peer.errors import (
    NotTrusted,
    PeerError,
    PeerLost,
    TicketExpired,
    TicketUsed,
    TicketWrongNode,
    Unreachable,
)
from peer.identity import Identity
from peer.pairing import Ticket
from peer.trust import PeerRecord, TrustState
from tests.mission import requirement
from tests.peer.nodes import nodes, pair
from tests.peer.wire import foreign_server


async def test_a_ticket_pairs_two_nodes_and_each_knows_the_other_by_name() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        await anna.until(lambda: anna.status(ben).record.name == "ben")
        await ben.until(lambda: ben.status(anna).capabilities == ("chat",))
        assert ben.status(anna).record.name == "anna"
        assert (await ben.hub.ask("anna", "are you there?")).text == "anna heard are you there?"
        assert (await anna.hub.ask(ben.id, "and you?")).text == "ben heard and you?"
        assert [len(list(node.hub._links)) for node in (anna, ben)] == [1, 1]


async def test_both_sides_have_stored_the_trust_when_joining_returns() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        record = await ben.hub.join(anna.hub.invite(addresses=[anna.address]).ticket)
        assert record.is_trusted
        theirs = await anna.trust.get(ben.id)
        assert theirs is not None
        assert theirs.is_trusted
        assert await ben.trust.get(anna.id) == ben.status(anna).record


@requirement("F4", "U1")
async def test_another_key_at_the_tickets_address_gets_neither_the_secret_nor_one_http_byte() -> None:
    async with nodes("anna", "ben") as (anna, ben), foreign_server(Identity.generate()) as (address, heard):
        ticket = anna.hub.invite(addresses=[address]).ticket
        with pytest.raises(TicketWrongNode, match="Nothing was sent to it"):
            await ben.hub.join(ticket)
        async with asyncio.timeout(5):
            assert await heard.get() == b""
        assert not ben.knows(anna)


@requirement("F4")
async def test_a_ticket_works_once() -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        ticket = anna.hub.invite(addresses=[anna.address]).ticket
        await ben.hub.join(ticket)
        with pytest.raises(TicketUsed, match="Ask its owner for a new one"):
            await carl.hub.join(ticket)
        assert not anna.knows(carl)
        assert not carl.knows(anna)


@requirement("F4")
async def test_a_ticket_ends_after_its_time() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        invite = anna.hub.invite(addresses=[anna.address])
        assert invite.expires_at == anna.clock + 24 * 60 * 60
        anna.clock = invite.expires_at
        with pytest.raises(TicketExpired):
            await ben.hub.join(invite.ticket)


async def test_a_made_up_secret_pairs_nobody_and_five_tries_burn_the_ticket() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        good = anna.hub.invite(addresses=[anna.address]).ticket
        forged = Ticket(node_id=anna.id, secret=bytes(16), addresses=(anna.address,))
        with pytest.raises(PeerError, match="did not accept the proof"):
            await ben.hub.join(str(forged))
        assert (await ben.hub.join(good)).is_trusted


async def test_a_pairing_that_cannot_be_stored_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async with nodes("anna", "ben") as (anna, ben):

        async def full(_: PeerRecord) -> None:
            raise OSError("no space left on device")

        monkeypatch.setattr(anna.trust, "save", full)
        with pytest.raises(PeerLost):
            await ben.hub.join(anna.hub.invite(addresses=[anna.address]).ticket)
        assert not ben.knows(anna)
        assert anna.hub._roster.state(ben.id) is not TrustState.TRUSTED


async def test_a_node_cannot_join_itself() -> None:
    async with nodes("anna") as (anna,):
        with pytest.raises(TicketWrongNode, match="own"):
            await anna.hub.join(anna.hub.invite(addresses=[anna.address]).ticket)


async def test_an_address_where_nobody_listens_is_said() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        ticket = anna.hub.invite(addresses=[anna.address]).ticket
        await anna.hub.close()
        with pytest.raises(Unreachable, match="Is the node on"):
            await ben.hub.join(ticket)


@requirement("F5")
async def test_dialling_alone_trusts_nobody_on_either_side() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        record = PeerRecord(node_id=anna.id, state=TrustState.TRUSTED, addresses=(anna.address,), added_at=0)
        await ben.trust.save(record)
        await ben.hub.start()
        with pytest.raises(NotTrusted, match="Pair again"):
            await ben.hub.connect(anna.id)
        assert not anna.knows(ben)
        with pytest.raises(NotTrusted, match="ticket"):
            await anna.hub.connect(ben.id, address=ben.address)


@requirement("F3")
async def test_a_known_peer_is_reached_at_an_address_given_by_hand() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        for one, other in ((anna, ben), (ben, anna)):
            await one.trust.save(PeerRecord(node_id=other.id, state=TrustState.TRUSTED, added_at=0))
            await one.hub.start()
        record = await ben.hub.connect(anna.id, address=anna.address)
        assert record.addresses == (anna.address,)
        assert ben.is_linked(anna)


async def test_a_blocked_node_cannot_pair_again_with_a_ticket_and_a_forgotten_one_can() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        await anna.hub.revoke(ben.id, block=True)
        with pytest.raises(NotTrusted):
            await ben.hub.join(anna.hub.invite(addresses=[anna.address]).ticket)
        await anna.hub.revoke(ben.id)
        assert not anna.knows(ben)
        assert (await ben.hub.join(anna.hub.invite(addresses=[anna.address]).ticket)).is_trusted
