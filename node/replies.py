"""What the owner's door answers, as its clients read it: the shapes over HTTP, and the refusals."""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from agent.events import Decision


class NodeError(Exception):
    """A node refused or failed a request: the text is for people, `code` for programs."""

    def __init__(self, text: str, code: str = "failed") -> None:
        super().__init__(text)
        self.code = code


class NoNodeError(NodeError):
    """No running node was found where it was looked for."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "no_node")


class Identity(TypedDict):
    nodeId: str
    name: str
    fingerprint: str
    peerAddress: str


class Peer(TypedDict):
    nodeId: str
    name: str
    label: str
    fingerprint: str
    state: str
    connected: bool
    capabilities: list[str]
    newKey: str | None
    """A key that is said to follow this one, and waits for the owner's word."""
    lastSeen: float | None
    rttMs: float | None
    addresses: list[str]
    grants: list[str] | None
    granted: list[str]


class GrantedPeer(Peer):
    notice: str


class InboundAsk(TypedDict):
    rid: str
    nodeId: str
    name: str
    prompt: str
    hops: int
    firstAsker: str | None
    startedAt: float


class KeptAsk(TypedDict):
    n: int
    direction: str
    nodeId: str
    name: str
    hops: int
    firstAsker: str | None
    promptChars: int
    answerChars: int | None
    outcome: str | None
    times: int
    startedAt: float
    durationMs: int | None


class QrCode(TypedDict):
    size: int
    path: str


class InterfaceShown(TypedDict):
    name: str
    address: str


class Discovery(TypedDict):
    enabled: bool
    hidden: bool
    interfaces: list[InterfaceShown]
    announced: list[str]
    found: int
    problem: str | None


class Invite(TypedDict):
    ticket: str
    expiresAt: float
    """Seconds since 1970."""
    qr: QrCode


class Comparison(TypedDict):
    peerId: str
    name: str
    code: str
    fingerprint: str
    role: str
    state: str
    reason: str
    expiresAt: float


class Pairing(TypedDict):
    openUntil: float | None
    pausedUntil: float | None
    comparison: Comparison | None


class KeyChangeShown(TypedDict):
    peerId: str
    name: str
    fingerprint: str
    newId: str
    newFingerprint: str


class PairedPeer(TypedDict):
    nodeId: str
    name: str


class CitationShown(TypedDict):
    """A place in a shared file."""

    peer: NotRequired[str]
    """Whose file it is; blank or left out: the answering owner's."""
    file: str
    first: int
    last: int
    unit: str
    """`line` or `page`."""
    quote: str


class SharePeer(TypedDict):
    nodeId: str
    label: str


class SkippedFile(TypedDict):
    file: str
    reason: str


class ShareShown(TypedDict):
    folder: str
    label: str
    peers: list[SharePeer] | None
    """None: every peer that may read what is shared."""
    addedAt: float
    scannedAt: float | None
    files: int
    passages: int
    skipped: dict[str, int]
    """How many, by reason."""
    skippedFiles: list[SkippedFile]
    problem: str
    alsoReadable: list[str]
    """Who else can read its files, through a shared folder that it lies in; a sentence for each of those."""


class ShareAdded(ShareShown):
    warnings: list[str]


class Unshared(TypedDict):
    folder: str
    label: str


class ChatLinkShown(TypedDict):
    id: str
    sessionId: str
    title: str
    reach: str
    """`loopback` or `lan`."""
    addresses: list[str]
    """Where it is served now."""
    follows: bool
    details: bool
    createdAt: float
    expiresAt: float
    reads: int
    lastReadAt: float | None


class ChatLinkMade(ChatLinkShown):
    url: str
    """With its secret, which is told this once."""
    urls: list[str]
    qr: QrCode


class PeerAnswer(TypedDict, total=False):
    ok: bool
    answer: str
    citations: list[CitationShown]
    error: str
    code: str
    retry_after: float
    nodeId: str
    name: str
    durationMs: int


class PeersReply(TypedDict, total=False):
    answers: list[PeerAnswer]
    synthesis: str | None
    """None: there is no model, or nobody answered."""
    synthesisError: str


class PeersPart(TypedDict, total=False):
    """One answer when it comes, or at last all of them."""

    heard: PeerAnswer
    reply: PeersReply


class Readiness(TypedDict):
    state: str
    text: str
    remedy: str


class ModelStatus(TypedDict):
    provider: str
    name: str
    label: str
    contextWindow: int | None


class ModelShown(TypedDict):
    name: str
    label: str
    contextWindow: int | None
    callsTools: bool | None
    """None: the server does not say."""
    thinks: bool | None
    current: bool


