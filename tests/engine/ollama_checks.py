"""What Ollama refuses before a model runs, in its order and its words (server/routes.go of 0.32)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

MODELS: Mapping[str, Sequence[str]] = {
    "tiny:latest": ("tools", "thinking", "completion"),
    "tiny-nothink:latest": ("tools", "completion"),
    "tiny-chat:latest": ("completion",),
}
LEVELS = ("high", "medium", "low", "max")
_OPTIONS = ", ".join(f'"{level}"' for level in LEVELS) + ", true, or false)"
_WHOLE_NUMBERS = ("num_ctx", "num_predict", "seed", "top_k")


class Refused(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status

    def answer(self) -> web.Response:
        return web.json_response({"error": str(self)}, status=self.status)


def full(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


async def body_of(request: web.Request) -> dict[str, Any]:
    raw = await request.text()
    if not raw:
        raise Refused(400, "missing request body")
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Refused(400, "unexpected EOF") from error
    if not isinstance(body, dict):
        raise Refused(400, "json: cannot unmarshal into Go value")
    return body


def check_shown(body: Mapping[str, Any]) -> str:
    """Return the name of the model that `/api/show` is asked for."""
    name = body.get("model") or body.get("name")
    if not name:
        raise Refused(400, "model is required")
    if full(name) not in MODELS:
        raise Refused(404, f"model '{full(name)}' not found")
    return full(name)


def check_chat(body: Mapping[str, Any]) -> None:
    _check_messages(body.get("messages"))
    _check_think(body.get("think"))
    name = body.get("model") or ""
    if not name:
        raise Refused(400, "model is required")
    if " " in name or ".." in name:
        raise Refused(400, "invalid model name")
    if full(name) not in MODELS:
        raise Refused(404, f"model '{name}' not found")
    able = MODELS[full(name)]
    if body.get("think") and "thinking" not in able:
        raise Refused(400, f'"{name}" does not support thinking')
    if body.get("tools") and "tools" not in able:
        raise Refused(400, f"registry.ollama.ai/library/{full(name)} does not support tools")
    for key, value in (body.get("options") or {}).items():
        if key in _WHOLE_NUMBERS and not isinstance(value, int):
            raise Refused(500, f'option "{key}" must be of type integer')
    _check_format(body.get("format"))


def _check_messages(messages: object) -> None:
    where = "Go struct field ChatRequest.messages"
    if messages is not None and not isinstance(messages, list):
        raise Refused(400, f"json: cannot unmarshal string into {where} of type []api.Message")
    for message in messages or []:
        if isinstance(message.get("content"), list):
            raise Refused(400, f"json: cannot unmarshal array into {where}.content of type string")
        for call in message.get("tool_calls") or []:
            if isinstance(call["function"].get("arguments"), str):
                raise Refused(400, "Value looks like object, but can't find closing '}' symbol")


def _check_think(think: object) -> None:
    if isinstance(think, str) and think not in LEVELS:
        raise Refused(400, f'invalid think value: "{think}" (must be {_OPTIONS}')
    if think is not None and not isinstance(think, bool | str):
        raise Refused(400, f"think must be a boolean or string ({_OPTIONS}")


def _check_format(wanted: object) -> None:
    if isinstance(wanted, str) and wanted not in ("", "json"):
        quoted = json.dumps(json.dumps(wanted))
        raise Refused(500, f'invalid format: {quoted}; expected "json" or a valid JSON Schema object')
