"""A transport within the process: it shows that protocol, guard and hub need nothing of TLS or websockets."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from peer.errors import PortInUse, Unreachable, WrongNode
from peer.identity import NodeId
from peer.transport import Dialled, OnLink

MEMORY_QUEUE = 64


class MemorySocket:
    """One end of a pair within the process; what is sent is text all the same."""

    remote_host = "memory"

    def __init__(self) -> None:
        self._inbox: asyncio.Queue[str] = asyncio.Queue(maxsize=MEMORY_QUEUE)
        self._closed = asyncio.Event()
        self._heard = (1006, "")
        self._other = self

    @classmethod
    def pair(cls) -> tuple["MemorySocket", "MemorySocket"]:
        left, right = cls(), cls()
        left._other, right._other = right, left
        return left, right

    async def send_text(self, text: str) -> None:
        if self._closed.is_set():
            raise ConnectionResetError("the socket is closed")
        put = asyncio.ensure_future(self._other._inbox.put(text))
        if not await self._first(put):
            raise ConnectionResetError("the socket is closed")

    async def recv_text(self) -> str | None:
        get = asyncio.ensure_future(self._inbox.get())
        return get.result() if await self._first(get) else None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self._closed.is_set():
            return
        self._other._heard = (code, reason)
        self._closed.set()
        self._other._closed.set()

    def close_heard(self) -> tuple[int, str]:
        return self._heard

    async def _first(self, work: "asyncio.Future[str] | asyncio.Future[None]") -> bool:
        """Say whether `work` was done before the socket closed; what came before a close is still read."""
        closed = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait((work, closed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            closed.cancel()
            if not work.done():
                work.cancel()
        return work.done() and not work.cancelled()


@dataclass(eq=False)
class MemoryDoor:
    address: str
    owner: NodeId
    network: "dict[str, MemoryDoor]"
    on_link: OnLink
    serving: set["asyncio.Task[None]"] = field(default_factory=set)
    ends: list[MemorySocket] = field(default_factory=list)

    def let_in(self) -> MemorySocket:
        near, far = MemorySocket.pair()
        self.ends.append(near)
        task = asyncio.ensure_future(self.on_link(near, lambda: None))
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)
        return far

    def stop_accepting(self) -> None:
        self.network.pop(self.address, None)

    async def close(self) -> None:
        self.stop_accepting()
        for end in self.ends:
            await end.close(1001)
        await asyncio.gather(*self.serving)


@dataclass(eq=False)
class MemoryTransport:
    """Nodes with the same `network` reach each other. Who serves is who it says: there is nobody in between."""

    own: NodeId
    network: dict[str, MemoryDoor]

    async def dial(self, node_id: NodeId | None, addresses: Sequence[str]) -> Dialled:
        error: Unreachable | WrongNode = Unreachable("no address is known")
        for address in addresses:
            door = self.network.get(address)
            if door is None:
                error = Unreachable(f"nobody is at {address}")
            elif node_id not in (None, door.owner):
                error = WrongNode(f"another node is at {address}")
            else:
                return Dialled(socket=door.let_in(), remote_key=door.owner, address=address)
        raise error

    async def serve(self, host: str, port: int, on_link: OnLink) -> MemoryDoor:
        address = f"{host}:{port or len(self.network) + 40_000}"
        if address in self.network:
            raise PortInUse(f"{address} is taken; choose another peer port")
        door = self.network[address] = MemoryDoor(address, self.own, self.network, on_link)
        return door
