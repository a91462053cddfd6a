"""Every frame of a link, both directions; `docs/protocol.md` is generated from here.

A frame is one JSON text message. Unknown fields are refused: between nodes the version says what exists, and
what is not understood must not be carried along.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from peer.errors import ProtocolError, plain

VERSIONS = (1,)
"""Protocol versions this node speaks, best first."""

GREETING_MAX_BYTES = 8 * 1024
"""No frame before authentication is longer."""
FRAME_MAX_BYTES = 512 * 1024
"""No frame is longer: room for the longest prompt even if JSON escapes every byte of it."""
PROMPT_MAX_BYTES = 64 * 1024
ANSWER_MAX_BYTES = 256 * 1024
PART_MAX_CHARS = 32_000
"""Longer answers and events go in several frames, so that one long text does not hold up the link."""
EVENT_WINDOW = 32
"""How many events of an ask may be under way before the asker's credit has to come."""
MODEL_REQUEST_MAX_CHARS = 1_000_000
"""Of one round's conversation and tools together, in parts."""
MODEL_REPLY_MAX_CHARS = 4_000_000
"""Of all that a lent model streams in one round."""
MODEL_NAME_MAX_CHARS = 200
SEEN_MAX_TAGS = 16
NAME_MAX_CHARS = 64
CAPABILITIES_MAX = 32
CAPABILITY_MAX_CHARS = 64
SEQ_MAX = 2**53 - 1
CITATIONS_MAX = 8
CITED_FILE_MAX_CHARS = 1_000
QUOTE_MAX_CHARS = 240
PLACE_MAX_CHARS = 80
FAULTS_TOLD = 20

EventKind: TypeAlias = Literal["reasoning", "token", "status"]
Nonce = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Signature = Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
Mac = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Id = Annotated[str, Field(pattern=r"^[a-z2-7]{52}$")]
Rid = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{8,64}$")]
Tag = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Version = Annotated[int, Field(ge=1, le=65_535)]
Name = Annotated[str, Field(max_length=NAME_MAX_CHARS)]
Code = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]


class Exact(BaseModel):
    """Holds what the protocol says: no other field, no value converted into a fitting one."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Frame(Exact):
    """One message on a link; its field `t` says which."""


class Greeting(Frame):
    """A frame that is lawful until both sides have proved their keys, and not after."""


# --- greeting and proof, before the link is open -----------------------------------------------------


class Hello(Greeting):
    """Listener to dialler, first: the versions it speaks and a nonce; no name, for anybody may dial."""

    t: Literal["hello"] = "hello"
    v: list[Version] = Field(min_length=1, max_length=16)
    n: Nonce


class Auth(Greeting):
    """Dialler to listener: who I am; `sig` covers the key seen in TLS, both ids and nonces, and the offer."""

    t: Literal["auth"] = "auth"
    v: Version
    id: Id
    n: Nonce
    sig: Signature


class Welcome(Greeting):
    """Listener to dialler: you are known and trusted; `sig` covers the same, under the listener's label."""

    t: Literal["welcome"] = "welcome"
    sig: Signature


class PairTicket(Greeting):
    """Dialler to listener instead of `auth`: I hold your ticket `tid`; `mac` is made with its secret."""

    t: Literal["pair_ticket"] = "pair_ticket"
    v: Version
    id: Id
    n: Nonce
    name: Name
    tid: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    mac: Mac
    sig: Signature


class PairDone(Greeting):
    """Listener to dialler: the ticket is redeemed, we trust each other, the link is open."""

    t: Literal["pair_done"] = "pair_done"
    name: Name
    mac: Mac
    sig: Signature


class PairCompare(Greeting):
    """Dialler to listener instead of `auth`: let our owners compare a code. `commit` fixes my share of it."""

    t: Literal["pair_compare"] = "pair_compare"
    v: Version
    id: Id
    n: Nonce
    name: Name
    commit: Mac


class FormerKey(Exact):
    """A key the node had; `sig` is its word that the present one follows it."""

    id: Id
    sig: Signature


class KeyChanged(Greeting):
    """Dialler to listener instead of `auth`: my key has changed. Ends the link; the owner is asked."""

    t: Literal["key_changed"] = "key_changed"
    v: Version
    id: Id
    n: Nonce
    sig: Signature
    former: list[FormerKey] = Field(min_length=1, max_length=4)


