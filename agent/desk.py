"""Where a turn is seated: who sees its events, approves, runs client tools, and keeps what it came to.

A turn never learns whether it sits before a browser, a console, an HTTP caller or a peer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agent.events import TurnEvent
from agent.gate import Judgement
from agent.history import Call
from agent.models.base import Usage
from tools.shared import Unit
from tools.spec import JsonObject, ToolResult, ToolSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Somebody's answer to an ASK."""

    allowed: bool
    reason: str
    """Who or what decided, for the model and the audit: "denied by the owner", "no answer in 300 s"."""
    arguments: JsonObject | None = None
    """What is to run instead, when whoever allowed a write changed it. It fits the tool's schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One line of a turn's action log."""

    call_id: str
    name: str
    arguments: JsonObject | None
    ok: bool
    result: str
    duration_ms: int
    started_ms: int = 0
    """Since the turn's run began."""
    permission: str = ""
    """Who or what let it run, or kept it from running; blank where that was never a question."""
    denied: bool = False
    """It was kept from running: it did not fail."""
    reused: bool = False
    """It ran when the turn ran before, or may have; this time nothing ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRecord:
    """One call of the model in a turn."""

    started_ms: int
    """Since the turn's run began."""
    duration_ms: int
    usage: Usage
    """Of this round alone."""
    calls: tuple[str, ...] = ()
    """Ids of the calls that it asked for."""
    failed: bool = False
    """It broke off, or was stopped, before its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A place in a shared file on which an answer rests; lines or pages from 1."""

    file: str
    """As the one who shares it calls it: `handbook/opening.md`."""
    peer: str = ""
    """The peer whose file it is; blank: this owner's own."""
    first: int
    last: int
    unit: Unit = "line"
    quote: str = ""
    """How the place begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOutcome:
    """What a turn came to; the same facts that its `answer` or `error` and its `done` tell."""

    turn_id: str
    text: str
    """The answer, or what was streamed before the turn failed or was cancelled."""
    reasoning: str = ""
    error: str | None = None
    code: str = ""
    """Of the error, for programs; `agent/errors.py` has them."""
    transient: bool = False
    """The failure may pass: the queue may try again."""
    cancelled: bool = False
    calls: tuple[CallRecord, ...] = ()
    rounds: tuple[RoundRecord, ...] = ()
    citations: tuple[Citation, ...] = ()
    """What the answer cites of what the turn read."""
    usage: Usage | None = None
    context_window: int | None = None
    model: str = ""
    duration_ms: int = 0
    notices: tuple[str, ...] = ()
    """What the owner should know, as that the server cut the prompt."""
    groups: tuple[str, ...] = ()
    """Tool groups in use at the end, most recent last; the next turn of the session carries some of them."""
    shown: Mapping[str, int] = field(default_factory=dict)
    """The tools that the model saw last, and the tokens that each took."""


class Desk(Protocol):
    async def emit(self, event: TurnEvent) -> None:
        """Show one event. May wait for a slow watcher, and so slow the turn."""
        ...

    async def approve(self, call: Call, tool: ToolSpec, specifier: str, judgement: Judgement) -> Approval:
        """Ask a person. Returns within the desk's own time limit; a desk without a person denies at once."""
        ...

    async def relay(self, call: Call, tool: ToolSpec) -> ToolResult:
        """Have a client run its tool. Returns a failure when no client answers in time."""
        ...

    def client_tools(self) -> Sequence[ToolSpec]:
        """Return the tools of the clients now attached; empty where nobody is."""
        ...

    async def conclude(self, outcome: TurnOutcome) -> None:
        """Keep what the turn came to. Called before `answer`, `error` and `done` are emitted."""
        ...
