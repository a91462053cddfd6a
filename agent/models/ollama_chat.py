"""Ollama's `/api/chat`: what a request says, and what the lines of a reply mean."""

import json
from collections.abc import Sequence

from agent.history import AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage
from agent.models import failure
from agent.models.base import (
    CallDelta,
    Delta,
    Finish,
    FinishReason,
    ModelRequest,
    Options,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from agent.models.calls import new_call
from agent.models.outgoing import outgoing
from agent.models.reasoning import ThinkSplitter
from agent.models.schema import definition
from agent.models.wire import WireError, count_of, json_object, json_value, text_of

FORCED_MAX_TOKENS = 512
"""A forced call is short; a model that rambles instead is stopped here."""


def payload(model: str, request: ModelRequest, *, think: bool | str | None, tools: bool) -> dict[str, object]:
    """Build the body of a request. `think` and `tools` say what this model is known to take."""
    forced = request.must_call and bool(request.tools)
    messages = [*request.messages, SystemMessage(text=_instruction(request))] if forced else request.messages
    body: dict[str, object] = {
        "model": model,
        "messages": [_message(message) for message in outgoing(messages)],
        "stream": True,
        "options": _options(request.options, FORCED_MAX_TOKENS if forced else None),
    }
    if forced:
        body["format"] = _forced_format(request)
    elif tools and request.tools:
        body["tools"] = [definition(tool, tool.name) for tool in request.tools]
    if think is not None:
        body["think"] = False if forced else think
    return body


class OllamaReply:
    """Turn the lines of one reply into deltas; never touches a socket.

    Raises `ModelError` for an error line, and `WireError` for a line that is no JSON object.
    """

    def __init__(self, server: str, request: ModelRequest) -> None:
        self._server = server
        self._tools = {tool.name for tool in request.tools} if request.must_call else set()
        """The tools of a forced call; empty in a plain reply."""
        self._forced: list[str] = []
        self._splitter = ThinkSplitter()
        self._has_calls = False
        self.is_done = False

    def receive(self, line: bytes) -> list[Delta]:
        chunk = json_object(line)
        if chunk.get("error"):
            raise failure.stream_failure(self._server, chunk["error"])
        message = chunk.get("message")
        deltas = self._parts(message) if isinstance(message, dict) else []
        if chunk.get("done") is True:
            deltas += self._end(chunk)
        return deltas

    def _parts(self, message: dict[str, object]) -> list[Delta]:
        deltas: list[Delta] = []
        if thinking := text_of(message.get("thinking")):
            deltas.append(ReasoningDelta(thinking))
        if content := text_of(message.get("content")):
            deltas += self._content(content)
        if calls := message.get("tool_calls"):
            deltas += self._calls(calls)
        return deltas

    def _content(self, content: str) -> Sequence[Delta]:
        if self._tools:
            self._forced.append(content)
            return []
        return self._splitter.feed(content)

    def _calls(self, calls: object) -> list[Delta]:
        deltas: list[Delta] = []
        for item in calls if isinstance(calls, list) else []:
            function = item.get("function") if isinstance(item, dict) else None
            if isinstance(function, dict):
                call = new_call(text_of(function.get("name")), function.get("arguments"), item.get("id"))
                deltas.append(CallDelta(call))
        self._has_calls = self._has_calls or bool(deltas)
        return deltas

    def _end(self, chunk: dict[str, object]) -> list[Delta]:
        self.is_done = True
        deltas: list[Delta] = [*self._splitter.end(), *self._forced_call()]
        usage = Usage(
            prompt=count_of(chunk.get("prompt_eval_count")),
            completion=count_of(chunk.get("eval_count")),
            cached=count_of(chunk.get("prompt_eval_cached_count")),
        )
        if chunk.get("done_reason") == "length":
            reason = FinishReason.LENGTH
        else:
            reason = FinishReason.CALLS if self._has_calls else FinishReason.STOP
        return [*deltas, usage, Finish(reason)]

    def _forced_call(self) -> list[Delta]:
        """Read the object that a forced reply consists of; anything else is plain text."""
        text = "".join(self._forced)
        if not text:
            return []
        try:
            said = json_value(text)
        except WireError:
            said = None
        name = text_of(said.get("tool")) if isinstance(said, dict) else ""
        if not isinstance(said, dict) or name not in self._tools:
            return [TextDelta(text)]
        self._has_calls = True
        return [CallDelta(new_call(name, said.get("arguments")))]


def _message(message: Message) -> dict[str, object]:
    match message:
        case SystemMessage(text=text):
            return {"role": "system", "content": text}
        case UserMessage(text=text):
            return {"role": "user", "content": text}
        case ToolMessage(call=call, text=text):
            return {
                "role": "tool",
                "tool_name": call.name,
                "tool_call_id": call.server_id or call.id,
                "content": text,
            }
        case AssistantMessage():
            return _assistant(message)


def _assistant(message: AssistantMessage) -> dict[str, object]:
    out: dict[str, object] = {"role": "assistant", "content": message.text}
    if message.reasoning:
        out["thinking"] = message.reasoning
    if message.calls:
        out["tool_calls"] = [
            {
                "id": call.server_id or call.id,
                "function": {"index": index, "name": call.name, "arguments": call.arguments or {}},
            }
            for index, call in enumerate(message.calls)
        ]
    return out


def _options(options: Options, most: int | None) -> dict[str, object]:
    """Return what was set. The window stays the same in every request: another value reloads the model."""
    limits = [limit for limit in (options.max_tokens, most) if limit is not None]
    chosen = {
        "temperature": options.temperature,
        "top_p": options.top_p,
        "num_ctx": options.context_size,
        "num_predict": min(limits, default=None),
    }
    return {key: value for key, value in chosen.items() if value is not None}


def _forced_format(request: ModelRequest) -> dict[str, object]:
    """Ollama has no `tool_choice`; a schema for the whole answer does the same."""
    return {
        "type": "object",
        "properties": {
            "tool": {"type": "string", "enum": [tool.name for tool in request.tools]},
            "arguments": {"type": "object"},
        },
        "required": ["tool", "arguments"],
    }


def _instruction(request: ModelRequest) -> str:
    tools = [definition(tool, tool.name)["function"] for tool in request.tools]
    listed = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
    return f'Call one of these tools with a JSON object {{"tool": name, "arguments": {{…}}}}:\n{listed}'
