"""Every event of the `agent` channel, both directions; `docs/protocol.md` is generated from here.

An event is the `data` of a frame `{channel: "agent", event, data}`. Unknown fields are ignored, so that
an older node and a newer client still understand each other.
"""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from agent.finite import FiniteObject

PROMPT_MAX_CHARS = 1_000_000
HISTORY_MAX_ITEMS = 1_000
MANIFEST_MAX_TOOLS = 500

ID_MAX_CHARS = 128
SEQ_MAX = 2**53 - 1
"""The largest whole number that a browser's JSON keeps exact."""

Id = Annotated[str, Field(min_length=1, max_length=ID_MAX_CHARS)]


class Event(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        populate_by_name=True,
        serialize_by_alias=True,
        json_schema_serialization_defaults_required=True,  # what we send is always whole
    )

    event: ClassVar[str]
    """The frame's `event`."""


# --- from a client ---------------------------------------------------------------------------------


class SerializedTool(Event):
    """A tool that the client runs; its handler never crosses the socket."""

    event: ClassVar[str] = "tool"

    name: str = Field(min_length=1, max_length=128, pattern=r"^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$")
    description: str = Field(default="", max_length=4_000)
    params: dict[str, object] = Field(default_factory=dict)
    """JSON schema of the arguments."""
    side_effect: bool = True
    """Left out, a tool counts as one that writes."""
    specifier_template: str = Field(default="", max_length=500)
    """Names what a call touches, as `{path}`; permission rules are about it."""
    specifier_kind: Literal["text", "shell", "path"] = "text"
    """How rules read it: as text, as a shell line by all its parts, as a path by where it leads."""
    kind: str = Field(default="command", max_length=64)


class Manifest(Event):
    """Replace the tools that this client offers; pushed on connect, on reconnect and on every change."""

    event: ClassVar[str] = "manifest"

    tools: list[object] = Field(max_length=MANIFEST_MAX_TOOLS)
    """Each is read as a `SerializedTool` by itself, so that one bad tool does not lose the others."""


class HistoryItem(Event):
    event: ClassVar[str] = "history"

    role: str
    content: str = Field(default="", max_length=PROMPT_MAX_CHARS)


class FocusedContext(Event):
    """What the owner is looking at: the focused, addressable buffer."""

    event: ClassVar[str] = "context"

    uri: str | None = None
    """None: an unsaved buffer, which is left out of the prompt."""
    title: str = ""
    language: str = ""
    content: str | None = Field(default=None, max_length=PROMPT_MAX_CHARS)
    """None: the model is told where the owner is, and that it cannot see what is there."""


class Ask(Event):
    """Ask the agent. Without `sessionId` a new session is opened, and `history` is what came before."""

    event: ClassVar[str] = "ask"

    turn_id: Id
    prompt: str = Field(min_length=1, max_length=PROMPT_MAX_CHARS)
    session_id: Id | None = None
    history: list[HistoryItem] = Field(default_factory=list, max_length=HISTORY_MAX_ITEMS)
    context: FocusedContext | None = None
    mode: Literal["plan", "default", "acceptEdits", "autonomous"] | None = None
    priority: int = Field(default=0, ge=-100, le=100)


class ToolResultEvent(Event):
    event: ClassVar[str] = "tool_result"

    turn_id: Id
    call_id: Id
    ok: bool
    result: object = None
    error: str = Field(default="", max_length=32_000)


Decision: TypeAlias = Literal["allow_once", "allow_session", "allow_always", "deny"]
"""`allow_session` keeps a rule until the node stops, `allow_always` stores one."""
DECISIONS: tuple[Decision, ...] = ("allow_once", "allow_session", "allow_always", "deny")


class ApprovalResponse(Event):
    """Answer an approval. The first answer of any client holds; later ones are refused and change nothing."""

    event: ClassVar[str] = "approval_response"

    approval_id: Id
    decision: Decision
    rule: str | None = Field(default=None, max_length=1_000)
    """With `allow_session`, `allow_always`: the rule to keep, which must match. Left out: this very call."""
    args: FiniteObject | None = None
    """For a tool that writes: what is to run instead. It is checked and judged as the call was."""


