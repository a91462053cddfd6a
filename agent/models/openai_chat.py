"""The OpenAI dialect's `/v1/chat/completions`: what a request says, and what the events of a reply mean."""

import json

from agent.history import AssistantMessage, Call, Message, SystemMessage, ToolMessage, UserMessage
from agent.models import failure
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
    Usage,
)
from agent.models.calls import CallPieces
from agent.models.names import SafeNames
from agent.models.outgoing import outgoing, tools_named
from agent.models.reasoning import ThinkSplitter
from agent.models.schema import definition
from agent.models.wire import ServerEvent, count_of, json_object, text_of

FORCED_MAX_TOKENS = 512
"""A forced call is short; llama-server lets a model talk before it, up to this."""
REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")
_REPLAY_FIELD = {"llama-server": "reasoning_content", "vllm": "reasoning"}
"""Where a server takes the turn's own reasoning back; the others are sent none."""
_CHUNK_EVENTS = frozenset({"", "message"})


def safe_names(request: ModelRequest) -> SafeNames:
    return SafeNames({tool.name for tool in request.tools} | tools_named(request.messages))


def payload(
    model: str, provider: str, request: ModelRequest, names: SafeNames, *, tools: bool, usage: bool
) -> dict[str, object]:
    """Build the body of a request. `tools` and `usage` say what this server is known to take."""
    messages = outgoing(request.messages)
    body: dict[str, object] = {
        "model": model,
        "messages": [_message(message, names, _REPLAY_FIELD.get(provider)) for message in messages],
        "stream": True,
    }
    if usage:
        body["stream_options"] = {"include_usage": True}
    forced = tools and request.must_call and bool(request.tools)
    if tools and request.tools:
        body["tools"] = [definition(tool, names.to_wire(tool.name)) for tool in request.tools]
    if forced:
        body["tool_choice"] = "required"
    return body | _options(request.options, provider, FORCED_MAX_TOKENS if forced else None)


class OpenAIReply:
    """Turn the events of one reply into deltas; never touches a socket.

    Raises `ModelError` for an error event, and `WireError` for data that is no JSON object.
    """

    def __init__(self, server: str, names: SafeNames) -> None:
        self._server = server
        self._names = names
        self._splitter = ThinkSplitter()
        self._pieces = CallPieces()
        self._usage: Usage | None = None
        self._finish = ""
        self.is_done = False

    def receive(self, event: ServerEvent) -> list[Delta]:
        if event.data.strip() == b"[DONE]":
            self.is_done = True
            return []
        is_error = event.name == "error"
        if event.name not in _CHUNK_EVENTS and not is_error and b'"error"' not in event.data:
            return []
        chunk = json_object(event.data)
        if error := chunk if is_error else _error(chunk):
            raise failure.stream_failure(self._server, error)
        self._read_usage(chunk)
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        return self._choice(choice) if isinstance(choice, dict) else []

    def end(self) -> list[Delta]:
        """Return what the end of the reply completes; raises `ModelError` when it came too early.

        A reply is whole when its reason to finish came, or `[DONE]` from a server that gives none.
        """
        if not self._finish and not self.is_done:
            raise failure.cut_short(self._server)
        deltas: list[Delta] = [*self._splitter.end()]
        calls, reason = self._calls()
        deltas += [CallDelta(call) for call in calls]
        if reason is FinishReason.LENGTH and len(calls) < len(self._pieces):
            deltas.append(
                Notice("The reply reached its limit of tokens inside a tool call; raise `maxTokens`.")
            )
        return [*deltas, self._usage or Usage(), Finish(reason)]

    def _calls(self) -> tuple[list[Call], FinishReason]:
        if self._finish == "length":
            return self._pieces.finished(self._names), FinishReason.LENGTH
        calls = self._pieces.whole(self._names)
        return calls, FinishReason.CALLS if calls else FinishReason.STOP

    def _choice(self, choice: dict[str, object]) -> list[Delta]:
        self._finish = text_of(choice.get("finish_reason")) or self._finish
        delta = choice.get("delta") or choice.get("message")  # some servers do not stream although asked to
        if not isinstance(delta, dict):
            return []
        deltas: list[Delta] = []
        if reasoning := next(filter(None, (text_of(delta.get(field)) for field in REASONING_FIELDS)), ""):
            deltas.append(ReasoningDelta(reasoning))
        if content := text_of(delta.get("content")):
            deltas += self._splitter.feed(content)
        calls = delta.get("tool_calls")
        for piece in calls if isinstance(calls, list) else ():
            self._pieces.feed(piece)
            deltas.append(Calling(self._names.to_own(self._pieces.latest)))
        return deltas

    def _read_usage(self, chunk: dict[str, object]) -> None:
        """Keep the last count; llama-server's `timings` stand in where usage was not asked for."""
        usage, timings = chunk.get("usage"), chunk.get("timings")
        if isinstance(usage, dict):
            details = usage.get("prompt_tokens_details")
            cached = details.get("cached_tokens") if isinstance(details, dict) else None
            self._usage = Usage(
                prompt=count_of(usage.get("prompt_tokens")),
                completion=count_of(usage.get("completion_tokens")),
                cached=count_of(cached),
            )
        elif isinstance(timings, dict) and self._usage is None:
            fresh, cached = count_of(timings.get("prompt_n")), count_of(timings.get("cache_n"))
            self._usage = Usage(
                prompt=None if fresh is None else fresh + (cached or 0),
                completion=count_of(timings.get("predicted_n")),
                cached=cached,
            )


def _message(message: Message, names: SafeNames, replay: str | None) -> dict[str, object]:
    match message:
        case SystemMessage(text=text):
            return {"role": "system", "content": text}
        case UserMessage(text=text):
            return {"role": "user", "content": text}
        case ToolMessage(call=call, text=text):
            return {"role": "tool", "tool_call_id": call.server_id or call.id, "content": text}
        case AssistantMessage():
            return _assistant(message, names, replay)


def _assistant(message: AssistantMessage, names: SafeNames, replay: str | None) -> dict[str, object]:
    out: dict[str, object] = {"role": "assistant", "content": message.text}
    if replay and message.reasoning:
        out[replay] = message.reasoning
    if message.calls:
        out["tool_calls"] = [
            {
                "id": call.server_id or call.id,
                "type": "function",
                "function": {"name": names.to_wire(call.name), "arguments": json.dumps(call.arguments or {})},
            }
            for call in message.calls
        ]
    return out


def _options(options: Options, provider: str, most: int | None) -> dict[str, object]:
    """Return what was set; `num_ctx` has no name in this dialect, the window belongs to the server."""
    limits = [limit for limit in (options.max_tokens, most) if limit is not None]
    chosen: dict[str, object] = {
        "temperature": options.temperature,
        "top_p": options.top_p,
        "max_tokens": min(limits, default=None),
    }
    if isinstance(options.think, str):
        chosen["reasoning_effort"] = options.think
    elif options.think is not None and provider in _REPLAY_FIELD:
        chosen["chat_template_kwargs"] = {"enable_thinking": options.think}
    return {key: value for key, value in chosen.items() if value is not None}


def _error(chunk: dict[str, object]) -> object:
    """Return the error of a chunk; older vLLM puts its fields at the top and says `object: error`."""
    return chunk.get("error") or (chunk if chunk.get("object") == "error" else None)
