"""What carries links: nodes to dial, and a door to serve. Protocol, guard and hub know no more of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from peer.identity import NodeId


class Socket(Protocol):
    """An ordered stream of text messages both ways. One task reads, one task writes."""

    @property
    def remote_host(self) -> str:
        """Where the other side is, as far as the network says."""
        ...

    async def send_text(self, text: str) -> None:
        """Send one message; waits while the other side is slow. Raises ConnectionError once it is closed."""
        ...

    async def recv_text(self) -> str | None:
        """Return the next message; None once the socket is closed, by whichever side."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it, within a bounded time; closing again changes nothing."""
        ...

    def close_heard(self) -> tuple[int, str]:
        """Return code and reason with which the other side closed; (1006, "") when it never said."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    socket: Socket
    remote_key: NodeId
    """Whose key the transport has proved, before a byte was sent."""
    address: str
    """Which of the addresses led there."""


OnLink: TypeAlias = Callable[[Socket, Callable[[], None]], Awaitable[None]]
"""Runs one link to its end; calls the second argument once the link is authenticated."""


class Door(Protocol):
    """Where others come in."""

    @property
    def address(self) -> str:
        """`host:port` as it is in use."""
        ...

    def stop_accepting(self) -> None:
        """Let nobody new in; links that came in here go on."""
        ...

    async def close(self) -> None:
        """Stop, and end whatever is still open."""
        ...


class LinkTransport(Protocol):
    async def dial(self, node_id: NodeId | None, addresses: Sequence[str]) -> Dialled:
        """Reach the node, or with None whoever is there, at one of the addresses.

        Raises `Unreachable`, or `WrongNode` when another key answers: nothing was said to it.
        """
        ...

    async def serve(self, host: str, port: int, on_link: OnLink) -> Door:
        """Let others in; only what holds this node's key may serve. Raises `PortInUse`."""
        ...
