"""When a single key may answer an open question."""

import asyncio
from collections.abc import Callable

ARM_AFTER_S = 0.5


class Arming:
    """A question takes no key before it was seen: the key may belong to a line that is just begun."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.is_armed = False
        self._changed = changed
        self._question: str | None = None

    def follow(self, question: str | None) -> None:
        """Say which question is the one to answer now."""
        if question == self._question:
            return
        self._question, self.is_armed = question, False
        if question is not None:
            asyncio.get_running_loop().call_later(ARM_AFTER_S, self._arm, question)

    def _arm(self, question: str) -> None:
        if question == self._question:
            self.is_armed = True
            self._changed()
