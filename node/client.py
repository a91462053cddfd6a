"""The client of the owner's door, for the command line, the console, the demo and the tests."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, cast
from urllib.parse import quote

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.events import NODE_EVENTS, Ask, Done, Event, ListTools, Tools, TurnEvent
from node import envelope
from node.datadir import DataDirError, read_runtime, read_token
from node.envelope import FRAME_MAX_BYTES, FrameError, Hello
from node.replies import (
    AgentStatus,
    Identity,
    Invite,
    PairedPeer,
    Peer,
    PeerAnswer,
    SessionHead,
    SettingShown,
)

REQUEST_TIMEOUT_S = 15.0
PEER_ASK_TIMEOUT_S = 135.0
"""A little more than the node itself waits for a peer, so that its reason arrives, not ours."""
HEARTBEAT_S = 20.0
"""A node that does not answer a ping for this long is gone; no other limit bounds the wait for an event."""

_AGENT_EVENTS = {model.event: model for model in NODE_EVENTS}


class NodeError(Exception):
    """A node refused or failed a request: the text is for people, `code` for programs."""

    def __init__(self, text: str, code: str = "failed") -> None:
        super().__init__(text)
        self.code = code


class NoNodeError(NodeError):
    """No running node was found where it was looked for."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "no_node")


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

    async def send(self, event: Event, channel: str = "agent") -> None:
        """Send one event; raises `NodeError` when the node is gone."""
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            try:
                await self._socket.send_str(envelope.written(channel, event))
            except (ConnectionError, aiohttp.ClientError) as error:
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

    async def tools(self) -> Tools:
        """Return every tool that the node would offer to a turn of this client."""
        await self.send(ListTools())
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            async for frame in self:
                if isinstance(tools := frame.opened(), Tools):
                    return tools
        raise NodeError("the node closed the connection", "connection_lost")


class NodeClient:
    """One node's HTTP doors and its socket, as its owner. Every failure is a `NodeError`.

    What comes back has the shape that `node/replies.py` states: both sides are of one program.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._http = aiohttp.ClientSession(
            base_url=self.url + "/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S),
        )

    @classmethod
    def at(cls, data: Path) -> Self:
        """Return a client of the node that runs on a data folder; raises `NoNodeError`."""
        try:
            return cls(read_runtime(data).url, read_token(data))
        except DataDirError as error:
            raise NoNodeError(str(error)) from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    @property
    def page_url(self) -> str:
        """The page's address with the token that unlocks it, once."""
        return f"{self.url}/?token={quote(self._token)}"

    async def health(self) -> Mapping[str, object]:
        return cast("Mapping[str, object]", await self.call("GET", "/health"))

    async def identity(self) -> Identity:
        return cast("Identity", await self.call("GET", "/api/network/identity"))

    async def peers(self) -> list[Peer]:
        return cast("list[Peer]", await self.call("GET", "/api/network/peers"))

    async def status(self) -> AgentStatus:
        return cast("AgentStatus", await self.call("GET", "/api/agent/status"))

    async def sessions(self) -> list[SessionHead]:
        return cast("list[SessionHead]", await self.call("GET", "/api/chat/sessions"))

    async def invite(self, ttl_s: int | None = None) -> Invite:
        body = {} if ttl_s is None else {"ttlS": ttl_s}
        return cast("Invite", await self.call("POST", "/api/network/invite", body))

    async def join(self, ticket: str) -> PairedPeer:
        """Pair with the node that made the ticket."""
        return cast("PairedPeer", await self.call("POST", "/api/network/pair", {"ticket": ticket}))

    async def ask_peer(self, peer: str, prompt: str) -> PeerAnswer:
        """Ask a peer's agent; a refusal is an answer with `ok` false."""
        body = {"peerId": peer, "prompt": prompt}
        return cast(
            "PeerAnswer",
            await self.call("POST", "/api/network/ask-peer", body, timeout_s=PEER_ASK_TIMEOUT_S),
        )

    async def settings(self) -> list[SettingShown]:
        return cast("list[SettingShown]", await self.call("GET", "/api/settings"))

    async def setting(self, key: str) -> object:
        return _value(await self.call("GET", _setting_path(key)))

    async def set_setting(self, key: str, value: object) -> object:
        return _value(await self.call("PUT", _setting_path(key), {"value": value}))

    async def unset_setting(self, key: str) -> object:
        """Go back to the setting's default and return it."""
        return _value(await self.call("DELETE", _setting_path(key)))

    def socket(self) -> AbstractAsyncContextManager[Socket]:
        """Open `/ws`."""
        return self._open_socket()

    async def call(
        self,
        method: Literal["GET", "POST", "PUT", "DELETE"],
        path: str,
        body: object = None,
        timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> object:
        """Send a request and return the JSON it is answered with."""
        limit = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._http.request(method, path, json=body, timeout=limit) as response:
                answer: object = None if response.status == 204 else await response.json(content_type=None)
                if response.status < 400:
                    return answer
                raise _refusal(answer, response.status)
        except TimeoutError as error:
            raise NodeError(f"the node did not answer within {timeout_s:.0f} s", "timeout") from error
        except aiohttp.ClientConnectionError as error:
            raise NoNodeError(f"no node answers at {self.url}; start one with `palaver up`") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise NodeError(f"{path} was answered with something that is not JSON", "bad_reply") from error

    @asynccontextmanager
    async def _open_socket(self) -> AsyncIterator[Socket]:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                raw = await self._http.ws_connect(
                    "/ws", heartbeat=HEARTBEAT_S, max_msg_size=FRAME_MAX_BYTES * 2, autoping=True
                )
        except aiohttp.WSServerHandshakeError as error:
            raise NodeError(f"the node refused the connection: {error.message}", str(error.status)) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NoNodeError(f"no node answers at {self.url}; start one with `palaver up`") from error
        async with raw:
            yield Socket(await _greeting(raw), raw)


async def _greeting(raw: aiohttp.ClientWebSocketResponse) -> Hello:
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            hello = Frame.model_validate_json(await raw.receive_str()).opened()
    except (TimeoutError, TypeError, aiohttp.ClientError, ValidationError) as error:
        raise NodeError("the node did not greet", "bad_reply") from error
    if not isinstance(hello, Hello):
        raise NodeError("what answers there is not a Palaver node", "bad_reply")
    return hello


def _refusal(answer: object, status: int) -> NodeError:
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        return NodeError(answer["error"], str(answer.get("code", status)))
    return NodeError(f"the node answered with status {status}", str(status))


def _setting_path(key: str) -> str:
    return f"/api/settings/{quote(key, safe='')}"


def _value(answer: object) -> object:
    return answer.get("value") if isinstance(answer, dict) else answer
