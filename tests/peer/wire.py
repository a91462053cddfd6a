"""What stands on the wire in the walks: a TCP proxy that sees every byte, a foreign TLS server, a hand-driven peer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from peer.dial import dial, split_address
from peer.identity import Identity
from peer.messages import AnyFrame, Frame, OpenFrame, decode
from peer.pairing import Ticket
from peer.protocol import Dialler, Opened
from peer.sockets import WebsocketsSocket
from peer.tls import server_context
from tests.peer.nodes import WITHIN_S, Node


@dataclass(eq=False)
class Proxy:
    """Passes bytes between a dialler and `target`, keeps a copy, and may spoil or cut them."""

    target: str
    address: str = ""
    seen: bytearray = field(default_factory=bytearray)
    spoil: Callable[[bytes], bytes] = bytes
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    pumps: set["asyncio.Task[None]"] = field(default_factory=set)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*split_address(self.target))
        self.writers += [writer, far_writer]
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            pump = asyncio.create_task(self.pump(source, sink))
            self.pumps.add(pump)

    async def pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65_536):
                self.seen += data
                sink.write(self.spoil(data))
                await sink.drain()
        sink.close()

    def cut(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


@asynccontextmanager
async def proxy(target: str) -> AsyncIterator[Proxy]:
    made = Proxy(target)
    server = await asyncio.start_server(made.accept, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    made.address = f"{host}:{port}"
    try:
        yield made
    finally:
        server.close()
        made.cut()
        await asyncio.gather(*made.pumps, return_exceptions=True)


async def joined_through(middle: Proxy, inviter: Node, joiner: Node) -> None:
    """Pair two nodes whose link goes through a proxy."""
    await joiner.hub.join(inviter.hub.invite(addresses=[middle.address]).ticket)
    await inviter.until(lambda: inviter.is_linked(joiner))


@asynccontextmanager
async def foreign_server(identity: Identity) -> AsyncIterator[tuple[str, "asyncio.Queue[bytes]"]]:
    """Run a TLS server with this key; give its address and, per connection, all that came after the handshake."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            heard.put_nowait(await reader.read(65_536))
        writer.close()

    context = await asyncio.to_thread(server_context, identity)
    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"{host}:{port}", heard
    finally:
        server.close()


@dataclass(eq=False)
class HandDriven:
    """A paired peer of which the test writes every frame."""

    identity: Identity
    socket: WebsocketsSocket
    protocol: Dialler

    async def send(self, frame: OpenFrame) -> None:
        self.protocol.send(frame)
        for text in self.protocol.text_to_send():
            await self.socket.send_text(text)

    async def hear(self, kind: type[Frame]) -> AnyFrame:
        """Return the next frame of this kind; others are skipped."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                text = await self.socket.recv_text()
                assert text is not None, f"closed: {self.socket.close_heard()}"
                frame = decode(text)
                if isinstance(frame, kind):
                    return frame

    async def hear_close(self) -> tuple[int, str]:
        async with asyncio.timeout(WITHIN_S):
            while await self.socket.recv_text() is not None:
                pass
        return self.socket.close_heard()


async def hand_driven(node: Node, identity: Identity | None = None) -> HandDriven:
    """Pair with the node as somebody of whom the test writes every frame."""
    identity = identity or Identity.generate()
    ticket = Ticket.parse(node.hub.invite(addresses=[node.address]).ticket)
    socket, _ = await dial(ticket.addresses, node.id)
    protocol = Dialler(identity, listener=node.id, name="mallory", pairing=ticket)
    peer = HandDriven(identity, socket, protocol)
    async with asyncio.timeout(WITHIN_S):
        while True:
            text = await socket.recv_text()
            assert text is not None
            events = protocol.receive(text)
            for outgoing in protocol.text_to_send():
                await socket.send_text(outgoing)
            if any(isinstance(event, Opened) for event in events):
                return peer
