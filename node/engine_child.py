"""The engine's process as the node sees it: it says where it listens, or ends with its last words."""

import asyncio
import re

from agent.models.engine_server import READY
from node.child import Child

_READY = re.compile(rf"^{READY}(http://127\.0\.0\.1:\d+)$", re.MULTILINE)
_STAMP = re.compile(r"^[\d.]+ [A-Z] ")
_LOADING = "error loading model: "
WORDS_MAX_CHARS = 300


class EngineChild(Child):
    def __init__(self) -> None:
        super().__init__()
        self._address: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    @property
    def is_loaded(self) -> bool:
        """It said where it listens, whatever came of it since."""
        return self._address.done() and self._address.result() is not None

    async def address(self) -> str | None:
        """Wait until the model is loaded and return where it is served; None when the process ended first."""
        return await asyncio.shield(self._address)

    def last_words(self) -> str:
        """Return the reason that the engine gave; the first of several is the cause of the others."""
        lines = [_STAMP.sub("", line) for line in self.said(100).splitlines() if _STAMP.match(line)]
        reason = lines[0] if lines else self.said() or "it said nothing"
        return reason.rpartition(_LOADING)[2][:WORDS_MAX_CHARS]

    # --- what the loop calls ---

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        super().pipe_data_received(fd, data)
        if not self._address.done() and (found := _READY.search(self.said(20))):
            self._address.set_result(found[1])

    def _finish(self) -> None:
        super()._finish()
        if not self._address.done():
            self._address.set_result(None)