class ServerShown(TypedDict):
    address: str
    provider: str | None
    """None: no model server answers there."""
    label: str | None
    canPull: bool
    problem: str | None
    models: list[ModelShown]


class PullOffer(TypedDict):
    model: str
    address: str


class Providers(TypedDict):
    servers: list[ServerShown]
    offer: PullOffer | None


class ModelInUse(TypedDict):
    provider: str | None
    url: str | None
    model: str | None
    label: str | None
    overriddenBy: str | None
    readiness: Readiness


class LentToday(TypedDict):
    day: str
    nodeId: str
    name: str
    rounds: int
    promptTokens: int
    completionTokens: int


class PullPart(TypedDict, total=False):
    status: str
    total: int
    completed: int
    error: str
    code: str


class AgentStatus(TypedDict):
    readiness: Readiness
    model: ModelStatus | None
    mode: str
    node: dict[str, object]


class SessionPermissions(TypedDict):
    mode: str | None
    deny: list[str]
    ask: list[str]
    allow: list[str]


class PermissionsShown(TypedDict):
    mode: str
    deny: list[str]
    ask: list[str]
    allow: list[str]
    session: SessionPermissions
    """What differs in the session; its rules are among those above."""
    allowAlways: bool
    workspace: str
    warnings: list[str]


class PermissionVerdict(TypedDict):
    call: str
    tool: str
    known: bool
    mode: str
    verdict: str
    reason: str


class ToolShown(TypedDict):
    name: str
    description: str
    source: str
    effect: str
    tokens: int
    shown: bool
    """The last turn's model saw it."""


class ToolGroup(TypedDict):
    name: str
    count: int
    tokens: int


class ToolsInView(TypedDict):
    tools: list[str]
    tokens: int


class ToolsShown(TypedDict):
    tools: list[ToolShown]
    groups: list[ToolGroup]
    tokens: int
    lastTurn: ToolsInView
    estimate: str


class Forgotten(TypedDict):
    forgotten: int


class SettingShown(TypedDict):
    key: str
    value: object
    default: object
    description: str


class SessionHead(TypedDict, total=False):
    id: str
    title: str
    pinned: bool
    archived: bool
    messageCount: int
    lastMessageAt: float
    excerpt: str
    """Of a search: the text around the words."""


class MessageShown(TypedDict):
    role: str
    content: str
    state: str
    error: str | None
    turnId: str | None


class TotalsShown(TypedDict):
    messages: int
    tokensIn: int | None
    tokensOut: int | None
    contextUsed: int | None
    contextMax: int | None


class SessionShown(TypedDict):
    id: str
    title: str
    messageCount: int
    totals: TotalsShown
    lastSeq: int
    hasEarlier: bool
    messages: list[MessageShown]


class RecentTurnShown(TypedDict):
    turnId: str
    sessionId: str
    state: str
    prompt: str
    error: str | None
    createdAt: float


class QueuedTurn(TypedDict):
    turnId: str
    sessionId: str
    prompt: str
    source: str
    state: str
    attempts: int


class OpenQuestion(TypedDict):
    """An `ApprovalRequest`, as the socket has it."""

    approvalId: str
    sessionId: str
    turnId: str
    callId: str
    tool: str
    args: dict[str, object]
    change: str
    specifier: str
    mode: str
    reason: str
    decisions: list[Decision]
    editable: bool


class SessionCompacted(TypedDict):
    summary: str
    turns: int
    byModel: bool


Came: TypeAlias = Literal["shown", "told", "hidden"]
"""What came of asking the open pages to the front, as `node/channels/cockpit.py` says."""


class WorkspaceShown(TypedDict):
    id: str
    title: str


class Workspaces(TypedDict):
    workspaces: list[WorkspaceShown]
    active: str | None


class Fronted(TypedDict):
    came: Came | None
    """None: no page is open."""


class BlockShown(TypedDict, total=False):
    """One of: text, a table, a ticket, or how far a command is."""

    text: str
    rows: list[list[str]]
    head: list[str]
    ticket: str
    progress: str


class ConfirmShown(TypedDict):
    question: str
    action: str
    line: str


class OutcomeShown(TypedDict):
    """What a slash command came to, as `node/slash/outcome.py` says."""

    shown: list[BlockShown]
    confirm: ConfirmShown | None
    prompt: str | None
    opens: str | None
    begins: bool
    mode: str | None


class CommandPart(TypedDict, total=False):
    """What a command told on its way, or at last its end."""

    step: BlockShown
    outcome: OutcomeShown
