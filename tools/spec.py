"""What a tool is: its contract with the model, what it may do, and what it returns.

The defaults describe the least safe case: a tool writes unless it declares that it reads,
and it is never part of a peer's turn unless it says so.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

JsonObject: TypeAlias = Mapping[str, object]
"""A JSON object from a stranger: every value has to be looked at before it is used."""

RESULT_MAX_CHARS = 32_000
"""A tool's result beyond this many characters is cut before the model reads it."""


UNGROUPED = "core"
"""The group of tools whose name has no dot, and that name no group themselves."""


class Effect(StrEnum):
    READ = "read"
    WRITE = "write"


class SpecifierKind(StrEnum):
    """What a tool's specifier is, and so how permission rules are held against it."""

    TEXT = "text"
    """Any text; a rule's pattern has to fit all of it."""
    SHELL = "shell"
    """A shell line; every command in it is judged."""
    PATH = "path"
    """A file or folder; judged by where it really leads."""
    NAMES = "names"
    """A JSON list of names; each is judged by itself, and one that a rule denies is left out of the call."""


class ToolError(Exception):
    """A tool could not do its work. The text is read by the model and shown to the owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """What a running tool may know of the turn that called it."""

    turn_id: str
    call_id: str
    session_id: str | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    """Names in the call that must be left out, with the reason for each; see `SpecifierKind.NAMES`."""
    asker: str | None = None
    """Node id of the peer whose turn it is; None in the owner's own."""
    origin: object | None = None
    """Opaque lineage that the asks of this turn share. A tool only hands it on to `PeerDirectory.ask`."""


Handler: TypeAlias = Callable[[ToolContext, JsonObject], Awaitable[object]]
"""Runs one checked call and returns a JSON value; raises `ToolError`."""


Canonical: TypeAlias = Callable[[JsonObject], JsonObject]
"""Rewrites checked arguments so that one thing has one name; raises `ToolError`."""

Change: TypeAlias = Callable[[JsonObject], str]
"""Returns what a call would change, as a unified diff, blank where nothing is there to compare with; changes
nothing itself. Called in a thread; raises `ToolError`."""

Aliases: TypeAlias = Callable[[str], tuple[str, ...]]
"""Returns the other names of what a specifier names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    name: str
    """`group.verb`, or a bare verb for the few core tools."""
    description: str
    parameters: JsonObject = field(default_factory=lambda: {"type": "object", "properties": {}})
    """JSON schema of the arguments."""
    effect: Effect = Effect.WRITE
    is_gated: bool = True
    """False: though it acts, it runs unasked in every mode unless a deny or ask rule means it."""
    specifier: str = ""
    """Template over the arguments that names what a call touches, as `{peerId}`; rules match on it."""
    specifier_kind: SpecifierKind = SpecifierKind.TEXT
    judged_as: str = ""
    """The tool of which this call stands for several: rules about that one hold here, too, name by name."""
    canonical: Canonical | None = None
    """Applied before the call is judged, shown and run."""
    aliases: Aliases | None = None
    """Deny and ask rules mean these names, too, and case counts for nothing."""
    change: Change | None = None
    """Shown to an owner who is asked about a call."""
    phrases: tuple[str, ...] = ()
    """Plain sentences that mean this call, in the template language of `agent/models/phrases.py`."""
    answer: str = ""
    """One-line template that turns a result into a sentence when no model is there to do it."""
    core: bool = False
    """Always shown to the model."""
    in_group: str = ""
    """The group of a tool whose name does not say it."""
    remote: str | None = None
    """The right that a peer needs to have this in its turn, as `shared`. None: never part of one."""
    handler: Handler | None = None
    """None: a client of the turn runs it."""

    def fit(self, arguments: JsonObject) -> JsonObject:
        """Return checked arguments in their canonical form; raises `ToolError`."""
        return self.canonical(arguments) if self.canonical else arguments

    @property
    def group(self) -> str:
        """The group that the tool names, else the part of its name before the first dot."""
        head, dot, _ = self.name.partition(".")
        return self.in_group or (head if dot else UNGROUPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a call came to: a JSON value, or an error the model can read."""

    ok: bool
    value: object = None
    error: str = ""

    @classmethod
    def success(cls, value: object) -> "ToolResult":
        return cls(ok=True, value=value)

    @classmethod
    def failure(cls, error: str) -> "ToolResult":
        return cls(ok=False, error=error)

    def text(self) -> str:
        """Return what the model reads, cut at `RESULT_MAX_CHARS`."""
        if not self.ok:
            return f"error: {self.error}"[:RESULT_MAX_CHARS]
        text = self.value if isinstance(self.value, str) else json.dumps(self.value, ensure_ascii=False)
        if len(text) <= RESULT_MAX_CHARS:
            return text
        return text[:RESULT_MAX_CHARS] + f"\n[cut: {len(text) - RESULT_MAX_CHARS} more characters]"
