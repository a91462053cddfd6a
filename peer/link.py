"""One open link to one peer: what it told about itself, the asks and borrowed rounds, and how it ends."""

import asyncio
from collections.abc import Callable

from peer.answering import Answering
from peer.asking import Asking
from peer.borrowing import Borrowing
from peer.connection import Connection
from peer.errors import PeerError
from peer.identity import NodeId
from peer.lending import Lending
from peer.messages import (
    About,
    AgentCancel,
    AgentCredit,
    AgentEvent,
    AgentRequest,
    AgentResult,
    Bye,
    ModelCancel,
    ModelCredit,
    ModelDelta,
    ModelEnd,
    ModelRequest,
    OpenFrame,
    Pong,
)


class Link:
    def __init__(
        self,
        connection: Connection,
        *,
        peer: NodeId,
        dialler: NodeId,
        answering: Answering,
        lending: Lending,
        noticed: Callable[["Link", About | Bye | Pong], None],
    ) -> None:
        self.peer = peer
        self.dialler = dialler
        self.connection = connection
        self.asking = Asking(connection)
        self.borrowing = Borrowing(connection)
        self.about: About | None = None
        self.heard_at: float | None = None
        """When the peer last answered a ping, by the hub's clock."""
        self.introduced = asyncio.Event()
        """Set once the peer has told about itself."""
        self.is_retired = False
        """No new asks go here: another link to the peer took over, or the peer said so."""
        self._answering = answering
        self._lending = lending
        self._noticed = noticed
        self._has_heard_bye = False

    async def run(self, about: About) -> None:
        """Introduce ourselves, then serve until the link ends; nothing that it carried outlives it."""
        self.connection.send_soon(about)
        try:
            await self.connection.run(self._take)
        finally:
            self.lose(self.connection.farewell)
            await self.stop()

    def lose(self, why: PeerError | None = None) -> None:
        """Wait no longer for what the peer does for this node here."""
        self.asking.lose(why)
        self.borrowing.lose(why)

    async def stop(self) -> None:
        """Stop what this node does for the peer here."""
        await self._answering.drop(self.connection)
        await self._lending.drop(self.connection)

    def retire(self) -> None:
        """Ask nothing more here. Once both sides have said so and nothing is under way, the link ends."""
        if not self.is_retired:
            self.is_retired = True
            self.connection.send_soon(Bye())

    @property
    def is_done(self) -> bool:
        ours = self.asking.is_idle and self.borrowing.is_idle
        theirs = self._answering.is_idle(self.connection) and self._lending.is_idle(self.connection)
        return self.is_retired and self._has_heard_bye and ours and theirs

    def _take(self, frame: OpenFrame) -> bool:
        match frame:
            case AgentRequest() | AgentCancel() | AgentCredit():
                return self._answering.take(self.peer, self.connection, frame)
            case AgentEvent() | AgentResult():
                return self.asking.take(frame)
            case ModelRequest() | ModelCancel() | ModelCredit():
                return self._lending.take(self.peer, self.connection, frame)
            case ModelDelta() | ModelEnd():
                return self.borrowing.take(frame)
            case About():
                self.about = frame
                self.introduced.set()
                self._noticed(self, frame)
            case Bye():
                self._has_heard_bye = True
                self.retire()
                self._noticed(self, frame)
            case Pong():
                self._noticed(self, frame)
        return False
