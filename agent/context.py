"""How full the model's window is: our own estimate, and whether a server read less than it was sent."""

import json
from collections.abc import Iterable
from functools import lru_cache

from agent.history import AssistantMessage, Message, ToolMessage
from agent.models.base import ModelRequest
from tools.same import Same
from tools.spec import JsonObject, ToolSpec

KEPT_SIZES = 4_096
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
    said = sum(sizes) // CHARS_PER_TOKEN + TOKENS_PER_MESSAGE * len(sizes)
    return said + sum(map(tokens_of, tools))


def tokens_of(tool: ToolSpec) -> int:
    """Estimate what a definition costs: the characters of its compact JSON, by `CHARS_PER_TOKEN`."""
    return _tokens_of(tool.name, tool.description, Same(tool.parameters))


@lru_cache(maxsize=KEPT_SIZES)
def _tokens_of(name: str, description: str, parameters: Same[JsonObject]) -> int:
    definition = {"name": name, "description": description, "parameters": parameters.value}
    text = json.dumps(definition, ensure_ascii=False, separators=(",", ":"), default=dict)
    return -(-len(text) // CHARS_PER_TOKEN)


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
    if window is None or (read < window * BRIM and chars <= read * CHARS_PER_TOKEN_SPARSE):
        return False
    return estimated_tokens(request.messages, request.tools) > window


def _size(message: Message) -> int:
    match message:
        case AssistantMessage(calls=calls):
            return len(message.text) + sum(len(call.raw) + len(str(call.arguments)) for call in calls)
        case ToolMessage(text=text):
            return len(text)
        case _:
            return len(message.text)
