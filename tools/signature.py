"""The JSON schema of a tool's arguments, read from the signature of the function behind it."""

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

from tools.spec import JsonObject, ToolContext

_SCALARS: Mapping[object, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def wire_name(parameter: str) -> str:
    """Return a Python parameter's name as models and clients write it: `peer_id` is `peerId`."""
    head, *rest = parameter.split("_")
    return head + "".join(word.capitalize() for word in rest)


def parameters_schema(function: Callable[..., object]) -> JsonObject:
    """Return the JSON schema of a function's parameters; its `ToolContext` is not one of them."""
    hints = get_type_hints(function, include_extras=True)
    properties: dict[str, object] = {}
    required: list[str] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if hints.get(name) is ToolContext:
            continue
        if name not in hints:
            raise TypeError(f"parameter {name!r} of {function.__qualname__} needs a type")
        properties[wire_name(name)] = _property(hints[name], parameter.default)
        if parameter.default is parameter.empty:
            required.append(wire_name(name))
    schema: dict[str, object] = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def _property(hint: object, default: object) -> dict[str, object]:
    description = ""
    if get_origin(hint) is Annotated:
        hint, *notes = get_args(hint)
        description = next((note for note in notes if isinstance(note, str)), "")
    schema = _of_type(hint)
    if description:
        schema["description"] = description
    if default is not inspect.Parameter.empty and default is not None:
        schema["default"] = default
    return schema


def _of_type(hint: object) -> dict[str, object]:
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"type": _SCALARS[type(arguments[0])], "enum": list(arguments)}
    if origin in {Union, types.UnionType}:
        return _of_union(arguments)
    if origin in {list, Sequence}:
        return {"type": "array", "items": _of_type(arguments[0])}
    if dict in {hint, origin} or origin is Mapping:
        return {"type": "object"}
    raise TypeError(f"a tool's parameter cannot be of type {hint!r}")


def _of_union(arguments: tuple[object, ...]) -> dict[str, object]:
    """Describe `X | None` as X: a call leaves the argument out to mean None."""
    members = [_of_type(argument) for argument in arguments if argument is not types.NoneType]
    return members[0] if len(members) == 1 else {"anyOf": members}
