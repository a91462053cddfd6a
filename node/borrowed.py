"""A peer's model as one of this node's: `peer:NAME` runs rounds over the link; tools stay here."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from agent.models.base import Delta, ErrorKind, Finish, ModelError, ModelFacts, ModelRequest
from node.loan_wire import UnreadableLoan, delta_of, request_text
from peer.errors import (
    Busy,
    DeadlinePassed,
    LinkError,
    NotAllowed,
    NotTrusted,
    PeerError,
    TooLarge,
    UnknownPeer,
    plain,
)
from peer.hub import PeerHub
from peer.identity import NodeId
from peer.messages import ModelCard

PREFIX = "peer:"
PROVIDER = "peer"
REMEDY = "ask its owner, or choose another model"
MODEL_SHOWN_CHARS = 64


class BorrowedModel:
    """Satisfies `agent.models.base.Model`. It is bound to one key: no other peer can take over the name."""

    def __init__(self, hub: PeerHub, peer: NodeId) -> None:
        self._hub = hub
        self._peer = peer

    @property
    def facts(self) -> ModelFacts:
        return facts_of(self._label, self._hub.offer(self._peer))

    @property
    def problem(self) -> ModelError | None:
        """Why it cannot be used now."""
        return None if self._hub.offer(self._peer) else self._not_lent()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        body = await asyncio.to_thread(request_text, request)
        has_begun = is_whole = False
        try:
            async with aclosing(self._hub.borrow(self._peer, body)) as pieces:
                async for piece in pieces:
                    has_begun = True
                    delta = delta_of(piece)
                    yield delta
                    is_whole = isinstance(delta, Finish)
        except PeerError as error:
            raise self._failure(error, has_begun=has_begun) from error
        except UnreadableLoan as error:
            text = f"{self._label}'s node sent a reply that cannot be read: {error}"
            raise ModelError(ErrorKind.BROKEN, text) from error
        if not is_whole:
            text = f"{self._label}'s model stopped before its reply was complete"
            raise ModelError(ErrorKind.BROKEN, text)

    async def close(self) -> None:
        """Nothing is held: the links are the hub's."""

    @property
    def _label(self) -> str:
        try:
            return self._hub.find(self._peer).label
        except UnknownPeer:
            return self._peer[:8]

    def _not_lent(self) -> ModelError:
        if any(status.connected and status.record.node_id == self._peer for status in self._hub.peers()):
            text = f"{self._label} does not lend its model to this node"
            return ModelError(ErrorKind.REFUSED, text)
        text = f"{self._label} is not connected, so its model cannot be used"
        return ModelError(ErrorKind.UNREACHABLE, text)

    def _failure(self, error: PeerError, *, has_begun: bool) -> ModelError:
        name = self._label
        match error:
            case NotAllowed():
                does = "no longer lends its model" if has_begun else "does not lend its model to this node"
                return ModelError(ErrorKind.REFUSED, f"{name} {does}: {error}")
            case Busy():
                return ModelError(ErrorKind.BUSY, f"{name}'s model is busy: {error}")
            case TooLarge():
                return ModelError(ErrorKind.TOO_LONG, f"{name}'s model: {error}")
            case DeadlinePassed():
                return ModelError(ErrorKind.BROKEN, f"{name}'s model: {error}")
            case NotTrusted() | LinkError() | UnknownPeer():
                return ModelError(ErrorKind.UNREACHABLE, f"{name}'s model cannot be reached: {error}")
            case _:
                return ModelError(ErrorKind.BROKEN, f"{name}'s model could not answer: {error}")


class BorrowedModels:
    """The models that peers lend to this node."""

    def __init__(self, hub: PeerHub) -> None:
        self._hub = hub

    def open(self, name: str) -> BorrowedModel:
        """Return the model of `peer:NAME`; raises `ModelError` when that means no trusted peer."""
        try:
            record = self._hub.find(name.removeprefix(PREFIX))
        except UnknownPeer as error:
            raise ModelError(ErrorKind.NO_MODEL, str(error)) from error
        if not record.is_trusted:
            raise ModelError(ErrorKind.NO_MODEL, f"{record.label} is not trusted here; pair with it first")
        return BorrowedModel(self._hub, record.node_id)

    def chosen(self, name: str) -> str:
        """Return a name that means the same peer for good, whatever it calls itself; raises `ModelError`.

        A peer that lends nothing now cannot be chosen.
        """
        model = self.open(name)
        if problem := model.problem:
            raise ModelError(problem.kind, f"{problem}; {REMEDY}")
        return f"{PREFIX}{self._hub.find(name.removeprefix(PREFIX)).node_id}"

    def all(self) -> list[ModelFacts]:
        """Return what is lent to this node now."""
        offers = ((status.record, self._hub.offer(status.record.node_id)) for status in self._hub.peers())
        return [facts_of(record.label, card) for record, card in offers if card is not None]


def facts_of(label: str, card: ModelCard | None) -> ModelFacts:
    name = f"{PREFIX}{label}"
    if card is None:
        return ModelFacts(provider=PROVIDER, name=name, label=f"the model of {label} (not available)")
    return ModelFacts(
        provider=PROVIDER,
        name=name,
        label=f"{plain(card.name, MODEL_SHOWN_CHARS)}, lent by {label}",
        context_window=card.window,
        calls_tools=card.tools,
        thinks=card.thinks,
    )
