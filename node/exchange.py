"""Conversations as files: JSON that comes back as it was, and Markdown for people. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from agent.events import CitedPlace, Round
from agent.finite import FiniteObject
from node.store.messages import Role, StoredMessage
from node.store.session import Session
from node.store.transfer import Brought

MESSAGES_MAX = 100_000
ROLES = {"assistant": Role.AGENT, **{role.value: role for role in Role}}
_NAMES = {Role.USER: "You", Role.AGENT: "Agent", Role.SYSTEM: "System", Role.TOOL: "Tool"}


Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
Time = Annotated[float, Field(ge=0, le=datetime.max.replace(tzinfo=UTC).timestamp())]


class MessageFile(BaseModel):
    """A message as files have it: a role and its text are all that is needed."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True)

    role: str = Field(pattern="^(user|agent|assistant|system|tool)$")
    content: str
    position: Count | None = None
    created_at: Time | None = None
    state: str = Field(default="complete", pattern="^(complete|failed|cancelled)$")
    error: str | None = None
    reasoning: str = ""
    tool_calls: list[FiniteObject] = Field(default_factory=list)
    tokens_in: Count | None = None
    tokens_out: Count | None = None
    context_used: Count | None = None
    context_max: Count | None = None
    execution_time_ms: Count | None = None
    model: str = ""
    notices: list[str] = Field(default_factory=list)
    seam_at: Count | None = None
    rounds: list[Round] = Field(default_factory=list)
    shown_tools: dict[str, Count] = Field(default_factory=dict)
    citations: list[CitedPlace] = Field(default_factory=list)


class CallFile(BaseModel):
    """A call of a tool as the action log has it; the name is all that is needed."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, serialize_by_alias=True)

    call_id: str = ""
    name: str
    arguments: FiniteObject | None = None
    ok: bool = False
    result: str = ""
    duration_ms: Count = 0
    started_ms: Count = 0
    permission: str = ""
    denied: bool = False
    reused: bool = False


class BroughtMessage(MessageFile):
    """A message of a file, which anybody may have written; what the store has is written as it is."""

    tool_calls: list[CallFile] = Field(default_factory=list)  # type: ignore[assignment]  # what it reads, is one


class SessionFile(BaseModel):
    """A conversation as files have it. One that was emptied has no messages."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True)

    title: str = Field(min_length=1)
    created_at: Time | None = None
    last_message_at: Time | None = None
    pinned: bool = False
    archived: bool = False
    messages: list[BroughtMessage] = Field(max_length=MESSAGES_MAX)


def as_json(session: Session, messages: Sequence[StoredMessage]) -> Mapping[str, object]:
    """Return a conversation as JSON, with ids for whoever looks at it; `read` gives it new ones."""
    heads = {
        "id": session.id,
        "title": session.title,
        "createdAt": session.created_at,
        "lastMessageAt": session.last_message_at,
        "pinned": session.pinned,
        "archived": session.archived,
    }
    written = [MessageFile.model_validate(message, from_attributes=True) for message in messages]
    return {**heads, "messages": [message.model_dump(by_alias=True, mode="json") for message in written]}


def read(file: SessionFile, now: float) -> Brought:
    """Return what a file holds, ready to be stored."""
    positions = [message.position for message in file.messages]
    has_positions = None not in positions and len(set(positions)) == len(positions)
    messages = [
        _message(message if has_positions else _in_place(message, place), now)
        for place, message in enumerate(file.messages)
    ]
    return Brought(
        title=file.title,
        created_at=file.created_at if file.created_at is not None else now,
        last_message_at=file.last_message_at if file.last_message_at is not None else now,
        pinned=file.pinned,
        archived=file.archived,
        messages=messages,
    )


def as_markdown(session: Session, messages: Sequence[StoredMessage]) -> str:
    """Return a transcript for people: who said what, which tools ran, what failed."""
    parts = [f"# {session.title}", f"_{_when(session.created_at)} to {_when(session.last_message_at)}_"]
    for message in messages:
        parts.append(f"## {_heading(message)}")
        parts += [
            f"- `{call.get('name')}` {'done' if call.get('ok') else 'failed'}" for call in message.tool_calls
        ]
        if message.content:
            parts.append(_below_the_headings(message.content))
        if message.error:
            parts.append(f"> Failed: {' '.join(message.error.split())}")
    return "\n\n".join(parts) + "\n"


def _in_place(message: MessageFile, place: int) -> MessageFile:
    """Return a message with a place; where a summary stood cannot be told without all of them."""
    return message.model_copy(update={"position": place, "seam_at": None})


def _message(message: MessageFile, now: float) -> StoredMessage:
    facts = message.model_dump(exclude={"role", "created_at"})
    return StoredMessage(
        id=0,
        session_id="",
        role=ROLES[message.role],
        created_at=now if message.created_at is None else message.created_at,
        **facts,
    )


def _heading(message: StoredMessage) -> str:
    if message.seam_at is not None:
        return "Summary of what came before"
    taken_back = message.role is Role.USER and message.state == "cancelled"
    return f"{_NAMES[message.role]}, taken back" if taken_back else _NAMES[message.role]


def _below_the_headings(text: str) -> str:
    """Return Markdown whose own headings stand below the ones that say who speaks."""
    return re.sub(r"^(#{1,4})(?= )", r"##\1", text, flags=re.MULTILINE)


def _when(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
