"""How long and how often: the limits of one turn, and the watch that ends a silent wait."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from agent.errors import IdleLimitError

MAX_ROUNDS = 24
META_ROUNDS = 6
"""Rounds of only meta tools that cost nothing."""
MAX_CALLS_PER_ROUND = 32
"""More calls in one reply are answered with an error: a model that stutters must not flood the machine."""
TOOL_TIMEOUT_S = 30.0
TURN_IDLE_S = 120.0
TURN_TOTAL_S = 900.0
STATUS_EVERY_S = 10.0
REPLY_MAX_CHARS = 400_000
"""Text and reasoning of one reply, together."""
SLOW_TOOLS: Mapping[str, float] = MappingProxyType({"agent.ask_peer": 125.0, "agent.ask_peers": 125.0})
"""Tools that keep their own, longer deadline; the turn waits a moment beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    rounds: int = 0
    """Model calls that may bring tool calls; 0 is the default, below 0 is one."""
    tool_s: float = TOOL_TIMEOUT_S
    idle_s: float = TURN_IDLE_S
    total_s: float = TURN_TOTAL_S
    status_s: float = STATUS_EVERY_S
    """How often a model that is not writing is said to be at work."""
    reply_chars: int = REPLY_MAX_CHARS
    slow_tools: Mapping[str, float] = field(default_factory=lambda: SLOW_TOOLS)

    @property
    def max_rounds(self) -> int:
        return max(1, self.rounds) if self.rounds else MAX_ROUNDS

    def tool_timeout(self, name: str) -> float:
        return self.slow_tools.get(name, self.tool_s)


@asynccontextmanager
async def idle_limit(seconds: float) -> AsyncGenerator[Callable[[], None], None]:
    """Raise `IdleLimitError` in the block when the yielded function has not been called for `seconds`.

    Each call costs one look at the clock: a single timer re-arms itself instead of being moved per token.
    """
    loop = asyncio.get_running_loop()
    last = loop.time()

    timer: asyncio.TimerHandle

    def seen() -> None:
        nonlocal last
        last = loop.time()

    def check() -> None:
        nonlocal timer
        due = last + seconds
        if due <= loop.time():
            limit.reschedule(due)
        else:
            timer = loop.call_at(due, check)

    try:
        async with asyncio.timeout(None) as limit:
            timer = loop.call_at(last + seconds, check)
            yield seen
    except TimeoutError:
        if limit.expired():
            raise IdleLimitError(seconds) from None
        raise
    finally:
        timer.cancel()
