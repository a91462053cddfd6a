"""What the calls of a turn came to, written down so that a turn which runs again repeats none of them."""

import json
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from agent.history import Call
from tools.spec import Effect, ToolResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What the same call came to when the turn ran before."""

    ok: bool
    text: str
    """As the model read it, or reads it now."""
    is_known: bool = True
    """False: it started, it acts, and nobody saw its end."""


class CallLog(Protocol):
    """Kept per turn. `started` is durable before the call runs, `finished` before its result is shown."""

    is_kept: bool
    """The turn may run again: its calls are not lost with the process."""

    def earlier(self, call: Call) -> Earlier | None:
        """Take what an earlier run of the turn knows of this call; None: it may run."""
        ...

    async def started(self, call: Call, effect: Effect) -> int:
        """Write down that a call runs, and return its number."""
        ...

    async def finished(self, number: int, *, ok: bool, text: str) -> None:
        """Write down what it came to, as the model reads it."""
        ...


class UnkeptCalls:
    """The log of a turn that never runs again."""

    is_kept = False

    def earlier(self, call: Call) -> Earlier | None:
        return None

    async def started(self, call: Call, effect: Effect) -> int:
        return 0

    async def finished(self, number: int, *, ok: bool, text: str) -> None:
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCall:
    """A call of an earlier run, as a log kept it."""

    name: str
    arguments: str
    """As `canonical` writes them."""
    writes: bool
    ok: bool | None
    """None: it started, and nobody saw its end."""
    text: str = ""


class EarlierCalls:
    """The calls of a turn's earlier runs, handed out in their order to the same calls of this run.

    A finished call is handed out once, so that a call that was made twice is not taken for one. A call that
    acts and has no known end stands in the way of the same call for the whole turn. A read without an end is
    forgotten: it may run again.
    """

    def __init__(self, calls: Iterable[KeptCall]) -> None:
        self._kept: defaultdict[tuple[str, str], deque[KeptCall]] = defaultdict(deque)
        for call in calls:
            if call.ok is not None or call.writes:
                self._kept[call.name, call.arguments].append(call)

    def take(self, call: Call) -> Earlier | None:
        kept = self._kept.get((call.name, canonical(call)))
        if not kept:
            return None
        if kept[0].ok is None:
            return Earlier(ok=False, text=unknown_end(call.name), is_known=False)
        finished = kept.popleft()
        assert finished.ok is not None
        return Earlier(ok=finished.ok, text=finished.text)


def canonical(call: Call) -> str:
    """Return a call's arguments in the one form that equal arguments share."""
    return json.dumps(call.arguments, sort_keys=True, separators=(",", ":"))


def unknown_end(name: str) -> str:
    """Say what the model reads instead of a result."""
    return ToolResult.failure(
        f"the node stopped while {name} ran: it is unknown whether {name} happened, and it was not run again."
        " Say so to the owner, or find out with a tool that reads"
    ).text()
