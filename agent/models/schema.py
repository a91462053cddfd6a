"""Tool schemas in the few keywords that every server keeps; the rest is told in the description.

Ollama parses definitions into a fixed structure and drops other keywords; llama-server refuses a whole
request for one type that it does not know.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from agent.models.wire import text_of
from tools.same import Same
from tools.spec import JsonObject, ToolSpec

DEPTH_MAX = 8
NODES_MAX = 1_000
NOTE_MAX_CHARS = 200
KEPT_DEFINITIONS = 1_024
_TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_NOTES = {
    "default": "default",
    "format": "format",
    "pattern": "pattern",
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "multipleOf": "multiple of",
    "minLength": "minimum length",
    "maxLength": "maximum length",
    "minItems": "minimum items",
    "maxItems": "maximum items",
    "examples": "examples",
}
_FLAGS = {"uniqueItems": (True, "no duplicates"), "additionalProperties": (False, "no other keys")}


def definition(tool: ToolSpec, name: str) -> Mapping[str, object]:
    """Return a tool as both dialects send it. Kept per tool: every round of a turn sends the same ones."""
    return _definition(name, tool.description, Same(tool.parameters))


def folded(schema: JsonObject) -> dict[str, object]:
    """Return the schema of an arguments object with its constraints folded into descriptions."""
    body = _Folding(schema).fold(schema, DEPTH_MAX)
    return {**body, "type": "object", "properties": body.get("properties", {})}


@lru_cache(maxsize=KEPT_DEFINITIONS)
def _definition(name: str, description: str, schema: Same[JsonObject]) -> Mapping[str, object]:
    parameters = folded(schema.value)
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


class _Folding:
    """One walk over one schema, bounded so that references cannot blow it up."""

    def __init__(self, root: JsonObject) -> None:
        self._root = root
        self._left = NODES_MAX

    def fold(self, schema: object, depth: int) -> dict[str, object]:
        self._left -= 1
        if not isinstance(schema, Mapping) or depth == 0 or self._left < 0:
            return {}
        schema = self._merged(self._resolved(schema))
        out: dict[str, object] = {
            "type": _type(schema.get("type")),
            "description": _description(schema),
            "enum": _choices(schema),
            "anyOf": self._options(schema, depth - 1),
            "items": self.fold(schema.get("items"), depth - 1),
        }
        out = {key: value for key, value in out.items() if value}
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            parts = {str(key): self.fold(value, depth - 1) for key, value in properties.items()}
            out["properties"] = parts
            if required := [key for key in parts if key in _list(schema.get("required"))]:
                out["required"] = required
        return out

    def _options(self, schema: JsonObject, depth: int) -> list[object]:
        return [
            self.fold(option, depth) for option in _list(schema.get("anyOf")) or _list(schema.get("oneOf"))
        ]

    def _resolved(self, schema: JsonObject) -> JsonObject:
        """Lay a `$ref` into this schema under the keys beside it; other references are dropped."""
        reference = text_of(schema.get("$ref"))
        if reference != "#" and not reference.startswith("#/"):
            return schema
        target: object = self._root
        for step in reference.split("/")[1:]:
            target = target.get(step) if isinstance(target, Mapping) else None
        return {**target, **schema} if isinstance(target, Mapping) else schema

    def _merged(self, schema: JsonObject) -> JsonObject:
        """Lay the parts of an `allOf` over each other."""
        merged = dict(schema)
        for part in _list(schema.get("allOf")):
            for key, value in self._resolved(part).items() if isinstance(part, Mapping) else ():
                held = merged.get(key)
                if isinstance(held, Mapping) and isinstance(value, Mapping):
                    merged[key] = {**held, **value}
                elif isinstance(held, list) and isinstance(value, list):
                    merged[key] = [*held, *value]
                else:
                    merged.setdefault(key, value)
        return merged


def _type(kind: object) -> object:
    if isinstance(kind, list):
        return [item for item in kind if isinstance(item, str) and item in _TYPES]
    return kind if isinstance(kind, str) and kind in _TYPES else None


def _choices(schema: JsonObject) -> list[Any]:
    if "const" in schema:
        return [schema["const"]]
    return _list(schema.get("enum"))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _description(schema: JsonObject) -> str:
    notes = [
        f"{word} {json.dumps(schema[key], ensure_ascii=False, default=str)[:NOTE_MAX_CHARS]}"
        for key, word in _NOTES.items()
        if key in schema
    ]
    notes += [word for key, (value, word) in _FLAGS.items() if schema.get(key) is value]
    text = text_of(schema.get("description")) or text_of(schema.get("title"))
    return f"{text} ({'; '.join(notes)})".strip() if notes else text
