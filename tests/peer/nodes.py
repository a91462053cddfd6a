"""Nodes for the walks: real hubs on real loopback sockets, each with a scripted answer."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from peer.answering import Answered
from peer.hub import InboundAsk, PeerHub, PeerStatus, Policy, Profile
from peer.identity import Identity, NodeId
from peer.lending import Loan
from peer.lineage import OpenLineage
from peer.loans import LoanPolicy
from peer.rotation import Former
from peer.transport import LinkTransport
from peer.trust import MemoryTrust
from peer.websocket import WsTransport

WITHIN_S = 20
REST_WITHIN_S = 1
"""So long after its end, no node works on a question any more."""


@dataclass(eq=False)
class Node:
    """A hub and what the test can see of it."""

    name: str
    identity: Identity
    trust: MemoryTrust = field(default_factory=MemoryTrust)
    policy: Policy = field(default_factory=lambda: Policy(allowed=True))
    loans: LoanPolicy = field(default_factory=lambda: LoanPolicy(allowed=False))
    lent: list[Loan] = field(default_factory=list)
    asked: list[InboundAsk] = field(default_factory=list)
    answering: list[InboundAsk] = field(default_factory=list)
    """Those whose answer is still being made, whatever the hub says of them."""
    incidents: list[str] = field(default_factory=list)
    changes: asyncio.Event = field(default_factory=asyncio.Event)
    clock: float = 1_000_000.0
    former: Sequence[Former] = ()
    address: str = ""
    signs_asks: bool = False
    transport: LinkTransport | None = None

    def __post_init__(self) -> None:
        self.answer: Callable[[InboundAsk], Awaitable[str | Answered]] = self._echo
        self.lend: Callable[[Loan], Awaitable[None]] = lambda loan: loan.emit(loan.body)
        self.hub = PeerHub(
            identity=self.identity,
            transport=self.transport or WsTransport(self.identity),
            trust=self.trust,
            profile=lambda: Profile(name=self.name, capabilities=("chat",)),
            policy=lambda _: self.policy,
            answer=self._answer,
            loan_policy=lambda _: self.loans,
            lend=self._lend,
            former=self.former,
            signs_asks=lambda: self.signs_asks,
            now=lambda: self.clock,
        )
        self.hub.on_change = self.changes.set
        self.hub.on_incident = lambda _peer, error: self.incidents.append(error.code)

    @property
    def id(self) -> NodeId:
        return self.identity.node_id

    def knows(self, other: "Node") -> bool:
        return any(one.record.node_id == other.id for one in self.hub.peers())

    def status(self, other: "Node") -> PeerStatus:
        return next(one for one in self.hub.peers() if one.record.node_id == other.id)

    def is_linked(self, other: "Node") -> bool:
        return self.knows(other) and self.status(other).connected

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait until something is seen of this hub."""
        async with asyncio.timeout(WITHIN_S):
            while not seen():
                self.changes.clear()
                await self.changes.wait()

    async def _answer(self, ask: InboundAsk) -> str | Answered:
        self.asked.append(ask)
        self.answering.append(ask)
        try:
            return await self.answer(ask)
        finally:
            self.answering.remove(ask)

    async def _lend(self, loan: Loan) -> None:
        self.lent.append(loan)
        await self.lend(loan)

    async def _echo(self, ask: InboundAsk) -> str:
        return f"{self.name} heard {ask.prompt}"


@asynccontextmanager
async def nodes(*names: str) -> AsyncIterator[list[Node]]:
    """Run nodes that listen and know nobody."""
    made = [Node(name, Identity.generate()) for name in names]
    try:
        for node in made:
            await node.hub.start()
            node.address = await node.hub.listen("127.0.0.1", 0)
        yield made
    finally:
        for node in made:
            await node.hub.close()


async def pair(inviter: Node, joiner: Node) -> None:
    """Pair two nodes by ticket and wait until each sees the other linked."""
    await joiner.hub.join(inviter.hub.invite(addresses=[inviter.address]).ticket)
    await inviter.until(lambda: inviter.is_linked(joiner))
    await joiner.until(lambda: joiner.is_linked(inviter))


async def at_rest(*involved: Node) -> None:
    """Assert that soon none of these nodes runs a turn for a peer, nor calls itself busy with one."""
    async with asyncio.timeout(REST_WITHIN_S):
        for node in involved:
            await node.until(lambda node=node: not node.answering and not node.hub.inbound())  # type: ignore[misc]


async def in_time(work: Awaitable[object]) -> object:
    async with asyncio.timeout(WITHIN_S):
        return await work


def blocked() -> tuple[Callable[[InboundAsk], Awaitable[str]], asyncio.Event, asyncio.Event]:
    """Return an answer that never comes, an event for its start and one for its cancellation."""
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def answer(_: InboundAsk) -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "never"

    return answer, begun, cancelled


def passes_on(node: Node, to: Node) -> None:
    """Have the node answer by asking another one."""

    async def answer(ask: InboundAsk) -> str:
        further = await node.hub.ask(to.id, ask.prompt, lineage=ask.lineage)
        return f"{node.name}: {further.text}"

    node.answer = answer


def streams_on(node: Node, to: Node) -> None:
    """Have the node answer by passing on, piece by piece, what another one says."""

    async def answer(ask: InboundAsk) -> str:
        return (await node.hub.ask(to.id, ask.prompt, lineage=ask.lineage, on_event=ask.emit)).text

    node.answer = answer


def lies_on(node: Node, to: Node, *, as_new: bool = False, **lies: object) -> None:
    """Have the node answer by asking another one with claims of its own making, paid from nothing."""

    async def answer(ask: InboundAsk) -> str:
        claims = replace(ask.lineage.lineage, **lies)  # type: ignore[arg-type]
        if as_new:
            claims = replace(claims, ask=secrets.token_hex(16))
        forged = OpenLineage(claims, children=claims.asks, started=asyncio.get_running_loop().time())
        return (await node.hub.ask(to.id, ask.prompt, lineage=forged)).text

    node.answer = answer
