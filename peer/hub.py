"""All links of this node: pairing, dialling, listening, and the one door to ask a peer or to answer one."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from peer.answering import Answer, InboundStatus, Policy
from peer.asking import OnEvent, PeerAnswer
from peer.identity import Identity, NodeId
from peer.lineage import OpenLineage
from peer.trust import PeerRecord, TrustStore

INVITE_TTL_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What this node tells its peers about itself."""

    name: str
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    ticket: str
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerStatus:
    record: PeerRecord
    connected: bool
    capabilities: tuple[str, ...]
    rtt_ms: float | None


class PeerHub:
    on_change: Callable[[], None]
    """Called after any change of what `peers()` or `inbound()` return; set it before `start`."""

    def __init__(
        self,
        *,
        identity: Identity,
        trust: TrustStore,
        profile: Callable[[], Profile],
        policy: Callable[[PeerRecord], Policy],
        answer: Answer,
        now: Callable[[], float] = time.time,
    ) -> None:
        raise NotImplementedError

    async def start(self) -> None:
        """Load what is trusted and keep links to it up."""
        raise NotImplementedError

    async def listen(self, host: str, port: int) -> str:
        """Open the peers' door, or move it; return its `host:port`. Links stay."""
        raise NotImplementedError

    def invite(self, *, addresses: Sequence[str], ttl_s: float = INVITE_TTL_S) -> Invite:
        raise NotImplementedError

    async def join(self, ticket: str) -> PeerRecord:
        raise NotImplementedError

    async def connect(self, peer: NodeId, *, address: str | None = None) -> PeerRecord:
        raise NotImplementedError

    async def ask(
        self,
        peer: str,
        prompt: str,
        *,
        lineage: OpenLineage | None = None,
        on_event: OnEvent | None = None,
        timeout_s: float | None = None,
    ) -> PeerAnswer:
        raise NotImplementedError

    def peers(self) -> list[PeerStatus]:
        raise NotImplementedError

    def inbound(self) -> list[InboundStatus]:
        raise NotImplementedError

    async def stop_inbound(self, rid: str) -> bool:
        raise NotImplementedError

    async def revoke(self, peer: NodeId) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError
