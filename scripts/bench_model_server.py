"""A model server that costs next to nothing: `bench_model_server.py TOKENS [prose]`, in Ollama's dialect.

Every chat is answered with TOKENS tokens, the first one at once and one every `GAP_S` after that. A token is
the time at which it was sent, in nanoseconds of the machine's monotonic clock, which tells its age; or a word
of Markdown, as a model writes it.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Mapping, Sequence

GAP_S = 0.005
MODEL = "bench:latest"
ANSWERS: Mapping[str, object] = {
    "/api/version": {"version": "0.40.12"},
    "/api/tags": {"models": [{"name": MODEL, "model": MODEL, "size": 1, "digest": "0" * 64}]},
    "/api/show": {
        "capabilities": ["completion", "tools"],
        "model_info": {"general.architecture": "llama", "llama.context_length": 131_072},
        "details": {},
    },
    "/api/ps": {"models": [{"name": MODEL, "model": MODEL, "context_length": 4096}]},
}
PROSE = tuple(
    re.findall(
        r"\s*\S+",
        """## A starter, day by day

Mix **50 g** of rye flour with 50 g of water in a jar, cover it *loosely*, and keep it at about 24 °C. Nothing
happens on the first day; on the second there are a few bubbles, and it smells of yoghurt.

1. Every evening, throw half of it away.
2. Add 50 g of flour and 50 g of water, and stir until no flour is dry.
3. Mark the height with a rubber band, see [the table](https://example.com/starter).

> A starter that smells of nail varnish is hungry, not dead.

```python
def feed(starter: float, ratio: int = 1) -> tuple[float, float]:
    \"\"\"Return the grams of flour and of water for one feeding.\"\"\"
    flour = starter * ratio
    return flour, flour * 1.0  # as much water as flour
```

| Day | Smell | Height |
| --- | --- | --- |
| 1 | flour | none |
| 3 | yoghurt | `1.3 x` |
| 7 | apples | `2.5 x` |

When it doubles in four hours, it is strong enough for bread; then it can sleep in the fridge for a week.

""",
    )
)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(line: bytes) -> bytes:
    return b"%x\r\n%s\n\r\n" % (len(line) + 1, line)


def reply_line(content: str, **more: object) -> bytes:
    message = {"role": "assistant", "content": content}
    body = {"model": MODEL, "created_at": "2026-11-01T10:00:00.0Z", "message": message, "done": False, **more}
    return json.dumps(body, separators=(",", ":")).encode()


BEFORE, AFTER = (part.replace(b"%", b"%%") for part in reply_line("@ ").split(b"@"))
TOKEN = BEFORE + b"%d" + AFTER
LAST = (
    chunk(reply_line("", done=True, done_reason="stop", prompt_eval_count=20, eval_count=20)) + b"0\r\n\r\n"
)


class Connection(asyncio.Protocol):
    """One HTTP connection; requests come one after the other, as clients send them."""

    def __init__(self, tokens: int, words: Sequence[str]) -> None:
        self._tokens = tokens
        self._words = words
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if end and len(body) >= int(length[1] if length else 0):
            self._received = b""
            self._answer(head.split(b" ", 2)[1].decode())

    def _answer(self, path: str) -> None:
        if path == "/api/chat":
            self._transport.write(STREAM_HEAD)
            self._stream(asyncio.get_running_loop().time(), 0)
            return
        status = "200 OK" if path in ANSWERS else "404 Not Found"
        body = json.dumps(ANSWERS.get(path, {"error": "not found"})).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)

    def _stream(self, began: float, sent: int) -> None:
        if sent == self._tokens:
            self._transport.write(LAST)
        elif not self._transport.is_closing():
            self._transport.write(chunk(self._token(sent)))
            # From the beginning, not from now: a late token does not delay those after it.
            asyncio.get_running_loop().call_at(began + (sent + 1) * GAP_S, self._stream, began, sent + 1)

    def _token(self, number: int) -> bytes:
        if self._words:
            return reply_line(self._words[number % len(self._words)])
        return TOKEN % time.monotonic_ns()


async def serve(tokens: int, words: Sequence[str]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(tokens, words), "127.0.0.1", 0, backlog=256)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), PROSE if "prose" in sys.argv[2:] else ()))
