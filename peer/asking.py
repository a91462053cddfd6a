"""Asks that we send: one request, its events in order, its answer; stopping, losing the link or time ends it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from peer.answering import EventKind
from peer.identity import NodeId

OnEvent: TypeAlias = Callable[[EventKind, str], Awaitable[None]]
"""Gets each streamed piece in order; while it works, the answering side waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerAnswer:
    node_id: NodeId
    name: str
    text: str
    duration_ms: int
