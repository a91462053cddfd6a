"""The shapes of what the owner's door answers over HTTP, as its clients read them."""

from typing import TypedDict


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
    model: ModelStatus
    node: dict[str, object]


class SettingShown(TypedDict):
    key: str
    value: object
    default: object
    description: str


class SessionHead(TypedDict, total=False):
    id: str
    title: str
