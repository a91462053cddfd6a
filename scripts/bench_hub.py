"""The peers' side of a node alone, as a process: `bench_hub.py WHICH FRIENDS [NEXT ADDRESS]`.

It trusts so many other bench hubs and answers at once: a question that is a number streams as many pieces.
With NEXT, another hub's number, and its address, it passes every question on to that one.
"""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Sequence

from peer.hub import InboundAsk, PeerHub, Policy, Profile
from peer.identity import Identity, NodeId
from peer.trust import MemoryTrust, PeerRecord, TrustState
from peer.websocket import WsTransport

PIECE = "x" * 20
LIFTED = Policy(allowed=True, max_running=1_000, per_minute=10_000_000)
"""What is measured is the links, not the limits of what a peer may ask."""


def identity(which: int) -> Identity:
    """Return the key of the bench hub of this number: the same in every process."""
    return Identity(hashlib.sha256(b"bench" + which.to_bytes(4, "big")).digest())


def friend(node_id: NodeId, *addresses: str) -> PeerRecord:
    return PeerRecord(node_id=node_id, state=TrustState.TRUSTED, addresses=addresses, added_at=0)


async def started(which: int, friends: Sequence[PeerRecord], *, to: NodeId | None = None) -> PeerHub:
    """Start a hub that trusts these, and links to those whose address it has."""
    trust = MemoryTrust()
    for record in friends:
        await trust.save(record)

    async def answer(ask: InboundAsk) -> str:
        if to is not None:
            return (await hub.ask(to, ask.prompt, lineage=ask.lineage, on_event=ask.emit)).text
        if ask.prompt.isdecimal():
            for _ in range(int(ask.prompt)):
                await ask.emit("token", PIECE)
        return "ok"

    own = identity(which)
    hub = PeerHub(
        identity=own,
        transport=WsTransport(own),
        trust=trust,
        profile=lambda: Profile(name=f"bench {which}"),
        policy=lambda _: LIFTED,
        answer=answer,
    )
    await hub.start()
    return hub


async def serve(which: int, friends: int, onward: Sequence[str]) -> None:
    others = [friend(identity(other).node_id) for other in range(friends) if other != which]
    to = None
    if onward:
        number, address = onward
        to = identity(int(number)).node_id
        others = [one for one in others if one.node_id != to] + [friend(to, address)]
    hub = await started(which, others, to=to)
    address = await hub.listen("127.0.0.1", 0)
    print(json.dumps({"pid": os.getpid(), "address": address, "id": hub.identity.node_id}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
