"""Ollama's dialect in front of a llama-server: the translation that Ollama itself does since 0.30.

Checked against answers that a real Ollama gave to the same requests (`test_ollama_recorded.py`).
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.engine.ollama_checks import MODELS, Refused, body_of, check_chat, check_shown, full

CREATED = "2026-11-01T10:00:00.000000Z"
WINDOW = 4096
DETAILS = {
    "parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"],
    "parameter_size": "1.07M", "quantization_level": "F16",
}  # fmt: skip

Json = dict[str, Any]


class Style(StrEnum):
    """Where the tool calls of a reply stand."""

    NATIVE = "native"
    """On the line that says `done: true`; since 0.30, for models with a template of their own."""
    LEGACY = "legacy"
    """On a line of their own before it."""


class OllamaShim:
    def __init__(self, upstream: str, *, style: Style = Style.NATIVE, spoil: int = 0) -> None:
        """`spoil` is how many calls get arguments that are no object, as models without a grammar send."""
        self.style = style
        self._spoil = spoil
        self.asked: list[Json] = []
        """The bodies of every chat request."""
        self.address = ""
        self._upstream = upstream
        self._loaded: set[str] = set()
        self._runner: web.AppRunner | None = None
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # The server closes after every stream although it announces keep-alive: nothing is used twice.
        connector = aiohttp.TCPConnector(force_close=True, limit=0)
        self._http = aiohttp.ClientSession(self._upstream, connector=connector)
        app = web.Application(client_max_size=64 << 20, middlewares=[_manners])
        app.router.add_get("/", _alive)
        app.router.add_get("/api/version", _version)
        app.router.add_get("/api/tags", self._tags)
        app.router.add_get("/api/ps", self._running)
        app.router.add_post("/api/show", self._show)
        app.router.add_post("/api/chat", self._chat)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        assert self._http is not None
        await self._runner.cleanup()
        await self._http.close()

    async def _tags(self, _: web.Request) -> web.Response:
        return web.json_response({"models": [_listed(name) for name in MODELS]})

    async def _running(self, _: web.Request) -> web.Response:
        running = [
            {"name": name, "model": name, "size": 1, "digest": "0" * 64, "details": DETAILS,
             "expires_at": CREATED, "size_vram": 0, "context_length": WINDOW}
            for name in sorted(self._loaded)
        ]  # fmt: skip
        return web.json_response({"models": running})

    async def _show(self, request: web.Request) -> web.Response:
        name = check_shown(await body_of(request))
        info = {
            "general.architecture": "llama",
            "llama.context_length": WINDOW,
            "llama.embedding_length": 128,
        }
        return web.json_response(
            {
                "modelfile": "", "template": "{{ .Prompt }}", "details": DETAILS, "model_info": info,
                "capabilities": list(MODELS[name]), "modified_at": CREATED,
            }
        )  # fmt: skip

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await body_of(request)
        check_chat(body)
        self.asked.append(body)
        self._loaded.add(full(body["model"]))
        if not body.get("messages"):
            if body.get("keep_alive") == 0:
                self._loaded.discard(full(body["model"]))
                return web.json_response(_line(body, done_reason="unload", done=True))
            return web.json_response(_line(body, done_reason="load", done=True))
        lines = self._lines(body, await self._fitting(body))
        if body.get("stream") is False:
            return web.json_response(await _gathered(lines))
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        async for line in lines:
            if not response.prepared:
                await response.prepare(request)
            await response.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        return response

    async def _fitting(self, body: Json) -> list[Json]:
        """Drop the oldest messages but the system's until the prompt fits, without a word, as Ollama does."""
        messages: list[Json] = body["messages"]
        limit = (body.get("options") or {}).get("num_ctx") or WINDOW
        for first in range(len(messages)):
            kept = [m for m in messages[:first] if m.get("role") == "system"] + messages[first:]
            tokens = await self._tokens(_upstream_body(body, kept))
            if tokens < limit or body.get("truncate") is False:
                break
        if tokens >= limit:
            said = f"request ({tokens} tokens) exceeds the available context size ({limit} tokens), try increasing it"
            error = {"code": 400, "message": said, "type": "exceed_context_size_error",
                     "n_prompt_tokens": tokens, "n_ctx": limit}  # fmt: skip
            raise Refused(400, json.dumps({"error": error}, separators=(",", ":")))
        return kept

    async def _tokens(self, body: Json) -> int:
        prompt = (await self._ask("/apply-template", body))["prompt"]
        return len((await self._ask("/tokenize", {"content": prompt, "parse_special": True}))["tokens"])

    async def _ask(self, path: str, body: Json) -> Json:
        assert self._http is not None
        async with self._http.post(path, json=body) as response:
            answer: Json = await response.json()
            return answer

    async def _lines(self, body: Json, messages: Sequence[Json]) -> AsyncIterator[Json]:
        """Translate one stream, chunk by chunk."""
        calls: dict[int, Json] = {}
        finish, timings = "", Json()
        async for chunk in self._chunks(_upstream_body(body, messages)):
            timings = chunk.get("timings") or timings
            for choice in chunk["choices"]:
                delta, finish = choice["delta"], choice.get("finish_reason") or finish
                _collect(calls, delta.get("tool_calls") or ())
                text, thinking = delta.get("content") or "", delta.get("reasoning_content") or ""
                if not finish and (text or thinking):
                    yield _line(body, text, thinking)
        whole = [self._whole(index, call) for index, call in sorted(calls.items())]
        if whole and self.style is Style.LEGACY:
            yield _line(body, calls=whole)
            whole = []
        yield _line(body, calls=whole, done=True, done_reason="length" if finish == "length" else "stop",
                    **_metrics(timings))  # fmt: skip

    def _whole(self, index: int, call: Json) -> Json:
        arguments = json.loads(call["arguments"] or "{}")
        if self._spoil:
            self._spoil -= 1
            arguments = 5.777
        return {"id": call["id"], "function": {"index": index, "name": call["name"], "arguments": arguments}}

    async def _chunks(self, body: Json) -> AsyncIterator[Json]:
        assert self._http is not None
        async with self._http.post("/v1/chat/completions", json=body) as upstream:
            if upstream.status >= 400:  # the whole body becomes the text of the error
                raise Refused(upstream.status, (await upstream.text()).strip())
            async for raw in upstream.content:
                if raw.startswith(b"data: ") and raw.strip() != b"data: [DONE]":
                    yield json.loads(raw.removeprefix(b"data: "))


