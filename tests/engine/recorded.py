"""What a real Ollama 0.32.15 answered to 72 fixed requests, with the tiny model."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "fixtures" / "tinymodel"
REQUESTS: Mapping[str, Mapping[str, Any]] = json.loads((FOLDER / "requests.json").read_text("utf-8"))
_REPEATED = re.compile(r"^(.*\}) x(\d+)$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    name: str
    method: str
    path: str
    sent: str
    """The body of the request."""
    status: int
    content_type: str
    lines: Sequence[str]
    """The body of the answer. A single letter that streamed is recorded as a dot."""

    @property
    def body(self) -> str:
        return "\n".join(self.lines)

    @property
    def chunks(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


def _read() -> dict[str, Exchange]:
    answers = json.loads((FOLDER / "ollama-0.32.15-exchanges.json").read_text("utf-8"))
    return {
        name: Exchange(
            name=name,
            method=REQUESTS[name]["method"],
            path=REQUESTS[name]["path"],
            sent=REQUESTS[name].get("body", ""),
            status=answer["status"],
            content_type=(answer["type"] or "").partition(";")[0],
            lines=[line for entry in answer["body"] for line in _repeated(entry)],
        )
        for name, answer in answers.items()
    }


def _repeated(entry: str) -> list[str]:
    """Undo the recorder's counting of equal lines."""
    entry = entry.replace(', "tensors": "\\u2026"', "")  # a list that the recorder left out
    found = _REPEATED.match(entry)
    return [found[1]] * int(found[2]) if found else [entry]


EXCHANGES = _read()
CHATS = [
    exchange for exchange in EXCHANGES.values() if exchange.path == "/api/chat" and exchange.method == "POST"
]
