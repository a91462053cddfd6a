"""The `models` channel: what every client is told of pulls and of the model server that the node started."""

from collections.abc import Callable, Iterable
from typing import ClassVar, Literal

from agent.events import Event
from node.ws import Client

CHANNEL = "models"


class Pull(Event):
    """How far the fetching of a model is; `state` says whether it goes on."""

    event: ClassVar[str] = "pull"

    model: str
    state: Literal["running", "done", "failed", "cancelled"]
    status: str
    """In the server's words, or the reason of a failure."""
    total: int | None = None
    """Bytes of the part that is being fetched."""
    completed: int | None = None


class ServerStatus(Event):
    """How the model server is that the node itself started."""

    event: ClassVar[str] = "server"

    state: Literal["stopped", "starting", "ready", "failed"]
    text: str
    """Its last line while it starts; why it failed."""
    address: str = ""


MODELS_NODE_EVENTS: tuple[type[Event], ...] = (Pull, ServerStatus)


class ModelsChannel:
    """Tells all clients, whatever session they follow."""

    def __init__(self, clients: Callable[[], Iterable[Client]]) -> None:
        self._clients = clients

    def tell(self, event: Event) -> None:
        for client in self._clients():
            client.show(CHANNEL, event)
