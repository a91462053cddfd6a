"""The client of the owner's door, for the command line, the console, the demo and the tests."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, cast
from urllib.parse import quote

import aiohttp

from agent.events import Decision
from node.client_socket import HEARTBEAT_S, Socket
from node.datadir import DataDirError, read_runtime, read_token
from node.engine_file import absolute
from node.envelope import FRAME_MAX_BYTES
from node.replies import (
    AgentStatus,
    Came,
    ChatLinkMade,
    ChatLinkShown,
    CommandPart,
    Comparison,
    Discovery,
    Forgotten,
    Fronted,
    GrantedPeer,
    Identity,
    InboundAsk,
    Invite,
    KeptAsk,
    KeyChangeShown,
    LentToday,
    ModelInUse,
    NodeError,
    NoNodeError,
    OpenQuestion,
    PairedPeer,
    Pairing,
    Peer,
    PeerAnswer,
    PeersPart,
    PermissionsShown,
    PermissionVerdict,
    Providers,
    PullPart,
    QueuedTurn,
    RecentTurnShown,
    SessionCompacted,
    SessionHead,
    SessionShown,
    SettingShown,
    ShareAdded,
    ShareShown,
    ToolsShown,
    Unshared,
    Workspaces,
)

__all__ = ["NoNodeError", "NodeClient", "NodeError", "Socket"]

REQUEST_TIMEOUT_S = 15.0
SURVEY_TIMEOUT_S = 60.0
"""Several servers are asked about many models each."""
SHARES_PATH = "/api/network/shares"
LINKS_PATH = "/api/chat/links"
SHARE_TIMEOUT_S = 30.0
"""More than the node itself waits for a folder's first scan."""
PULL_STALL_S = 660.0
"""A little more than the node itself waits for a sign of life from a pull."""
COMMAND_STALL_S = PULL_STALL_S + 5
"""A little more than the longest silence of what a command does."""
COMPACT_TIMEOUT_S = 135.0
"""A little more than the node itself waits for the summary."""
COMPARE_START_TIMEOUT_S = 60.0
"""Several addresses may be dialled in turn."""
PEER_ASK_TIMEOUT_S = 135.0
"""A little more than the node itself waits for a peer, so that its reason arrives, not ours."""


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

    async def discovery(self) -> Discovery:
        """Return whether and where the node looks for others, and what it shows of itself."""
        return cast("Discovery", await self.call("GET", "/api/network/discovery"))

    async def connect(self, address: str) -> Peer:
        """Link to the peer at an address, or list the stranger there as seen."""
        body = {"address": address}
        return cast("Peer", await self.call("POST", "/api/network/connect", body))

    async def grant(self, peer: str, grants: Sequence[str] | None) -> GrantedPeer:
        """Give a peer grants of its own; None: those of peers in general."""
        body = {"grants": None if grants is None else list(grants)}
        path = f"/api/network/peers/{quote(peer, safe='')}/grants"
        return cast("GrantedPeer", await self.call("PUT", path, body))

    async def inbound(self) -> list[InboundAsk]:
        """Return the asks that the node answers now."""
        return cast("list[InboundAsk]", await self.call("GET", "/api/network/inbound"))

    async def stop_inbound(self, rid: str) -> None:
        await self.call("DELETE", f"/api/network/inbound/{quote(rid, safe='')}")

    async def asks(self, limit: int = 50) -> list[KeptAsk]:
        """Return the record of asks, the latest first."""
        return cast("list[KeptAsk]", await self.call("GET", f"/api/network/asks?limit={limit}"))

    async def status(self) -> AgentStatus:
        return cast("AgentStatus", await self.call("GET", "/api/agent/status"))

    async def providers(self) -> Providers:
        """Look for model servers and their models."""
        answer = await self.call("GET", "/api/agent/providers", timeout_s=SURVEY_TIMEOUT_S)
        return cast("Providers", answer)

    async def model_in_use(self) -> ModelInUse:
        return cast("ModelInUse", await self.call("GET", "/api/agent/config"))

    async def choose_model(self, name: str) -> ModelInUse:
        """Work with this model from the next turn on."""
        answer = await self.call(
            "PUT", "/api/agent/config", {"model": absolute(name)}, timeout_s=SURVEY_TIMEOUT_S
        )
        return cast("ModelInUse", answer)

    async def pull(self, name: str) -> AsyncGenerator[PullPart, None]:
        """Have the model server fetch a model and yield how far it is; leaving the loop stops it."""
        async with aclosing(self._streamed("/api/agent/pull", {"model": name}, PULL_STALL_S)) as parts:
            async for part in parts:
                yield cast("PullPart", part)

    async def sessions(self) -> list[SessionHead]:
        return cast("list[SessionHead]", await self.call("GET", "/api/chat/sessions"))

    async def found_sessions(self, words: str) -> list[SessionHead]:
        """Return the sessions that hold the words, archived ones too."""
        return cast("list[SessionHead]", await self.call("GET", f"/api/chat/sessions?q={quote(words)}"))

    async def session(self, session_id: str, limit: int) -> SessionShown:
        """Return a session with its last messages."""
        path = f"{session_path(session_id)}?limit={limit}"
        return cast("SessionShown", await self.call("GET", path))

    async def change_session(self, session_id: str, **changes: object) -> SessionHead:
        """Change what is given: `title`, `pinned`, `archived`."""
        return cast("SessionHead", await self.call("PUT", session_path(session_id), changes))

    async def delete_session(self, session_id: str, title: str) -> None:
        """Delete a session for good, if this is its title."""
        await self.call("DELETE", f"{session_path(session_id)}?title={quote(title, safe='')}")

    async def reset_session(self, session_id: str) -> None:
        await self.call("POST", f"{session_path(session_id)}/reset")

    async def compact_session(self, session_id: str) -> SessionCompacted:
        """Have the older turns read as a summary, and wait for it."""
        path = f"{session_path(session_id)}/compact"
        return cast("SessionCompacted", await self.call("POST", path, timeout_s=COMPACT_TIMEOUT_S))

    async def export_session(self, session_id: str) -> object:
        """Return a session as `import_session` takes it."""
        return await self.call("GET", f"{session_path(session_id)}/export")

    async def transcript(self, session_id: str) -> str:
        """Return a session as Markdown."""
        path = f"{session_path(session_id)}/export?format=markdown"
        return str(await self.call("GET", path))

    async def import_session(self, exported: object) -> SessionHead:
        return cast("SessionHead", await self.call("POST", "/api/chat/sessions/import", exported))

    async def queue(self, session_id: str | None = None) -> list[QueuedTurn]:
        """Return what runs and what waits, in its order."""
        query = "" if session_id is None else f"?sessionId={quote(session_id, safe='')}"
        return cast("list[QueuedTurn]", await self.call("GET", f"/api/queue{query}"))

    async def recent_turns(self, limit: int) -> list[RecentTurnShown]:
        """Return the last turns of all sessions, the latest first."""
        return cast("list[RecentTurnShown]", await self.call("GET", f"/api/chat/turns?limit={limit}"))

    async def retry(self, turn_id: str, session_id: str) -> None:
        """Say a failed message again."""
        path = f"/api/queue/{quote(turn_id, safe='')}/retry?sessionId={quote(session_id, safe='')}"
        await self.call("POST", path)

    async def withdraw(self, turn_id: str, session_id: str) -> None:
        """Stop a turn, or take a message back that waits."""
        path = f"/api/queue/{quote(turn_id, safe='')}?sessionId={quote(session_id, safe='')}"
        await self.call("DELETE", path)

    async def invite(self, ttl_s: int | None = None) -> Invite:
        body = {} if ttl_s is None else {"ttlS": ttl_s}
        return cast("Invite", await self.call("POST", "/api/network/invite", body))

    async def join(self, ticket: str) -> PairedPeer:
        """Pair with the node that made the ticket."""
        return cast("PairedPeer", await self.call("POST", "/api/network/pair", {"ticket": ticket}))

    async def compare(self, *, peer: str | None = None, address: str | None = None) -> Comparison:
        """Ask a seen node, or whoever is at an address, to compare codes; return what this screen shows."""
        body = {"peerId": peer} if address is None else {"address": address}
        answer = await self.call("POST", "/api/network/pair", body, timeout_s=COMPARE_START_TIMEOUT_S)
        return cast("Comparison", answer)

    async def pairing(self) -> Pairing:
        return cast("Pairing", await self.call("GET", "/api/network/pairing"))

    async def let_pair(self, *, allowed: bool) -> Pairing:
        """Let others ask to compare codes for two minutes, or no more."""
        return cast("Pairing", await self.call("POST", "/api/network/pairing", {"open": allowed}))

    async def agree(self, code: str) -> Pairing:
        """Say that both screens show this code."""
        body = {"match": True, "code": code}
        return cast("Pairing", await self.call("POST", "/api/network/pairing/answer", body))

    async def disagree(self) -> Pairing:
        """Say that they show two codes, or that nobody is to pair."""
        return cast("Pairing", await self.call("POST", "/api/network/pairing/answer", {"match": False}))

    async def change_peer(self, peer: str, **changes: object) -> Peer:
        """Change what is given: `petName`, `blocked`. `peer` is an id, the start of one, or a name."""
        return cast("Peer", await self.call("PUT", peer_path(peer), changes))

    async def key_changes(self) -> list[KeyChangeShown]:
        """Return the peers that are said to have a new key."""
        return cast("list[KeyChangeShown]", await self.call("GET", "/api/network/key-changes"))

    async def settle_key(self, peer: str, *, accept: bool) -> None:
        """Trust a peer under its new key in place of the old one, or refuse it."""
        await self.call("POST", f"/api/network/key-changes/{quote(peer, safe='')}", {"accept": accept})

    async def revoke(self, peer: str) -> None:
        """Forget a peer, with its trust, its links and its turns."""
        await self.call("DELETE", peer_path(peer))

    async def ask_peer(self, peer: str, prompt: str) -> PeerAnswer:
        """Ask a peer's agent; a refusal is an answer with `ok` false."""
        body = {"peerId": peer, "prompt": prompt}
        return cast(
            "PeerAnswer",
            await self.call("POST", "/api/network/ask-peer", body, timeout_s=PEER_ASK_TIMEOUT_S),
        )

    async def ask_peers(
        self, prompt: str, peers: Sequence[str] = (), *, synthesize: bool = False
    ) -> AsyncGenerator[PeersPart, None]:
        """Ask these peers, or all that are connected, and yield each answer as it comes."""
        body = {"prompt": prompt, "peers": list(peers) or "all", "synthesize": synthesize, "stream": True}
        async with aclosing(self._streamed("/api/network/ask-peers", body, PEER_ASK_TIMEOUT_S)) as parts:
            async for part in parts:
                yield cast("PeersPart", part)

    async def shares(self) -> list[ShareShown]:
        """Return the shared folders."""
        return cast("list[ShareShown]", await self.call("GET", SHARES_PATH))

    async def share(self, folder: str, peers: Sequence[str]) -> ShareAdded:
        """Share a folder with these peers, or `all`; waits for its files to be read."""
        body = {"folder": whole_path(folder), "with": list(peers)}
        return cast("ShareAdded", await self.call("POST", SHARES_PATH, body, timeout_s=SHARE_TIMEOUT_S))

    async def unshare(self, folder: str) -> Unshared:
        """Stop sharing a folder, named by its path or label."""
        body = {"folder": whole_path(folder) if is_here(folder) else folder}
        return cast("Unshared", await self.call("DELETE", SHARES_PATH, body, timeout_s=SHARE_TIMEOUT_S))

    async def chat_links(self) -> list[ChatLinkShown]:
        """Return the links at which others can read sessions."""
        return cast("list[ChatLinkShown]", await self.call("GET", LINKS_PATH))

    async def add_chat_link(self, session_id: str, wanted: Mapping[str, object]) -> ChatLinkMade:
        """Make a link to a session; its address is in this answer alone."""
        path = f"{session_path(session_id)}/links"
        return cast("ChatLinkMade", await self.call("POST", path, wanted))

    async def revoke_chat_link(self, link_id: str) -> None:
        await self.call("DELETE", f"{LINKS_PATH}/{quote(link_id, safe='')}")

    async def lent(self) -> list[LentToday]:
        """Return what each peer used of this node's model, by day, the newest first."""
        return cast("list[LentToday]", await self.call("GET", "/api/network/lent"))

    async def permissions(self, session_id: str | None = None) -> PermissionsShown:
        """Return what is in force, in one session where it is named."""
        query = f"?sessionId={quote(session_id, safe='')}" if session_id else ""
        return cast("PermissionsShown", await self.call("GET", f"/api/permissions{query}"))

    async def test_permission(
        self, call: str, mode: str | None = None, session_id: str | None = None
    ) -> PermissionVerdict:
        """Return what the gate would say of a call, written `tool(specifier)`."""
        body = {"call": call, "mode": mode, "sessionId": session_id}
        return cast("PermissionVerdict", await self.call("POST", "/api/permissions/test", body))

    async def set_session_mode(self, session_id: str, mode: str) -> None:
        """Let a mode hold in a session, beside the rules that hold there, until the node stops."""
        own = (await self.permissions(session_id))["session"]
        path = f"/api/permissions/sessions/{quote(session_id, safe='')}"
        await self.call("PUT", path, {**own, "mode": mode})

    async def questions(self, session_id: str) -> list[OpenQuestion]:
        """Return the calls of a session that wait for the owner's word, the oldest first."""
        path = f"/api/approvals?sessionId={quote(session_id, safe='')}"
        return cast("list[OpenQuestion]", await self.call("GET", path))

    async def answer_question(self, approval_id: str, decision: Decision) -> None:
        await self.call("POST", f"/api/approvals/{quote(approval_id, safe='')}", {"decision": decision})

    async def cockpit_to_front(self) -> Came | None:
        """Have an open page come to the front, or tell its owner where it is; None without one."""
        answer = cast("Fronted", await self.call("POST", "/api/cockpit/front"))
        return answer["came"]

    async def workspaces(self) -> Workspaces:
        return cast("Workspaces", await self.call("GET", "/api/layout"))

    async def layout(self, workspace: str) -> object:
        """Return how a workspace is laid out; None while nobody has arranged it."""
        answer = cast("Mapping[str, object]", await self.call("GET", f"/api/layout/{quote(workspace)}"))
        return answer["layout"]

    async def run_command(
        self, line: str, *, session_id: str | None = None, folder: Path | None = None
    ) -> AsyncGenerator[CommandPart, None]:
        """Run a slash command; yield what it tells, then its outcome; leaving the loop stops it."""
        typed = {"line": line, "sessionId": session_id, "folder": folder and str(folder), "stream": True}
        async with aclosing(self._streamed("/api/commands", typed, COMMAND_STALL_S)) as parts:
            async for part in parts:
                yield cast("CommandPart", part)

    async def tools(self) -> ToolsShown:
        """Return every tool of the agent with what it costs, and what the last turn showed."""
        return cast("ToolsShown", await self.call("GET", "/api/tools"))

    async def forget_learned(self) -> int:
        """Forget which words went with which tools; return of how many tools."""
        answer = cast("Forgotten", await self.call("DELETE", "/api/tools/learned"))
        return answer["forgotten"]

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
        with self._failures(path, timeout_s):
            async with self._http.request(method, path, json=body, timeout=limit) as response:
                answer = await _content(response)
                if response.status < 400:
                    return answer
                raise _refusal(answer, response.status)

    async def _streamed(
        self, path: str, body: object, stall_s: float
    ) -> AsyncGenerator[dict[str, object], None]:
        """Send a request and yield each line of JSON that comes back; leaving the loop stops the work."""
        limit = aiohttp.ClientTimeout(total=None, sock_read=stall_s)
        with self._failures(path, stall_s):
            async with self._http.post(path, json=body, timeout=limit) as response:
                if response.status >= 400:
                    raise _refusal(await response.json(content_type=None), response.status)
                async for line in response.content:
                    part = cast("dict[str, object]", json.loads(line))
                    if "error" in part:
                        raise NodeError(str(part["error"]), str(part.get("code", "failed")))
                    yield part

    @contextmanager
    def _failures(self, path: str, timeout_s: float) -> Iterator[None]:
        """Turn what can go wrong with a request into `NodeError`s."""
        try:
            yield
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
            yield await Socket.greeted(raw)


def peer_path(peer: str) -> str:
    return f"/api/network/peers/{quote(peer, safe='')}"


def whole_path(folder: str) -> str:
    """Return a folder that was typed here as the node, which stands elsewhere, finds it."""
    return str(Path(folder).expanduser().absolute())


def is_here(folder: str) -> bool:
    return Path(folder).expanduser().exists()


def session_path(session_id: str) -> str:
    return f"/api/chat/sessions/{quote(session_id, safe='')}"


async def _content(response: aiohttp.ClientResponse) -> object:
    """Return what a node answered: JSON, text where it says so, or nothing."""
    if response.status == 204:
        return None
    if response.content_type == "text/markdown":
        return await response.text()
    return await response.json(content_type=None)


def _refusal(answer: object, status: int) -> NodeError:
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        return NodeError(answer["error"], str(answer.get("code", status)))
    return NodeError(f"the node answered with status {status}", str(status))


def _setting_path(key: str) -> str:
    return f"/api/settings/{quote(key, safe='')}"


def _value(answer: object) -> object:
    return answer.get("value") if isinstance(answer, dict) else answer