class ListTools(Event):
    event: ClassVar[str] = "list_tools"


class Cancel(Event):
    event: ClassVar[str] = "cancel"

    turn_id: Id


class Withdraw(Event):
    """Take a message back that waits; one that runs already is refused."""

    event: ClassVar[str] = "withdraw"

    turn_id: Id


class Edit(Event):
    """Change a message that waits; `queued` tells everybody."""

    event: ClassVar[str] = "edit"

    turn_id: Id
    prompt: str = Field(min_length=1, max_length=PROMPT_MAX_CHARS)


class Retry(Event):
    """Say a failed or stopped message again, at the end of its session; `queued` follows."""

    event: ClassVar[str] = "retry"

    turn_id: Id


class Resume(Event):
    """Follow a session: what was missed since `lastSeq`, or a `snapshot`, then everything live.

    Of a session that is not there yet an `error` says so, and what happens in it is told from its begin on.
    """

    event: ClassVar[str] = "resume"

    session_id: Id
    last_seq: int = Field(default=0, ge=0, le=SEQ_MAX)


class Compact(Event):
    """Have the older turns of a session read as a summary from now on; `compacted` tells when it is so."""

    event: ClassVar[str] = "compact"

    session_id: Id


# --- from the node ---------------------------------------------------------------------------------


class TurnEvent(Event):
    """An event of a turn. Its frame carries `seq`, growing by one per session, beside `data`."""

    turn_id: str
    session_id: str | None = None


class Queued(TurnEvent):
    """The message is stored and waits for its turn."""

    event: ClassVar[str] = "queued"

    position: int
    """How many turns of the session come first."""
    prompt: str = ""


class Status(TurnEvent):
    """What the turn is doing, in a few words; also a sign of life while a model thinks."""

    event: ClassVar[str] = "status"

    text: str
    starts_over: bool = False
    """The turn runs again from its beginning: what it streamed before does not count."""


class Reasoning(TurnEvent):
    event: ClassVar[str] = "reasoning"

    delta: str


class Token(TurnEvent):
    event: ClassVar[str] = "token"

    delta: str


class ToolCallEvent(TurnEvent):
    """A tool runs. `relay` tells a client that has the tool to run it and send `tool_result`."""

    event: ClassVar[str] = "tool_call"

    call_id: str
    name: str
    args: dict[str, object]
    relay: bool = False
    started_ms: int = 0
    """Since the turn's run began."""


class ToolDone(TurnEvent):
    """A call has its result, from wherever it ran."""

    event: ClassVar[str] = "tool_done"

    call_id: str
    name: str
    ok: bool
    result: str
    """As the model reads it."""
    duration_ms: int
    started_ms: int = 0
    """Since the turn's run began. The duration counts from here, a wait for an approval included."""
    permission: str = ""
    """Who or what let it run, or kept it from running; blank where that was never a question."""
    denied: bool = False
    """It was kept from running: it did not fail."""
    reused: bool = False
    """The turn runs again, and the call did not: the result is that of the earlier run."""


class ApprovalRequest(TurnEvent):
    event: ClassVar[str] = "approval_request"

    approval_id: str
    call_id: str
    tool: str
    args: dict[str, object]
    change: str = ""
    """What it would change, as a unified diff; blank where the tool does not tell."""
    specifier: str
    mode: str
    reason: str
    """Which rule or mode asks."""
    decisions: list[Decision] = Field(default_factory=lambda: list(DECISIONS))
    """The answers that count here: where no rule could help, or the owner wants none, none is offered."""
    editable: bool = True
    """The answer may carry changed `args`."""


class ApprovalResolved(TurnEvent):
    """The question is closed: by whoever answered first, by time, or because nobody is left to answer."""

    event: ClassVar[str] = "approval_resolved"

    approval_id: str
    decision: Decision | Literal["timeout"]
    edited: bool = False
    """The call runs with other arguments than were asked about; `tool_call` shows them."""


