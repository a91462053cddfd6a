"""A scripted server of the OpenAI dialect as LM Studio, vLLM, llama-server and others speak it.

`python -m tests.fakes.openai_server --port N` runs it by hand.
"""

import argparse
import asyncio
import json
from collections.abc import Mapping
from typing import Any

from tests.fakes.scripted_server import Reply, Script, ScriptedServer, Step, json_reply

MODEL = "tiny"
DONE = b"data: [DONE]\n\n"
PROVIDERS = ("llama-server", "vllm", "lmstudio", "openai")

Chunk = Mapping[str, object]


class FakeOpenAI(ScriptedServer):
    """Lists its model as the provider does; chats as `chat` scripts it."""

    def __init__(self, provider: str = "openai", *, seed: int | None = 0, port: int = 0) -> None:
        super().__init__(seed=seed, port=port)
        self.provider = provider
        entry: dict[str, object] = {"id": MODEL, "object": "model"}
        match provider:
            case "llama-server":
                entry |= {"owned_by": "llamacpp", "meta": {"n_ctx": 8192, "n_ctx_train": 131_072}}
                self.answer("/props", json_reply({"default_generation_settings": {"n_ctx": 1024}}))
            case "vllm":
                entry |= {"owned_by": "vllm", "max_model_len": 2048}
                self.answer("/version", json_reply({"version": "0.33.0"}))
            case "lmstudio":
                self.answer("/api/v1/models", json_reply({"models": _LMSTUDIO_MODELS}))
        self.answer("/v1/models", json_reply({"object": "list", "data": [entry]}))

    def chat(self, *scripts: Script) -> None:
        """Queue answers of `/v1/chat/completions`."""
        self.play("/v1/chat/completions", *scripts)

    @property
    def asked(self) -> list[Any]:
        """The bodies of every chat request."""
        return self.bodies("/v1/chat/completions")


def reply(*chunks: Chunk | Step) -> Reply:
    """Stream chunks as events; raw bytes, events, pauses and breaks stand between them."""
    steps = [event(chunk) if isinstance(chunk, Mapping) else chunk for chunk in chunks]
    return Reply(steps=steps, content_type="text/event-stream")


def event(chunk: Chunk) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def delta(finish: str | None = None, **fields: object) -> Chunk:
    choice = {"index": 0, "delta": fields, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": MODEL, "choices": [choice]}


def text(*pieces: str) -> list[Chunk]:
    return [delta(content=piece) for piece in pieces]


def call(index: int | None = None, server_id: str | None = None, **function: object) -> Chunk:
    """One piece of a tool call; what is None is left out."""
    piece: dict[str, object] = {"function": function}
    if index is not None:
        piece["index"] = index
    if server_id is not None:
        piece |= {"id": server_id, "type": "function"}
    return delta(tool_calls=[piece])


def usage(prompt: int, completion: int, **details: object) -> Chunk:
    """The frame without choices that carries only the counts."""
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, **details}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [], "usage": counts}


def answer(*pieces: str) -> Reply:
    """A whole answer with its counts."""
    return reply(
        delta(role="assistant", content=None), *text(*pieces), delta("stop"), usage(20, len(pieces)), DONE
    )


def error(status: int, said: str, **fields: object) -> Reply:
    return json_reply({"error": {"message": said, "type": "invalid_request_error", **fields}}, status)


_LMSTUDIO_MODELS = [
    {"type": "embedding", "key": "nomic-embed", "loaded_instances": []},
    {
        "type": "llm",
        "key": "big-cold",
        "loaded_instances": [],
        "max_context_length": 131_072,
        "capabilities": {"trained_for_tool_use": True},
    },
    {
        "type": "llm",
        "key": MODEL,
        "loaded_instances": [{"id": MODEL, "config": {"context_length": 4096}}],
        "max_context_length": 131_072,
        "capabilities": {"trained_for_tool_use": True},
    },
]


async def _serve(port: int, provider: str, tokens: int, gap_s: float) -> None:
    steps: list[Step] = []
    for number in range(tokens):
        steps += [gap_s, *map(event, text(f"word{number} "))]
    fake = FakeOpenAI(provider, seed=None, port=port)
    fake.answer("/v1/chat/completions", reply(*steps, delta("stop"), usage(20, tokens), DONE))
    async with fake:
        print(fake.address, flush=True)  # noqa: T201 - a hand test reads it
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--provider", choices=PROVIDERS, default="llama-server")
    parser.add_argument("--tokens", type=int, default=50, help="tokens in every answer")
    parser.add_argument("--gap", type=float, default=0.02, help="seconds before every token")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.port, options.provider, options.tokens, options.gap))
    except KeyboardInterrupt:
        pass
