from dataclasses import replace

from node.store.db import Database
from node.store.peers import PeerStore
from peer.identity import NodeId
from peer.trust import PeerRecord, TrustState, TrustStore

PEER = PeerRecord(
    node_id=NodeId("a" * 52),
    name="ada",
    pet_name="Ada's laptop",
    state=TrustState.PENDING,
    addresses=("10.0.0.2:8766", "10.0.0.3:8766"),
    version=2,
    added_at=1.5,
)


async def test_a_peer_is_kept_replaced_and_forgotten(db: Database) -> None:
    trust: TrustStore = PeerStore(db)
    assert await trust.get(PEER.node_id) is None
    await trust.save(PEER)
    assert await trust.get(PEER.node_id) == PEER
    known = replace(PEER, state=TrustState.TRUSTED, last_seen=9.0)
    await trust.save(known)
    assert await trust.all() == [known]
    await trust.remove(PEER.node_id)
    await trust.remove(PEER.node_id)
    assert await trust.all() == []
