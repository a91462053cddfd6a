"""The client's end of `/ws`: frames in, events out, and one turn from its ask to its end."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Self

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.events import NODE_EVENTS, Ask, Done, Event, TurnEvent
from node import envelope
from node.envelope import FrameError, Hello
from node.replies import NodeError

SEND_TIMEOUT_S = 15.0
ANSWER_TIMEOUT_S = 15.0
HEARTBEAT_S = 20.0
"""A node that does not answer a ping for this long is gone; no other limit bounds the wait for an event."""

_AGENT_EVENTS = {model.event: model for model in NODE_EVENTS}


class Frame(BaseModel):
    """One frame from the node. Unknown fields are ignored, so that a newer node is understood."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    channel: str
    event: str
    data: dict[str, object] = Field(default_factory=dict)
    seq: int | None = None

    def opened(self) -> Event | None:
        """Return what the frame carries, or None when this client does not know it."""
        model = self._model()
        try:
            return model.model_validate(self.data) if model else None
        except ValidationError:
            return None

    def _model(self) -> type[Event] | None:
        match self.channel, self.event:
            case "system", "hello":
                return Hello
            case _, "error" if "turnId" not in self.data:
                return FrameError
            case "agent", event:
                return _AGENT_EVENTS.get(event)
        return None


@dataclass(slots=True)
class Socket:
    """An open `/ws`: send events, iterate over frames. The iteration ends when the node goes away."""

    hello: Hello
    _socket: aiohttp.ClientWebSocketResponse = field(repr=False)

    @classmethod
    async def greeted(cls, raw: aiohttp.ClientWebSocketResponse) -> Self:
        """Take over a socket once the node has said who it is."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                hello = Frame.model_validate_json(await raw.receive_str()).opened()
        except (TimeoutError, TypeError, aiohttp.ClientError, ValidationError) as error:
            raise NodeError("the node did not greet", "bad_reply") from error
        if not isinstance(hello, Hello):
            raise NodeError("what answers there is not a Palaver node", "bad_reply")
        return cls(hello, raw)

    async def send(self, event: Event, channel: str = "agent") -> None:
        """Send one event; raises `NodeError` when the node is gone."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._socket.send_str(envelope.written(channel, event))
        except (ConnectionError, TimeoutError, aiohttp.ClientError) as error:
            raise NodeError("the node closed the connection", "connection_lost") from error

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame:
        message = await self._socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise StopAsyncIteration
        try:
            return Frame.model_validate_json(message.data)
        except ValidationError as error:
            raise NodeError("the node sent what is no frame", "bad_reply") from error

    async def turn(self, ask: Ask) -> AsyncIterator[TurnEvent]:
        """Ask, and yield the turn's events up to `done`; raises `NodeError` when it is refused or cut off."""
        await self.send(ask)
        async for frame in self:
            match frame.opened():
                case TurnEvent(turn_id=ask.turn_id) as event:
                    yield event
                    if isinstance(event, Done):
                        return
                case FrameError(about="ask" | "") as refusal:
                    raise NodeError(refusal.message, refusal.code)
        raise NodeError("the node closed the connection before the turn was done", "connection_lost")
