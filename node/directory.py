"""What the agent's peer tools see of the fabric: who is connected, and a way to ask one of them."""

from collections.abc import Sequence

from peer.errors import Cycle, DeadlinePassed, LinkError, PeerError, PeerLost, UnknownPeer
from peer.hub import PeerAnswer, PeerHub
from peer.lineage import OpenLineage
from peer.many import Heard, ask_many
from peer.trust import PeerRecord
from tools.peers import PeerCard, PeerReply
from tools.peers_many import PeerOutcome
from tools.shared import place
from tools.spec import ToolContext, ToolError

GONE = "There is no such peer, or it cannot be reached now. Answer without it."


class FabricDirectory:
    """The `PeerDirectory` of the peer tools, over the hub."""

    def __init__(self, hub: PeerHub) -> None:
        self._hub = hub

    def connected(self) -> Sequence[PeerCard]:
        return tuple(
            PeerCard(
                node_id=status.record.node_id, name=status.record.label, capabilities=status.capabilities
            )
            for status in self._hub.peers()
            if status.connected
        )

    def names(self, peer: str) -> tuple[str, ...]:
        """Return the names of the peer that the hub would ask, the one first that an allow rule may mean."""
        try:
            meant = self._hub.find(peer)
        except UnknownPeer:
            return ()
        others = (meant.label, meant.name, meant.met_as, meant.node_id)
        return tuple(dict.fromkeys(name for name in (self._agreed_name(meant), *others) if name))

    def _agreed_name(self, meant: PeerRecord) -> str:
        """Return the name that the owner gave or agreed to, where it means this peer alone; else its id.

        What a peer calls itself later counts for no right: it could take the name of one that has some.
        """
        agreed = meant.pet_name or (meant.name if meant.name == meant.met_as else "")
        try:
            found = self._hub.find(agreed)
        except UnknownPeer:
            return meant.node_id
        return agreed if found.node_id == meant.node_id else meant.node_id

    async def ask(self, peer: str, prompt: str, *, context: ToolContext) -> PeerReply:
        """Ask on with the lineage of the turn, which is a peer's or the owner's: it can only shrink."""
        lineage = context.origin
        assert lineage is None or isinstance(lineage, OpenLineage)
        # What a peer's turn reads may end up with that peer, who is not to learn who else is known here.
        for_a_peer = lineage is not None and bool(lineage.lineage.seen)
        try:
            answer = await self._hub.ask(peer, prompt, lineage=lineage)
            name = self._hub.find(answer.node_id).name if for_a_peer else answer.name
        except PeerError as error:
            raise ToolError(told_to_a_peer(error) if for_a_peer else str(error)) from error
        return PeerReply(
            node_id="" if for_a_peer else answer.node_id,
            name=name,
            text=answer.text,
            sources=sources_of(answer),
        )

    async def ask_each(
        self, peers: Sequence[str], prompt: str, *, context: ToolContext
    ) -> Sequence[PeerOutcome]:
        """Ask all at the same time, on one lineage: one budget pays for all."""
        lineage = context.origin
        assert lineage is None or isinstance(lineage, OpenLineage)
        return [outcome_of(heard) for heard in await ask_many(self._hub, peers, prompt, lineage=lineage)]


def told_to_a_peer(error: PeerError) -> str:
    """Return why an ask failed without a name that the owner gave, an address, or who is known here."""
    match error:
        case PeerLost():
            return "The link to it was lost before it answered."
        case LinkError() | UnknownPeer() | DeadlinePassed():
            return GONE
        case Cycle():
            return "It is already part of this conversation. Answer without asking it again."
        case _:
            return str(error)


def sources_of(answer: PeerAnswer) -> tuple[str, ...]:
    """Return the places that a peer's answer rests on, as its owner's agent cites them."""
    return tuple(f"{each.file}:{place(each.first, each.last, each.unit)}" for each in answer.citations)


def outcome_of(heard: Heard) -> PeerOutcome:
    """Return what came of asking one of several peers, with the owner's own name for it."""
    return PeerOutcome(
        node_id=heard.peer.node_id if heard.peer else "",
        name=heard.peer.label if heard.peer else heard.asked,
        text=heard.answer.text if heard.answer else "",
        sources=sources_of(heard.answer) if heard.answer else (),
        error=str(heard.error) if heard.error else "",
        code=heard.error.code if heard.error else "",
        duration_ms=heard.duration_ms,
    )
