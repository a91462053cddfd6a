"""A round of a model as two nodes tell each other: the request and each delta as JSON, checked on arrival.

Only messages, tool definitions and sampling travel. What a tool may do, who asked, and where stays at home.
"""

import json
import re
import secrets
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from agent.finite import FiniteObject
from agent.history import AssistantMessage, Call, Message, SystemMessage, ToolMessage, UserMessage
from agent.models.base import (
    CallDelta,
    Calling,
    Delta,
    Finish,
    FinishReason,
    ModelRequest,
    Notice,
    Options,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from peer.errors import plain
from tools.schema import problem
from tools.spec import ToolSpec

MESSAGES_MAX = 4_000
TOOLS_MAX = 128
NOTICE_MAX_CHARS = 500
TOKENS_MAX = 10**9
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}")

Tokens: TypeAlias = Annotated[int, Field(ge=0, le=TOKENS_MAX)] | None
ShortText: TypeAlias = Annotated[str, Field(max_length=200)]


class UnreadableLoan(ValueError):
    """What the other node sent is no round of a model."""


class _Part(BaseModel):
    """Unknown fields are refused: what is not understood must not be carried along."""

    model_config = ConfigDict(extra="forbid", strict=True)


class CallPart(_Part):
    id: ShortText
    name: ShortText
    arguments: FiniteObject | None
    raw: str = ""


class Said(_Part):
    role: Literal["system", "user"]
    text: str


class Replied(_Part):
    role: Literal["assistant"] = "assistant"
    text: str
    reasoning: str = ""
    calls: list[CallPart] = Field(default=[], max_length=64)


class Resulted(_Part):
    role: Literal["tool"] = "tool"
    call: CallPart
    text: str
    ok: bool


class ToolPart(_Part):
    name: ShortText
    description: Annotated[str, Field(max_length=4_000)]
    parameters: dict[str, object]


class RequestPart(_Part):
    messages: list[Annotated[Said | Replied | Resulted, Field(discriminator="role")]] = Field(
        min_length=1, max_length=MESSAGES_MAX
    )
    tools: list[ToolPart] = Field(max_length=TOOLS_MAX)
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
    top_p: Annotated[float, Field(gt=0, le=1)] | None
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None
    think: bool | ShortText | None
    must_call: bool


class TextPart(_Part):
    kind: Literal["text", "reasoning", "notice", "calling"]
    text: str


class UsagePart(_Part):
    kind: Literal["usage"] = "usage"
    prompt: Tokens
    completion: Tokens
    cached: Tokens


class CalledPart(_Part):
    kind: Literal["call"] = "call"
    call: CallPart


class FinishPart(_Part):
    kind: Literal["finish"] = "finish"
    reason: Literal["stop", "length", "calls"]


DeltaPart: TypeAlias = Annotated[TextPart | UsagePart | CalledPart | FinishPart, Field(discriminator="kind")]
_DELTA: TypeAdapter[TextPart | UsagePart | CalledPart | FinishPart] = TypeAdapter(DeltaPart)


# --- the request: written by the borrower, read by the lender ------------------------------------------