class PairShare(Greeting):
    """Listener to dialler: my share of the code, chosen before I can know yours."""

    t: Literal["pair_share"] = "pair_share"
    name: Name
    r: Nonce


class PairReveal(Greeting):
    """Dialler to listener: the share I committed to; `sig` covers keys, nonces, shares and names."""

    t: Literal["pair_reveal"] = "pair_reveal"
    r: Nonce
    sig: Signature


class PairConfirm(Greeting):
    """My owner says that both screens show one code. The listener's comes last, and opens the link."""

    t: Literal["pair_confirm"] = "pair_confirm"
    sig: Signature


# --- on an open link ---------------------------------------------------------------------------------


class OpenFrame(Frame):
    """A frame of an open link.

    It names neither sender nor receiver: the link itself is authenticated both ways, so whatever arrives
    on it is from that peer to this node and can be nothing else. `seq` grows with every frame of a side;
    one that does not grow is a replay or a fault, and ends the link.
    """

    seq: int = Field(default=0, ge=0, le=SEQ_MAX)


class ModelCard(Exact):
    """A model that the receiver may borrow; None where its server does not say."""

    name: str = Field(min_length=1, max_length=MODEL_NAME_MAX_CHARS)
    window: int | None = Field(default=None, ge=1, le=SEQ_MAX)
    """Tokens."""
    tools: bool | None = None
    thinks: bool | None = None


class About(OpenFrame):
    """How I call myself, what I can do, where I listen, and the model that I lend to you in particular.

    First on an open link, again when it changes.
    """

    t: Literal["about"] = "about"
    name: Name
    caps: list[Annotated[str, Field(max_length=CAPABILITY_MAX_CHARS)]] = Field(max_length=CAPABILITIES_MAX)
    port: int | None = Field(default=None, ge=1, le=65_535)
    model: ModelCard | None = None


class RootFields(Exact):
    """`lineage.Root` on the wire: who began it; `sig` covers `ask`, `at` and the first receiver's tag."""

    id: Id
    at: int = Field(ge=0, le=SEQ_MAX)
    sig: Signature


class LineageFields(Exact):
    """`lineage.Lineage` on the wire."""

    ask: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    seen: list[Tag] = Field(max_length=SEEN_MAX_TAGS)
    hops: int = Field(ge=0, le=255)
    asks: int = Field(ge=0, le=65_535)
    ms: int = Field(ge=0, le=86_400_000)
    root: RootFields | None = None


class AgentRequest(OpenFrame):
    """Ask the other node's agent. The same `rid` again is the same ask."""

    t: Literal["agent_request"] = "agent_request"
    rid: Rid
    prompt: str
    lineage: LineageFields


class AgentEvent(OpenFrame):
    """A piece of the answer, or of how it comes about; `n` counts from 0 per ask."""

    t: Literal["agent_event"] = "agent_event"
    rid: Rid
    n: int = Field(ge=0, le=SEQ_MAX)
    kind: EventKind
    text: str = Field(max_length=PART_MAX_CHARS)


class AgentCredit(OpenFrame):
    """The asker has read `n` events in all: up to `n + EVENT_WINDOW` may be sent."""

    t: Literal["agent_credit"] = "agent_credit"
    rid: Rid
    n: int = Field(ge=0, le=SEQ_MAX)


class Citation(Exact):
    """A place in a file that the answering owner shares, on which an answer rests; lines or pages from 1."""

    file: str = Field(min_length=1, max_length=CITED_FILE_MAX_CHARS)
    first: int = Field(ge=1, le=SEQ_MAX)
    last: int = Field(ge=1, le=SEQ_MAX)
    unit: Literal["line", "page"] = "line"
    quote: str = Field(default="", max_length=QUOTE_MAX_CHARS)


class AgentResult(OpenFrame):
    """The end of an ask. `ok` brings the answer, in parts while `more`; otherwise `code` and `message`."""

    t: Literal["agent_result"] = "agent_result"
    rid: Rid
    ok: bool
    text: str = Field(default="", max_length=PART_MAX_CHARS)
    more: bool = False
    citations: list[Citation] | None = Field(default=None, max_length=CITATIONS_MAX)
    """What the answer rests on; with its last part."""
    code: Code | None = None
    message: str = Field(default="", max_length=2_000)
    retry_after: float | None = Field(default=None, ge=0, le=86_400)


