"""The JSON schema of a tool's arguments: is a pushed one sound, and does a call fit."""

import json
import math
import types
from collections.abc import Mapping, Sequence

from tools.spec import JsonObject, ToolError

SCHEMA_MAX_CHARS = 16_000
SCHEMA_MAX_DEPTH = 8
"""Deepest nesting of a schema that a client may push."""
SHOWN_MAX_CHARS = 80
"""A wrong value is quoted up to this length."""

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (types.NoneType,),
}
_MISSING = object()


class ArgumentError(ToolError):
    """The arguments of a call do not fit. The text tells the model everything that it has to fix."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(
            "Wrong arguments: " + "; ".join(problems) + ". Correct this and call the tool again."
        )
        self.problems = tuple(problems)


class _Misfit(Exception):
    """A value does not fit its schema; the text completes "{path} …"."""


# --- of a pushed schema ----------------------------------------------------------------------------


def problem(schema: object) -> str | None:
    """Say why a pushed schema cannot describe a tool's arguments; None when it can."""
    if not isinstance(schema, Mapping):
        return "the schema is not an object"
    if schema.get("type") != "object":
        return 'the schema\'s type is not "object"'
    if (flaw := _flaw(schema, "schema", depth=1)) is not None:
        return flaw
    try:
        size = len(json.dumps(schema, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return "the schema is not JSON"
    return f"the schema is longer than {SCHEMA_MAX_CHARS} characters" if size > SCHEMA_MAX_CHARS else None


def _flaw(schema: object, path: str, *, depth: int) -> str | None:
    if isinstance(schema, bool):
        return None
    if not isinstance(schema, Mapping):
        return f"{path} is not an object"
    if depth > SCHEMA_MAX_DEPTH:
        return f"the schema is nested deeper than {SCHEMA_MAX_DEPTH} levels"
    if (flaw := _keyword_flaw(schema, path)) is not None:
        return flaw
    flaws = (_flaw(child, f"{path}.{name}", depth=depth + 1) for name, child in _children(schema))
    return next((flaw for flaw in flaws if flaw is not None), None)


def _keyword_flaw(schema: JsonObject, path: str) -> str | None:
    named = schema.get("type", "object")
    if not all(
        isinstance(kind, str) and kind in _TYPES for kind in (named if isinstance(named, list) else [named])
    ):
        return f"{path} has an unknown type {_shown(named)}"
    if not isinstance(schema.get("properties", {}), Mapping):
        return f"the properties of {path} are not an object"
    if not isinstance(schema.get("anyOf", []), list):
        return f"anyOf of {path} is not a list"
    if not isinstance(schema.get("enum", []), list):
        return f"enum of {path} is not a list"
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        return f"required of {path} is not a list of names"
    return None


def _children(schema: JsonObject) -> list[tuple[str, object]]:
    """Return the schemas inside one whose keywords are already known to be well-formed."""
    children = [(str(name), child) for name, child in _mapping(schema.get("properties")).items()]
    children += [(word, schema[word]) for word in ("items", "additionalProperties") if word in schema]
    return children + [("anyOf", child) for child in _list(schema.get("anyOf"))]


# --- of a call -------------------------------------------------------------------------------------


def checked(arguments: JsonObject, schema: JsonObject) -> dict[str, object]:
    """Return the arguments as the schema wants them, small slips repaired, or raise `ArgumentError`.

    Defaults are filled in, so that rules and people judge what will really be done.
    Read are `type`, `enum`, `required`, `items`, `anyOf` and `additionalProperties`; the rest is the tool's.
    """
    fitted, problems = _fit_members(arguments, schema, path="")
    if problems:
        raise ArgumentError(problems)
    return fitted


def _fit_members(value: JsonObject, schema: JsonObject, *, path: str) -> tuple[dict[str, object], list[str]]:
    """Fit each member by itself, so that the model hears of every slip at once."""
    properties = _mapping(schema.get("properties"))
    required = [str(name) for name in _list(schema.get("required"))]
    fitted: dict[str, object] = {}
    problems: list[str] = []
    given = _renamed(value, properties)
    for name, member in given.items():
        if member is None and name not in required and not _takes_null(properties.get(name)):
            continue  # models write null for "left out"
        rule = properties.get(name, schema.get("additionalProperties", True))
        if rule is False:
            problems.append(f"{path}{name} is unknown, known are: {', '.join(properties) or 'none'}")
            continue
        try:
            fitted[name] = _fit(member, rule, path=f"{path}{name}")
        except _Misfit as misfit:
            problems.append(str(misfit))
    problems += [_missing(f"{path}{name}", properties.get(name)) for name in required if name not in given]
    return _defaults(properties) | fitted, problems


def _defaults(properties: JsonObject) -> dict[str, object]:
    rules = {name: _mapping(rule) for name, rule in properties.items()}
    return {name: rule["default"] for name, rule in rules.items() if "default" in rule}


def _renamed(value: JsonObject, properties: JsonObject) -> dict[str, object]:
    """Read `peer_id` as `peerId` where only the latter exists and was not given as well."""
    known = {_squashed(name): name for name in properties}
    renamed: dict[str, object] = {}
    for name, member in value.items():
        alias = known.get(_squashed(name), name)
        renamed[name if name in properties or alias in value else alias] = member
    return renamed


def _fit(value: object, schema: object, *, path: str) -> object:
    if not isinstance(schema, Mapping):
        return value
    if "anyOf" in schema:
        return _fit_any(value, _list(schema["anyOf"]), path=path)
    value = _fit_type(value, schema, path=path)
    value = _fit_choice(value, schema, path=path)
    if isinstance(value, list):
        return [_fit(item, schema.get("items"), path=f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        fitted, problems = _fit_members(value, schema, path=f"{path}.")
        if problems:
            raise _Misfit("; ".join(problems))
        return fitted
    return value


def _fit_any(value: object, schemas: Sequence[object], *, path: str) -> object:
    misfits: list[str] = []
    for schema in sorted(schemas, key=lambda schema: not _has_type(value, schema)):
        try:
            return _fit(value, schema, path=path)
        except _Misfit as misfit:
            misfits.append(str(misfit))
    raise _Misfit(" or ".join(misfits) or f"{path} fits nothing")


def _fit_type(value: object, schema: JsonObject, *, path: str) -> object:
    kinds = _kinds(schema)
    if not kinds or any(_is(value, kind) for kind in kinds):
        return value
    for kind in kinds:
        if (repaired := _repaired(value, kind)) is not _MISSING:
            return repaired
    raise _Misfit(f"{path} must be {_article(' or '.join(kinds))}, got {_shown(value)}")


def _fit_choice(value: object, schema: JsonObject, *, path: str) -> object:
    choices = _list(schema.get("enum"))
    if not choices or any(value == choice and type(value) is type(choice) for choice in choices):
        return value
    near = [choice for choice in choices if str(choice).casefold() == str(value).strip().casefold()]
    if len(near) == 1:
        return near[0]
    raise _Misfit(f"{path} must be one of {', '.join(map(_shown, choices))}, got {_shown(value)}")


def _kinds(schema: JsonObject) -> list[str]:
    named = schema.get("type")
    return [
        kind
        for kind in (named if isinstance(named, list) else [named])
        if isinstance(kind, str) and kind in _TYPES
    ]


def _has_type(value: object, schema: object) -> bool:
    return any(_is(value, kind) for kind in _kinds(_mapping(schema)))


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def _repaired(value: object, kind: str) -> object:
    """Return what a small model most likely meant, or `_MISSING` where that would be a guess."""
    match kind, value:
        case "boolean", str() if value.strip().casefold() in {"true", "false"}:
            return value.strip().casefold() == "true"
        case "string", int() | float() if not isinstance(value, bool):
            return str(value)
        case "integer", float() if value.is_integer():
            return int(value)
        case (("integer" | "number" | "array" | "object"), str()) if (
            read := _json(value, kind)
        ) is not _MISSING:
            return read
        case "array", str() | int() | float() | dict():
            return [value]
    return _MISSING


def _json(text: str, kind: str) -> object:
    """Read JSON text that holds a value of one kind."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return _MISSING
    if isinstance(value, float) and not math.isfinite(value):
        return _MISSING
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value if _is(value, kind) else _MISSING


def _missing(path: str, rule: object) -> str:
    schema = _mapping(rule)
    description = schema.get("description") or schema.get("type")
    return f"{path} is missing" + (f" ({description})" if isinstance(description, str) else "")


def _takes_null(rule: object) -> bool:
    schema = _mapping(rule)
    if "anyOf" in schema:
        return any(_takes_null(member) for member in _list(schema["anyOf"]))
    return not _kinds(schema) or "null" in _kinds(schema)


def _article(noun: str) -> str:
    return ("an " if noun[:1] in "aeiou" else "a ") + noun


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= SHOWN_MAX_CHARS else text[:SHOWN_MAX_CHARS] + "…"


def _squashed(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _mapping(value: object) -> JsonObject:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
