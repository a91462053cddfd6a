"""What the provider tests share: requests, and a model's stream as a list."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import aclosing

from agent.history import Call, Message, UserMessage
from agent.models.base import (
    CallDelta,
    Delta,
    Finish,
    Model,
    ModelError,
    ModelRequest,
    Notice,
    Options,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from tools.spec import ToolSpec

DEADLINE_S = 20.0
ASK_PEER = ToolSpec(
    name="agent.ask_peer",
    description="Ask another node.",
    parameters={
        "type": "object",
        "properties": {"peer": {"type": "string"}, "prompt": {"type": "string"}},
        "required": ["peer", "prompt"],
    },
)
READ_NOTE = ToolSpec(name="read_note", description="Read a note.")


def ask(
    *messages: Message,
    tools: Sequence[ToolSpec] = (),
    options: Options | None = None,
    must_call: bool = False,
) -> ModelRequest:
    return ModelRequest(
        messages=messages or (UserMessage(text="hello"),),
        tools=tools,
        options=options or Options(),
        must_call=must_call,
    )


async def collected(model: Model, request: ModelRequest | None = None) -> list[Delta]:
    """Return the whole stream, which has to end in time."""
    async with asyncio.timeout(DEADLINE_S), aclosing(model.stream(request or ask())) as stream:
        return [delta async for delta in stream]


async def failed(model: Model, request: ModelRequest | None = None) -> tuple[list[Delta], ModelError]:
    """Return what was streamed before the error, and the error."""
    seen: list[Delta] = []
    try:
        async with asyncio.timeout(DEADLINE_S), aclosing(model.stream(request or ask())) as stream:
            async for delta in stream:
                seen.append(delta)  # noqa: PERF401 - what came before an error counts
    except ModelError as error:
        return seen, error
    raise AssertionError(f"no error after {seen}")


def said(deltas: Iterable[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def thought(deltas: Iterable[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, ReasoningDelta))


def called(deltas: Iterable[Delta]) -> list[Call]:
    return [delta.call for delta in deltas if isinstance(delta, CallDelta)]


def notices(deltas: Iterable[Delta]) -> list[str]:
    return [delta.text for delta in deltas if isinstance(delta, Notice)]


def counted(deltas: Iterable[Delta]) -> Usage:
    (usage,) = [delta for delta in deltas if isinstance(delta, Usage)]
    return usage


def finish(deltas: Sequence[Delta]) -> Finish:
    """Return the one finish, which has to come last."""
    (only,) = [delta for delta in deltas if isinstance(delta, Finish)]
    assert deltas[-1] is only
    return only
