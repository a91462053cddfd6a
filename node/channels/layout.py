"""The `layout` channel: every client is told when a workspace changed, so that all of them show the same."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from agent.events import Event
from node.ws import Client

CHANNEL = "layout"


class Changed(Event):
    """A workspace was made, changed or deleted; `GET /api/layout/{workspace}` has it."""

    event: ClassVar[str] = "changed"

    workspace: str
    revision: int | None
    """Null: it is gone."""


LAYOUT_NODE_EVENTS: tuple[type[Event], ...] = (Changed,)


class LayoutChannel:
    """Tells all clients, whatever session they follow."""

    def __init__(self, clients: Callable[[], Iterable[Client]]) -> None:
        self._clients = clients

    def tell(self, changed: Changed) -> None:
        for client in self._clients():
            client.show(CHANNEL, changed)