def _line(
    body: Json,
    text: str = "",
    thinking: str = "",
    calls: Sequence[Json] = (),
    *,
    done: bool = False,
    **more: object,
) -> Json:
    message: Json = {"role": "assistant", "content": text}
    if thinking:
        message["thinking"] = thinking
    if calls:
        message["tool_calls"] = list(calls)
    return {"model": body["model"], "created_at": CREATED, "message": message, "done": done, **more}


async def _gathered(lines: AsyncIterator[Json]) -> Json:
    """Join the lines of a reply as `stream: false` gives it."""
    text = thinking = ""
    calls: list[Json] = []
    async for line in lines:
        message = line["message"]
        text += message["content"]
        thinking += message.get("thinking", "")
        calls += message.get("tool_calls", [])
    return line | {"message": _line({"model": ""}, text, thinking, calls)["message"]}


def _collect(calls: dict[int, Json], pieces: Sequence[Json]) -> None:
    for piece in pieces:
        call = calls.setdefault(piece["index"], {"id": "", "name": "", "arguments": ""})
        call["id"] += piece.get("id") or ""
        call["name"] += piece["function"].get("name") or ""
        call["arguments"] += piece["function"].get("arguments") or ""


def _metrics(timings: Mapping[str, Any]) -> Json:
    return {
        "total_duration": 1,
        "load_duration": 1,
        "prompt_eval_count": timings.get("cache_n", 0) + timings.get("prompt_n", 0),
        "prompt_eval_duration": int(timings.get("prompt_ms", 0) * 1e6),
        "eval_count": timings.get("predicted_n", 0),
        "eval_duration": int(timings.get("predicted_ms", 0) * 1e6),
    }


def _upstream_body(body: Json, messages: Sequence[Json]) -> Json:
    options = body.get("options") or {}
    out: Json = {
        "messages": [_openai_message(message) for message in messages],
        "stream": True,
        "temperature": options.get("temperature", 0.8),
        "n_predict": options.get("num_predict", -1),
        # Left unset, thinking is on for a model that can think.
        "chat_template_kwargs": {
            "enable_thinking": bool(body.get("think", "thinking" in MODELS[full(body["model"])]))
        },
    }
    if body.get("tools"):
        out["tools"] = body["tools"]
    if "thinking" not in MODELS[full(body["model"])] and "tools" not in MODELS[full(body["model"])]:
        out |= {
            "reasoning_format": "none",
            "chat_template_kwargs": {},
        }  # a bare model: the tags stay in its text
    if body.get("format") == "json":
        out["response_format"] = {"type": "json_object"}
    elif isinstance(body.get("format"), dict):
        out["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": body["format"]},
        }
    return out


def _openai_message(message: Json) -> Json:
    out = {"role": message["role"], "content": message.get("content") or ""}
    if message.get("tool_call_id"):
        out["tool_call_id"] = message["tool_call_id"]
    if message.get("tool_calls"):
        out["tool_calls"] = [
            {
                "id": call.get("id", ""),
                "type": "function",
                "function": {
                    "name": call["function"]["name"],
                    "arguments": json.dumps(call["function"].get("arguments") or {}),
                },
            }
            for call in message["tool_calls"]
        ]
    return out


def _listed(name: str) -> Json:
    # The listing says less of a model than /api/show does.
    return {"name": name, "model": name, "modified_at": CREATED, "size": 1, "digest": "0" * 64,
            "details": {**DETAILS, "context_length": WINDOW, "embedding_length": 128},
            "capabilities": ["completion"]}  # fmt: skip


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="Ollama is running")


async def _version(_: web.Request) -> web.Response:
    return web.json_response({"version": "0.32.15"})


@web.middleware
async def _manners(request: web.Request, handler: Any) -> web.StreamResponse:
    """Answer refusals in Ollama's shape, and unknown routes in the plain text of its router."""
    try:
        response: web.StreamResponse = await handler(request)
    except Refused as refused:
        return refused.answer()
    except web.HTTPNotFound:
        return web.Response(status=404, text="404 page not found")
    except web.HTTPMethodNotAllowed:
        return web.Response(status=405, text="405 method not allowed")
    return response
