"""How full the model's window is: our own estimate, and whether a server read less than it was sent."""

import json
from collections.abc import Iterable

from agent.history import AssistantMessage, Message, ToolMessage
from agent.models.base import ModelRequest
from tools.spec import ToolSpec

CHARS_PER_TOKEN = 4
"""Of English prose and code; good enough to plan with."""
CHARS_PER_TOKEN_SPARSE = 6
CHARS_PER_TOKEN_MAX = 8
"""No tokenizer reads more characters than this into a token, over a whole prompt."""
TOKENS_PER_MESSAGE = 4
SURE_FROM_CHARS = 16_000
"""Few tokens of a shorter prompt say little about them."""
BRIM = 0.98
"""The share of its window from which a prompt counts as cut to fit."""


def estimated_tokens(messages: Iterable[Message], tools: Iterable[ToolSpec] = ()) -> int:
    """Guess how many tokens a prompt takes; servers count exactly, and only afterwards."""
    sizes = [_size(message) for message in messages]
    chars = sum(sizes) + sum(_definition_size(tool) for tool in tools)
    return chars // CHARS_PER_TOKEN + TOKENS_PER_MESSAGE * len(sizes)


def cut_notice(request: ModelRequest, read: int | None, window: int | None) -> str | None:
    """Say that the server left out a part of the prompt; None when nothing tells of it.

    Servers that shorten a prompt do so without a word: only their count of what they `read` shows it.
    """
    if read is None or not _is_cut(request, read, window):
        return None
    sent = estimated_tokens(request.messages, request.tools)
    room = "its window" if window is None else f"its window of {window} tokens"
    return (
        f"the server cut the prompt: it read {read} of about {sent} tokens, to fit {room}."
        " The start of the conversation is missing in this answer; /compact makes room"
    )


def _is_cut(request: ModelRequest, read: int, window: int | None) -> bool:
    chars = sum(len(message.text) for message in request.messages)
    if chars >= SURE_FROM_CHARS and chars > read * CHARS_PER_TOKEN_MAX:
        return True
    if window is None or estimated_tokens(request.messages, request.tools) <= window:
        return False
    return read >= window * BRIM or chars > read * CHARS_PER_TOKEN_SPARSE


def _size(message: Message) -> int:
    match message:
        case AssistantMessage(calls=calls):
            return len(message.text) + sum(len(call.raw) + len(str(call.arguments)) for call in calls)
        case ToolMessage(text=text):
            return len(text)
        case _:
            return len(message.text)


def _definition_size(tool: ToolSpec) -> int:
    return len(tool.name) + len(tool.description) + len(json.dumps(dict(tool.parameters)))