class AgentCancel(OpenFrame):
    """The asker no longer wants the answer."""

    t: Literal["agent_cancel"] = "agent_cancel"
    rid: Rid


class ModelRequest(OpenFrame):
    """Run one round of my turn on the model that you lend me: a part of the request, more to come or not.

    The parts, numbered from 0, make one JSON text; the lender's time of `ms` begins with the first.
    """

    t: Literal["model_request"] = "model_request"
    rid: Rid
    n: int = Field(ge=0, le=SEQ_MAX)
    text: str = Field(max_length=PART_MAX_CHARS)
    more: bool = False
    ms: int = Field(ge=1, le=86_400_000)


class ModelDelta(OpenFrame):
    """A piece of the model's reply as JSON, in parts while `more`; `n` counts frames from 0 per round."""

    t: Literal["model_delta"] = "model_delta"
    rid: Rid
    n: int = Field(ge=0, le=SEQ_MAX)
    text: str = Field(max_length=PART_MAX_CHARS)
    more: bool = False


class ModelCredit(OpenFrame):
    """The borrower has read `n` pieces in all: up to `n + EVENT_WINDOW` may be sent."""

    t: Literal["model_credit"] = "model_credit"
    rid: Rid
    n: int = Field(ge=0, le=SEQ_MAX)


class ModelEnd(OpenFrame):
    """The end of a round: all was sent, or `code` and `message` say why not."""

    t: Literal["model_end"] = "model_end"
    rid: Rid
    ok: bool
    code: Code | None = None
    message: str = Field(default="", max_length=2_000)
    retry_after: float | None = Field(default=None, ge=0, le=86_400)


class ModelCancel(OpenFrame):
    """The borrower no longer wants the round."""

    t: Literal["model_cancel"] = "model_cancel"
    rid: Rid


class Ping(OpenFrame):
    t: Literal["ping"] = "ping"
    n: int = Field(ge=0, le=SEQ_MAX)


class Pong(OpenFrame):
    t: Literal["pong"] = "pong"
    n: int = Field(ge=0, le=SEQ_MAX)


class Bye(OpenFrame):
    """I ask nothing more on this link. Once both have said so and nothing is under way, it ends."""

    t: Literal["bye"] = "bye"


LINK_FRAMES: tuple[type[Frame], ...] = (
    Hello, Auth, Welcome, PairTicket, PairDone, PairCompare, PairShare, PairReveal, PairConfirm,
    KeyChanged,
    About, AgentRequest, AgentEvent, AgentCredit, AgentResult, AgentCancel,
    ModelRequest, ModelDelta, ModelCredit, ModelEnd, ModelCancel, Ping, Pong, Bye,
)  # fmt: skip

AnyFrame: TypeAlias = (
    Hello | Auth | Welcome | PairTicket | PairDone | PairCompare | PairShare | PairReveal | PairConfirm
    | KeyChanged
    | About | AgentRequest | AgentEvent | AgentCredit | AgentResult | AgentCancel
    | ModelRequest | ModelDelta | ModelCredit | ModelEnd | ModelCancel | Ping | Pong | Bye
)  # fmt: skip

_READER: TypeAdapter[AnyFrame] = TypeAdapter(Annotated[AnyFrame, Field(discriminator="t")])


def decode(text: str) -> AnyFrame:
    """Read one frame; raise `ProtocolError` when it is not one."""
    try:
        return _READER.validate_json(text)
    except ValidationError as error:
        raise ProtocolError(f"not a frame of this protocol ({_fault(error)})") from None


def _fault(error: ValidationError) -> str:
    """Say where a text is no frame; the text itself stays out of it, for it is a stranger's."""
    if error.error_count() > FAULTS_TOLD:
        return f"{error.error_count()} faults"  # to have them listed takes longer than to find them
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    # The place may be a stranger's text, too: it names the fields that should not be there.
    place = plain(".".join(str(part) for part in first["loc"]), PLACE_MAX_CHARS)
    return f"{place or 'frame'}: {first['type']}"


def sound(text: str) -> str:
    """Return text as a frame can carry it: half a surrogate pair, left by a broken stream, becomes `?`."""
    return text.encode(errors="replace").decode()


def encode(frame: Frame) -> str:
    """Write one frame as JSON."""
    return frame.model_dump_json(exclude_none=True)