class Round(Event):
    """One call of the model in a turn; null is "not reported", never zero."""

    event: ClassVar[str] = "round"

    started_ms: int
    """Since the turn's run began."""
    duration_ms: int
    prompt_tokens: int | None
    completion_tokens: int | None
    calls: list[str] = Field(default_factory=list)
    """Ids of the calls that it asked for."""
    failed: bool = False
    """It broke off, or was stopped, before its end."""


class UsageEvent(TurnEvent):
    """Tokens of the turn so far; null is "not reported", never zero."""

    event: ClassVar[str] = "usage"

    prompt_tokens: int | None
    completion_tokens: int | None
    context_window: int | None
    model: str
    round: Round | None = None
    """The round that has just ended."""


class Compacted(TurnEvent):
    """Older turns are read as this summary from now on; the transcript keeps them all."""

    event: ClassVar[str] = "compacted"

    summary: str
    turns: int
    """How many turns it stands for, an earlier summary counting as one."""
    by_model: bool
    """False: no model could write it; it holds the first words of each message."""


class Emptied(TurnEvent):
    """The session was reset: what came before is gone, and the next message starts afresh."""

    event: ClassVar[str] = "emptied"


class CitedPlace(Event):
    """A place in a shared file on which an answer rests; lines or pages from 1."""

    event: ClassVar[str] = "citation"

    file: str
    peer: str = ""
    """The peer whose file it is, by whose word; blank: the owner's own."""
    first: int
    last: int
    unit: Literal["line", "page"] = "line"
    quote: str = ""
    """How the place begins."""


class Answer(TurnEvent):
    """The authoritative text, exactly once per turn that succeeds."""

    event: ClassVar[str] = "answer"

    text: str
    citations: list[CitedPlace] = Field(default_factory=list)
    """What it cites, as far as the turn really read it."""


class ErrorEvent(TurnEvent):
    """The turn failed; `done` follows."""

    event: ClassVar[str] = "error"

    message: str
    code: str = "turn_failed"


class Done(TurnEvent):
    event: ClassVar[str] = "done"

    reason: Literal["answered", "failed", "cancelled", "interrupted"]


class StoredText(Event):
    """A stored message, as a snapshot shows it."""

    event: ClassVar[str] = "stored_text"

    role: str
    content: str
    """Cut where it is long; `/api/chat/sessions/{id}` has it whole."""
    turn_id: str | None
    state: str
    citations: list[CitedPlace] = Field(default_factory=list)


class OpenTurn(Event):
    """A turn that runs or waits, as a snapshot shows it."""

    event: ClassVar[str] = "open_turn"

    turn_id: str
    prompt: str
    running: bool
    text: str = ""
    """What it has streamed so far."""
    reasoning: str = ""
    calls: list[ToolCallEvent] = Field(default_factory=list)
    """Calls that have no result yet."""
    approvals: list[ApprovalRequest] = Field(default_factory=list)
    """Questions that nobody has answered yet."""


class Snapshot(Event):
    """How a session stands, instead of events too many or too old to repeat.

    Its frame carries the `seq` up to which it holds everything; what came after it follows. It may already
    hold what a later event tells, too; both name their turn.
    """

    event: ClassVar[str] = "snapshot"

    session_id: str
    message_count: int
    messages: list[StoredText]
    """The latest ones, in order."""
    turns: list[OpenTurn]


class CatalogueTool(Event):
    event: ClassVar[str] = "catalogue_tool"

    name: str
    description: str
    source: str
    """`core` for what is always shown, else the tool's group."""
    effect: Literal["read", "write"]


class Tools(Event):
    event: ClassVar[str] = "tools"

    tools: list[CatalogueTool]


CLIENT_EVENTS: tuple[type[Event], ...] = (
    Manifest, Ask, ToolResultEvent, ApprovalResponse, ListTools, Cancel, Withdraw, Edit, Retry, Resume,
    Compact,
)  # fmt: skip
NODE_EVENTS: tuple[type[Event], ...] = (
    Queued, Status, Reasoning, Token, ToolCallEvent, ToolDone, ApprovalRequest, ApprovalResolved, UsageEvent,
    Compacted, Emptied, Answer, ErrorEvent, Done, Snapshot, Tools,
)  # fmt: skip
