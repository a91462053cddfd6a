"""What the agent's peer tools see of the fabric: who is connected, and a way to ask one of them."""

from collections.abc import Sequence

from peer.errors import PeerError
from peer.hub import PeerHub
from peer.lineage import OpenLineage
from tools.peers import PeerCard, PeerReply
from tools.spec import ToolContext, ToolError


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

    async def ask(self, peer: str, prompt: str, *, context: ToolContext) -> PeerReply:
        """Ask on: in a peer's turn the lineage of that ask goes with it, so that it can only shrink."""
        lineage = context.origin
        assert lineage is None or isinstance(lineage, OpenLineage)
        try:
            answer = await self._hub.ask(peer, prompt, lineage=lineage)
        except PeerError as error:
            raise ToolError(str(error)) from error
        return PeerReply(node_id=answer.node_id, name=answer.name, text=answer.text)
