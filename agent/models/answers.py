"""Answers without a model: a tool's one-line template turns its result into sentences.

`{key}` is a value of the result, `{>key}` that value as a quotation from its `file`, `{#list}…{/list}`
repeats for each item on a line of its own, `{+list}…{/list}` stands once where the list has items and
`{^list}…{/list}` where it has none. Nothing else is read, so a result cannot be more than text.
"""

import json
import re
from collections.abc import Mapping
from functools import partial

from agent.models.quoting import quoted
from tools.spec import JsonObject

VALUE_MAX_CHARS = 8_000

_SECTION = re.compile(r"\{([#+^])(\w+)\}(.*?)\{/\2\}", re.DOTALL)
_VALUE = re.compile(r"\{(>?)(\w+)\}")


def rendered(template: str, result: object) -> str:
    """Return a result as sentences; without a template, as plain lines."""
    if not template or not isinstance(result, Mapping):
        return plain(result)
    pieces: list[str] = []
    end = 0
    for section in _SECTION.finditer(template):
        pieces += [_filled(template[end : section.start()], result), _repeated(section, result)]
        end = section.end()
    return "".join([*pieces, _filled(template[end:], result)]).strip()


def plain(value: object) -> str:
    """Return any JSON value as text for a person: one item or member per line."""
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {_inline(member)}" for name, member in value.items()) or "Done."
    if isinstance(value, list):
        return "\n".join(_inline(item) for item in value) or "Nothing."
    return "Done." if value is None or value == "" else _inline(value)


def _repeated(section: re.Match[str], result: JsonObject) -> str:
    sign, name, body = section.groups()
    items = result.get(name)
    listed = items if isinstance(items, list) else []
    if sign in "+^":
        return _filled(body, result) if bool(listed) is (sign == "+") else ""
    return "\n".join(_filled(body, item if isinstance(item, Mapping) else {"item": item}) for item in listed)


def _filled(template: str, values: JsonObject) -> str:
    return _VALUE.sub(partial(_value, values), template)


def _value(values: JsonObject, slot: re.Match[str]) -> str:
    text = _inline(values.get(slot[2], ""))
    return quoted(text, str(values.get("file", ""))) if slot[1] else text


def _inline(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_MAX_CHARS else text[:VALUE_MAX_CHARS] + " …"