def request_text(request: ModelRequest) -> str:
    """Write a request; the window is the lender's own affair."""
    options = request.options
    body = {
        "messages": [_message(message) for message in request.messages],
        "tools": [
            {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
            for tool in request.tools
        ],
        "temperature": options.temperature,
        "top_p": options.top_p,
        "max_tokens": options.max_tokens,
        "think": options.think,
        "must_call": request.must_call,
    }
    return json.dumps(body, ensure_ascii=False, default=dict)


def request_of(text: str) -> ModelRequest:
    """Read a request; raises `UnreadableLoan`."""
    try:
        part = RequestPart.model_validate_json(text)
    except ValidationError as error:
        raise UnreadableLoan(_place(error)) from None
    return ModelRequest(
        messages=tuple(map(_told, part.messages)),
        tools=tuple(map(_tool, part.tools)),
        options=Options(
            temperature=part.temperature, top_p=part.top_p, max_tokens=part.max_tokens, think=part.think
        ),
        must_call=part.must_call,
    )


def _message(message: Message) -> dict[str, object]:
    match message:
        case SystemMessage(text=text):
            return {"role": "system", "text": text}
        case UserMessage(text=text):
            return {"role": "user", "text": text}
        case ToolMessage():
            return {"role": "tool", "call": _call(message.call), "text": message.text, "ok": message.ok}
        case AssistantMessage():
            calls = [_call(call) for call in message.calls]
            return {
                "role": "assistant",
                "text": message.text,
                "reasoning": message.reasoning,
                "calls": calls,
            }


def _told(part: Said | Replied | Resulted) -> Message:
    match part:
        case Said(role="system"):
            return SystemMessage(text=part.text)
        case Said():
            return UserMessage(text=part.text)
        case Replied():
            calls = tuple(map(_as_named, part.calls))
            return AssistantMessage(text=part.text, reasoning=part.reasoning, calls=calls)
        case Resulted():
            return ToolMessage(call=_as_named(part.call), text=part.text, ok=part.ok)


def _tool(part: ToolPart) -> ToolSpec:
    if not _NAME.fullmatch(part.name):
        raise UnreadableLoan("a tool's name is none")
    if part.parameters and (flaw := problem(part.parameters)):
        raise UnreadableLoan(f"the tool {part.name}: {flaw}")
    return ToolSpec(name=part.name, description=part.description, parameters=part.parameters)


# --- the deltas: written by the lender, read by the borrower -------------------------------------------


def delta_text(delta: Delta) -> str:
    return json.dumps(_delta(delta), ensure_ascii=False, default=dict)


def delta_of(text: str) -> Delta:
    """Read a delta; raises `UnreadableLoan`. A call gets an id of ours: the lender's could be anything."""
    try:
        part = _DELTA.validate_json(text)
    except ValidationError as error:
        raise UnreadableLoan(_place(error)) from None
    match part:
        case TextPart(kind="text"):
            return TextDelta(part.text)
        case TextPart(kind="reasoning"):
            return ReasoningDelta(part.text)
        case TextPart(kind="calling"):
            return Calling(plain(part.text, NOTICE_MAX_CHARS))
        case TextPart():
            return Notice(plain(part.text, NOTICE_MAX_CHARS))
        case UsagePart():
            return Usage(prompt=part.prompt, completion=part.completion, cached=part.cached)
        case CalledPart(call=call):
            return CallDelta(
                Call(
                    id=f"call_{secrets.token_hex(4)}",
                    name=call.name,
                    arguments=call.arguments,
                    raw=call.raw,
                    server_id=call.id,
                )
            )
        case FinishPart():
            return Finish(FinishReason(part.reason))


def _delta(delta: Delta) -> dict[str, object]:
    match delta:
        case TextDelta(text):
            return {"kind": "text", "text": text}
        case ReasoningDelta(text):
            return {"kind": "reasoning", "text": text}
        case Notice(text):
            return {"kind": "notice", "text": text}
        case Calling(name):
            return {"kind": "calling", "text": name}
        case Usage():
            return {
                "kind": "usage",
                "prompt": delta.prompt,
                "completion": delta.completion,
                "cached": delta.cached,
            }
        case CallDelta(call):
            return {"kind": "call", "call": _call(call)}
        case Finish(reason):
            return {"kind": "finish", "reason": reason.value}


def _call(call: Call) -> dict[str, object]:
    return {
        "id": call.server_id or call.id,
        "name": call.name,
        "arguments": call.arguments,
        "raw": call.raw,
    }


def _as_named(part: CallPart) -> Call:
    return Call(id=part.id, name=part.name, arguments=part.arguments, raw=part.raw, server_id=part.id)


def _place(error: ValidationError) -> str:
    """Say where it does not fit; a stranger's own text stays out of it."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{plain('.'.join(map(str, first['loc'])), 80) or 'it'} does not fit ({first['type']})"
