"""One question to several peers at once: each answers or fails by itself, and none holds up the others."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from peer.asking import PeerAnswer
from peer.errors import PeerError, Unreachable
from peer.hub import PeerHub
from peer.lineage import OpenLineage
from peer.trust import PeerRecord

REACH_S = 1.5
"""A peer without a link is dialled for so long: whoever is away is not waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one of several peers made of a question: `answer`, or else `error`."""

    asked: str
    """The peer, as whoever asked named it."""
    peer: PeerRecord | None
    """None when that name means nobody."""
    answer: PeerAnswer | None = None
    error: PeerError | None = None
    duration_ms: int


OnHeard: TypeAlias = Callable[[Heard], Awaitable[None]]


async def ask_many(
    hub: PeerHub,
    peers: Sequence[str],
    prompt: str,
    *,
    lineage: OpenLineage | None = None,
    on_heard: OnHeard | None = None,
) -> list[Heard]:
    """Ask all peers at the same time, each once, and return what came of it in the order of `peers`.

    They share one lineage, so that however many are asked, one budget pays for all; whoever finds it spent
    is not asked. `on_heard` gets each outcome as soon as it is there. Cancelling this call stops every peer.
    """
    named = _each_once(hub, peers)
    lineage = lineage or hub.new_lineage()

    async def ask(name: str, peer: PeerRecord | PeerError) -> Heard:
        heard = await _heard(hub, name, peer, prompt, lineage, among=len(named))
        if on_heard is not None:
            await on_heard(heard)
        return heard

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(name, peer)) for name, peer in named]
    return [task.result() for task in tasks]


def connected(hub: PeerHub) -> list[str]:
    """Return the ids of the peers that are linked now, in an order that stays."""
    linked = [status.record for status in hub.peers() if status.connected]
    return [record.node_id for record in sorted(linked, key=lambda record: record.label.casefold())]


def _each_once(hub: PeerHub, peers: Sequence[str]) -> list[tuple[str, PeerRecord | PeerError]]:
    """Return whom each name means, or why nobody; a peer with two names is asked once."""
    found: dict[str, tuple[str, PeerRecord | PeerError]] = {}
    for name in peers:
        try:
            record = hub.find(name)
            found.setdefault(record.node_id, (name, record))
        except PeerError as error:
            found.setdefault(name, (name, error))
    return list(found.values())


async def _heard(
    hub: PeerHub, name: str, peer: PeerRecord | PeerError, prompt: str, lineage: OpenLineage, *, among: int
) -> Heard:
    clock = asyncio.get_running_loop().time
    started = clock()
    if isinstance(peer, PeerError):
        return Heard(asked=name, peer=None, error=peer, duration_ms=0)
    answer, failure = None, None
    try:
        await _reach(hub, peer)
        answer = await hub.ask(peer.node_id, prompt, lineage=lineage, among=among)
    except PeerError as error:
        failure = error
    spent_ms = int((clock() - started) * 1000)
    return Heard(asked=name, peer=peer, answer=answer, error=failure, duration_ms=spent_ms)


async def _reach(hub: PeerHub, peer: PeerRecord) -> None:
    try:
        async with asyncio.timeout(REACH_S):
            await hub.connect(peer.node_id)
    except TimeoutError:
        raise Unreachable(
            f"{peer.label} could not be reached within {REACH_S:g} s. Is the node on?"
        ) from None
