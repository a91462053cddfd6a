"""What the owner's door answers, as its clients read it: the shapes over HTTP, and the refusals."""

from typing import TypedDict


class NodeError(Exception):
    """A node refused or failed a request: the text is for people, `code` for programs."""

    def __init__(self, text: str, code: str = "failed") -> None:
        super().__init__(text)
        self.code = code


class NoNodeError(NodeError):
    """No running node was found where it was looked for."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "no_node")


class Identity(TypedDict):
    nodeId: str
    name: str
    fingerprint: str
    peerAddress: str


class Peer(TypedDict):
    nodeId: str
    name: str
    label: str
    state: str
    connected: bool
    capabilities: list[str]
    lastSeen: float | None
    rttMs: float | None
    addresses: list[str]


class Invite(TypedDict):
    ticket: str
    expiresAt: float
    """Seconds since 1970."""


class PairedPeer(TypedDict):
    nodeId: str
    name: str


class PeerAnswer(TypedDict, total=False):
    ok: bool
    answer: str
    error: str
    code: str
    nodeId: str
    name: str


class Readiness(TypedDict):
    state: str
    text: str
    remedy: str


class ModelStatus(TypedDict):
    provider: str
    name: str
    label: str
    contextWindow: int | None


class AgentStatus(TypedDict):
    readiness: Readiness
    model: ModelStatus | None
    node: dict[str, object]


class SettingShown(TypedDict):
    key: str
    value: object
    default: object
    description: str


class SessionHead(TypedDict, total=False):
    id: str
    title: str
