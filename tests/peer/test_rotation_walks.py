"""A node changes its key: its peers' owners are asked, and nothing follows by itself."""

from dataclasses import replace

import pytest

from peer.errors import KeyChangeWaits, NotTrusted, UnknownPeer
from peer.identity import Identity
from peer.rotation import Former, KeyChange, followed_by, proven
from peer.trust import Grant, TrustState
from tests.mission import requirement
from tests.peer.nodes import Node, in_time, nodes, pair


async def reborn(node: Node, *former: Former, identity: Identity) -> Node:
    """Return the node as it is after a restart under another key."""
    again = Node(node.name, identity, trust=node.trust, former=former)
    await again.hub.start()
    again.address = await again.hub.listen("127.0.0.1", 0)
    return again


@requirement("F6")
async def test_a_peers_new_key_is_trusted_once_the_owner_agrees_and_keeps_what_the_old_one_had() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        await anna.hub.rename(ben.id, "Benny")
        await anna.hub.grant(ben.id, frozenset({Grant.ASK}))
        await ben.hub.close()
        new = Identity.generate()
        ben2 = await reborn(ben, followed_by(ben.identity, new.node_id), identity=new)
        try:
            await anna.until(lambda: anna.hub.key_changes() == [KeyChange(old=ben.id, new=new.node_id)])
            with pytest.raises(KeyChangeWaits, match="not agreed"):
                await ben2.hub.connect(anna.id)
            assert not anna.knows(ben2)
            await anna.hub.settle_key(ben.id, accept=True)
            assert not anna.knows(ben)
            await ben2.hub.connect(anna.id)
            record = anna.status(ben2).record
            assert (record.label, record.grants, record.state) == (
                "Benny",
                frozenset({Grant.ASK}),
                TrustState.TRUSTED,
            )
            assert [one.node_id for one in await anna.trust.all()] == [new.node_id]
            assert anna.hub.key_changes() == []
        finally:
            await ben2.hub.close()


@requirement("F6")
async def test_a_new_key_that_the_owner_refuses_stays_a_stranger_and_is_not_asked_about_again() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        await ben.hub.close()
        new = Identity.generate()
        ben2 = await reborn(ben, followed_by(ben.identity, new.node_id), identity=new)
        try:
            await anna.until(lambda: anna.hub.key_changes() != [])
            await anna.hub.settle_key(ben.id, accept=False)
            with pytest.raises(NotTrusted):
                await ben2.hub.connect(anna.id)
            assert anna.hub.key_changes() == []
            assert anna.status(ben).record.is_trusted
            with pytest.raises(UnknownPeer):
                await anna.hub.settle_key(ben.id, accept=True)
        finally:
            await ben2.hub.close()


@pytest.mark.parametrize("by", ["nobody", "a stranger", "the old key for another"])
async def test_a_key_that_the_old_one_did_not_name_is_not_asked_about(by: str) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        await ben.hub.close()
        new, other = Identity.generate(), Identity.generate()
        said = {
            "nobody": Former(id=ben.id, sig="0" * 128),
            "a stranger": replace(followed_by(other, new.node_id), id=ben.id),
            "the old key for another": followed_by(ben.identity, other.node_id),
        }[by]
        mallory = await reborn(ben, said, identity=new)
        try:
            with pytest.raises(NotTrusted) as refused:
                await in_time(mallory.hub.connect(anna.id))
            assert not isinstance(refused.value, KeyChangeWaits)
            assert anna.hub.key_changes() == []
        finally:
            await mallory.hub.close()


async def test_a_peer_that_was_revoked_is_not_asked_about() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        await ben.hub.close()
        await anna.hub.revoke(ben.id)
        new = Identity.generate()
        ben2 = await reborn(ben, followed_by(ben.identity, new.node_id), identity=new)
        try:
            with pytest.raises(NotTrusted):
                await in_time(ben2.hub.connect(anna.id))
            assert anna.hub.key_changes() == []
        finally:
            await ben2.hub.close()


def test_a_statement_is_for_one_pair_of_keys() -> None:
    old, new, other = Identity.generate(), Identity.generate(), Identity.generate()
    said = followed_by(old, new.node_id)
    assert proven([said], new.node_id) == [old.node_id]
    assert proven([said], other.node_id) == []
    assert proven([replace(said, id=other.node_id), replace(said, id=new.node_id)], new.node_id) == []
