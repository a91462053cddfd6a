"""A scripted server of Ollama's dialect; `python -m tests.fakes.ollama_server --port N` runs it by hand."""

import argparse
import asyncio
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.fakes.scripted_server import Break, Reply, Script, ScriptedServer, Step, json_reply

CREATED = "2026-11-01T10:00:00.000000Z"
TINY = "tiny:latest"
ALL = ("completion", "tools", "thinking")
WINDOW = 4096

Chunk = Mapping[str, object]


class FakeOllama(ScriptedServer):
    """Knows its models; chats as `chat` scripts it."""

    def __init__(
        self,
        models: Mapping[str, Sequence[str]] | None = None,
        *,
        seed: int | None = 0,
        port: int = 0,
        listening: socket.socket | None = None,
    ) -> None:
        super().__init__(seed=seed, port=port, listening=listening)
        self.models: dict[str, Sequence[str]] = dict(models) if models is not None else {TINY: ALL}
        self.loaded: dict[str, int] = {}
        """Window of each model in memory."""
        self.answer("/api/version", json_reply({"version": "0.40.12"}))
        self.answer("/api/tags", lambda _: json_reply({"models": [_listed(name) for name in self.models]}))
        self.answer("/api/show", self._show)
        self.answer(
            "/api/ps", lambda _: json_reply({"models": [self._running(name) for name in self.loaded]})
        )

    def chat(self, *scripts: Script) -> None:
        """Queue answers of `/api/chat`."""
        self.play("/api/chat", *scripts)

    @property
    def asked(self) -> list[Any]:
        """The bodies of every chat request."""
        return self.bodies("/api/chat")

    def _show(self, body: Any) -> Reply:
        name = body["model"] if ":" in body["model"] else f"{body['model']}:latest"
        if name not in self.models:
            return error(404, f"model '{name}' not found")
        info = {"general.architecture": "llama", "llama.context_length": 131_072}
        return json_reply({"capabilities": list(self.models[name]), "model_info": info, "details": {}})

    def _running(self, name: str) -> dict[str, object]:
        return {"name": name, "model": name, "context_length": self.loaded[name]}


def reply(*chunks: Chunk | Step) -> Reply:
    """Stream chunks as lines; events, pauses and breaks stand between them."""
    steps = [line(chunk) if isinstance(chunk, Mapping) else chunk for chunk in chunks]
    return Reply(steps=steps, content_type="application/x-ndjson")


def line(chunk: Chunk) -> bytes:
    return json.dumps(chunk, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def text(*pieces: str) -> list[Chunk]:
    return [_chunk({"content": piece}) for piece in pieces]


def thinking(*pieces: str) -> list[Chunk]:
    return [_chunk({"content": "", "thinking": piece}) for piece in pieces]


def calls(*named: tuple[str, object], server_id: str = "srv") -> Chunk:
    """Tool calls on a line of their own, as rendered models send them."""
    return _chunk({"content": "", "tool_calls": _tool_calls(named, server_id)})


def done(*named: tuple[str, object], reason: str = "stop", **metrics: int) -> Chunk:
    """The last line; with calls on it, as models with a native template send them."""
    message: dict[str, object] = {"content": ""}
    if named:
        message["tool_calls"] = _tool_calls(named, "srv")
    return {**_chunk(message), "done": True, "done_reason": reason, **metrics}


def error(status: int, said: str) -> Reply:
    return json_reply({"error": said}, status)


def answer(*pieces: str) -> Reply:
    """A whole answer with its counts."""
    return reply(*text(*pieces), done(prompt_eval_count=20, eval_count=len(pieces)))


WAYS_TO_DIE: dict[str, Callable[[], Reply]] = {
    "an error line after the engine was killed": lambda: reply(
        *text("par", "tial"), {"error": "an error was encountered while running the model: unexpected EOF"}
    ),
    "a connection that breaks inside the body": lambda: reply(*text("par", "tial"), Break.ABORT),
    "a stream that ends without a done line": lambda: reply(*text("par", "tial")),
    "a line that is cut off": lambda: reply(*text("par", "tial"), b'{"message":{"content":"ti'),
}
"""The four ways in which an Ollama stream can stop before its end; each has sent `partial` by then."""


def _chunk(message: Mapping[str, object]) -> dict[str, object]:
    return {"model": TINY, "created_at": CREATED, "message": {"role": "assistant", **message}, "done": False}


def _tool_calls(named: Sequence[tuple[str, object]], server_id: str) -> list[dict[str, object]]:
    return [
        {"id": f"{server_id}{index}", "function": {"index": index, "name": name, "arguments": arguments}}
        for index, (name, arguments) in enumerate(named)
    ]


def _listed(name: str) -> dict[str, object]:
    # The listing says less than /api/show does; so does the real one.
    return {"name": name, "model": name, "size": 1, "digest": "0" * 64, "capabilities": ["completion"]}


async def _serve(port: int, tokens: int, gap_s: float) -> None:
    steps: list[Step] = []
    for number in range(tokens):
        steps += [gap_s, *map(line, text(f"word{number} "))]
    fake = FakeOllama({"gemma4:e2b": ALL, TINY: ALL}, seed=None, port=port)
    fake.answer("/api/chat", reply(*steps, done(prompt_eval_count=20, eval_count=tokens)))
    async with fake:
        print(fake.address, flush=True)  # noqa: T201 - a hand test reads it
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=11434)
    parser.add_argument("--tokens", type=int, default=50, help="tokens in every answer")
    parser.add_argument("--gap", type=float, default=0.02, help="seconds before every token")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.port, options.tokens, options.gap))
    except KeyboardInterrupt:
        pass
