"""What the console knows of its node: what the foot tells, and when to ring."""

import asyncio
from collections.abc import Callable

from node.client import NodeClient
from node.console.render import one_line
from node.console.tables import peer_name
from node.health import ReadinessState
from node.replies import ModelStatus, NodeError, Peer, Readiness

REFRESH_EVERY_S = 5.0
FACT_MAX_CHARS = 120


class Surroundings:
    """Facts that change without the console's doing, looked up in the background."""

    def __init__(self) -> None:
        self.node = ""
        self.bell_after_s: float | None = None
        """None: never, or not known yet."""
        self._model: ModelStatus | None = None
        self._readiness: Readiness | None = None
        self._mode = ""
        self._peers: list[Peer] = []

    def peer_names(self) -> list[str]:
        return [peer_name(peer) for peer in self._peers]

    def line(self) -> str:
        """Return the facts on one line; what is unknown is left out."""
        online = sum(peer["connected"] for peer in self._peers)
        facts = (self._mode, f"{online} of {len(self._peers)} peers online")
        shown = [self.node, self.model(), *facts]
        return " · ".join(one_line(fact, FACT_MAX_CHARS) for fact in shown if fact)

    def model(self) -> str:
        """Return the model in use, and what to do where there is none; the turn itself says the reason."""
        if self._readiness is None:
            return ""
        if self._readiness["state"] == ReadinessState.PROVIDER_UNREACHABLE:
            what = "the model cannot be used"
        else:
            what = self._model["label"] if self._model else self._readiness["text"]
        return ": ".join(filter(None, (what, self._readiness["remedy"])))

    async def keep_current(self, node: NodeClient, changed: Callable[[], None]) -> None:
        """Look again every few seconds, as long as the node is there."""
        while True:
            try:
                await self._look(node)
            except NodeError:
                pass  # the next look may succeed; a node that is gone ends this task with its socket
            changed()
            await asyncio.sleep(REFRESH_EVERY_S)

    async def _look(self, node: NodeClient) -> None:
        status = await node.status()
        self._model, self._readiness = status["model"], status["readiness"]
        self._mode = str(await node.setting("agent.permissions.mode"))
        bell_after = await node.setting("console.bellAfterS")
        self.bell_after_s = float(bell_after) if isinstance(bell_after, int | float) else None
        self._peers = await node.peers()
