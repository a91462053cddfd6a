import asyncio

import pytest

from peer.errors import UnknownPeer
from peer.identity import Identity, NodeId
from peer.roster import ADDRESSES_KEPT, Roster
from peer.trust import MemoryTrust, PeerRecord, TrustState

ANNA, BEN = (Identity(bytes([n]) * 32).node_id for n in (1, 2))


def record(node_id: NodeId, *, name: str = "", pet_name: str = "") -> PeerRecord:
    return PeerRecord(node_id=node_id, name=name, pet_name=pet_name, state=TrustState.TRUSTED, added_at=0)


async def roster(*records: PeerRecord) -> Roster:
    store = MemoryTrust()
    for one in records:
        await store.save(one)
    made = Roster(store, now=lambda: 7.0)
    await made.load()
    return made


def test_a_peer_is_labelled_by_the_owners_name_then_its_own_then_its_id() -> None:
    assert record(ANNA, name="anna", pet_name="sister").label == "sister"
    assert record(ANNA, name="anna").label == "anna"
    assert record(ANNA).label == ANNA[:8]


async def test_a_peer_cannot_take_the_name_that_the_owner_gave_to_another() -> None:
    known = await roster(record(ANNA, name="anna", pet_name="bank"), record(BEN, name="bank"))
    assert known.find("bank").node_id == ANNA
    assert known.find("anna").node_id == ANNA


async def test_a_peer_that_calls_itself_by_the_start_of_anothers_id_is_not_taken_for_it() -> None:
    known = await roster(record(ANNA, name="anna"), record(BEN, name=ANNA[:8]))
    with pytest.raises(UnknownPeer, match="could be any of"):
        known.find(ANNA[:8])
    assert known.find(ANNA[:9]).node_id == ANNA
    assert known.find(ANNA).node_id == ANNA


async def test_a_peer_whose_id_begins_like_anothers_name_is_not_taken_for_it() -> None:
    known = await roster(record(ANNA, name=BEN[:7]), record(BEN, name="ben"))
    with pytest.raises(UnknownPeer, match="could be any of"):
        known.find(BEN[:7])


async def test_what_is_learnt_of_a_peer_is_kept_with_the_last_good_address_first() -> None:
    known = await roster(record(ANNA))
    for n in range(ADDRESSES_KEPT + 2):
        await known.meet(ANNA, name="anna", address=f"10.0.0.{n}:1")
    await known.meet(ANNA, address="10.0.0.3:1")
    found = known.get(ANNA)
    assert found is not None
    assert found.addresses == ("10.0.0.3:1", "10.0.0.5:1", "10.0.0.4:1", "10.0.0.2:1")
    assert (found.name, found.last_seen) == ("anna", 7.0)


async def test_nothing_is_kept_of_a_node_that_is_not_known() -> None:
    known = await roster()
    await known.meet(ANNA, name="anna", address="10.0.0.1:1")
    assert known.all() == []


async def test_a_write_under_way_does_not_bring_back_a_trust_that_ended() -> None:
    writing, go_on = asyncio.Event(), asyncio.Event()

    class SlowTrust(MemoryTrust):
        async def save(self, record: PeerRecord) -> None:
            writing.set()
            await go_on.wait()
            await super().save(record)

    store = SlowTrust()
    known = Roster(store, now=lambda: 7.0)
    trusting = asyncio.create_task(known.trust(ANNA, name="anna", addresses=()))
    async with asyncio.timeout(5):
        await writing.wait()
        forgetting = asyncio.create_task(known.forget(ANNA))
        go_on.set()
        await asyncio.gather(trusting, forgetting)
    assert known.state(ANNA) is None
    assert await store.all() == []
