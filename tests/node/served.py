"""A stand-in for a model server that a node starts: `python served.py PORT [GATE [MANNER]]`.

It speaks `/v1/models` and the chat of the OpenAI dialect, and serves once the file `GATE` exists. Manners: `dies` ends
before it serves, `crashes` ends when it is asked to chat.
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CHUNKS = (
    {"choices": [{"index": 0, "delta": {"content": "From the child."}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
)


class Server(BaseHTTPRequestHandler):
    manner = ""

    def do_GET(self) -> None:
        if self.path != "/v1/models":
            self.send_error(404)
            return
        self._say(
            "application/json", json.dumps({"object": "list", "data": [{"id": "tiny", "object": "model"}]})
        )

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.manner == "crashes":
            sys.stderr.write("out of memory\n")
            sys.stderr.flush()
            os._exit(9)
        lines = [*map(json.dumps, CHUNKS), "[DONE]"]
        self._say("text/event-stream", "".join(f"data: {line}\n\n" for line in lines))

    def log_message(self, *_: object) -> None:
        pass

    def _say(self, content_type: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.end_headers()
        self.wfile.write(text.encode())


def main(port: int, gate: str = "", manner: str = "") -> None:
    sys.stdout.write(f"loading model, pid {os.getpid()}\n")
    sys.stdout.flush()
    if manner == "dies":
        sys.exit("the file is no model")
    while gate and not Path(gate).exists():
        time.sleep(0.01)
    Server.manner = manner
    ThreadingHTTPServer(("127.0.0.1", port), Server).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
