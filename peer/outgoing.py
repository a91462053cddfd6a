"""The questions that are out to peers: each takes its lineage along and is known until it is answered."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from peer.asking import OnEvent
from peer.identity import Identity, NodeId
from peer.lineage import OpenLineage
from peer.link import Link
from peer.messages import Citation
from peer.root import signed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Question:
    ask: str
    peer: NodeId
    began_here: bool


class Outgoing:
    def __init__(self, identity: Identity, *, signs: Callable[[], bool], now: Callable[[], float]) -> None:
        """`signs` says whether a question that begins here is to name this node as its first asker."""
        self._identity = identity
        self._signs = signs
        self._now = now
        self._out: list[_Question] = []

    async def ask(
        self,
        link: Link,
        prompt: str,
        lineage: OpenLineage,
        on_event: OnEvent | None,
        *,
        label: str,
        until: float,
        among: int,
    ) -> tuple[str, tuple[Citation, ...]]:
        """Ask over a link, and return the answer with its sources; `until` is on the loop's clock.

        The lineage pays for the question, and cancels it when it ends itself.
        """
        now = asyncio.get_running_loop().time()
        claims = lineage.forward(own=self._identity.node_id, to=link.peer, now=now, label=label, among=among)
        claims = replace(claims, ms=max(1, min(claims.ms, int((until - now) * 1000))))
        question = _Question(ask=claims.ask, peer=link.peer, began_here=not lineage.lineage.seen)
        if question.began_here and self._signs():
            root = signed(self._identity, ask=claims.ask, to=link.peer, now=self._now())
            claims = replace(claims, root=root)
        self._out.append(question)
        task = asyncio.current_task()
        assert task is not None, "an ask runs in a task"
        try:
            with lineage.child(task.cancel):
                return await link.asking.ask(prompt, claims, on_event)
        finally:
            self._out.remove(question)

    def is_own(self, ask: str, peer: NodeId) -> bool:
        """Catch a chain forged to look empty: the question is out from here, to that peer or as our own."""
        return any(out.ask == ask and (out.began_here or out.peer == peer) for out in self._out)
