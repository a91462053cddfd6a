"""The transport of links: websockets over TLS, and the other side's key compared before it is spoken to."""

from collections.abc import Sequence

from peer.dial import dial, meet
from peer.identity import Identity, NodeId
from peer.server import PeerListener
from peer.transport import Dialled, OnLink


class WsTransport:
    """A `LinkTransport`."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    async def dial(self, node_id: NodeId | None, addresses: Sequence[str]) -> Dialled:
        if node_id is None:
            (address,) = addresses
            socket, remote_key = await meet(address)
            return Dialled(socket=socket, remote_key=remote_key, address=address)
        socket, address = await dial(addresses, node_id)
        return Dialled(socket=socket, remote_key=node_id, address=address)

    async def serve(self, host: str, port: int, on_link: OnLink) -> PeerListener:
        listener = PeerListener(self._identity, on_link)
        await listener.start(host, port)
        return listener
