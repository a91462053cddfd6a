"""Put a pydantic model into words: its fields as they go over the wire, with type, default and meaning."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Schema: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    name: str
    """As it goes over the wire."""
    type: str
    required: bool
    meaning: str


def fields(model: type[BaseModel], schema: Schema, definitions: Mapping[str, Schema]) -> Iterator[Field]:
    """Describe a model's fields; `schema` is the model's own, `definitions` hold what it refers to."""
    meanings = field_docs(model)
    required = _list(schema.get("required"))
    properties = _object(schema.get("properties"))
    for name, field in model.model_fields.items():
        wire = wire_name(name, field)
        yield Field(
            name=wire,
            type=words(_object(properties[wire]), definitions),
            required=wire in required,
            meaning=meanings.get(name, ""),
        )


def wire_name(name: str, field: FieldInfo) -> str:
    return field.serialization_alias or field.alias or name


def class_doc(model: type[BaseModel]) -> str:
    """Return the class's own docstring as one line, or nothing; never one of a base class."""
    return " ".join(inspect.cleandoc(vars(model).get("__doc__") or "").split())


def field_docs(model: type) -> Mapping[str, str]:
    """Return the strings that follow the fields in the source, the base classes' included."""
    found: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if owner is object or owner.__module__.startswith(("pydantic", "builtins", "typing")):
            continue
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
        assert isinstance(definition, ast.ClassDef)
        for field, after in zip(definition.body, definition.body[1:], strict=False):
            match field, after:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    found[name] = " ".join(text.split())
    return found


def words(schema: Schema, definitions: Mapping[str, Schema]) -> str:  # noqa: PLR0911 - a table of shapes
    """Say what a value may be: `text (1 to 128 characters)`, `list of `Tool` (at most 500 items)`."""
    match schema:
        case {"$ref": str(reference)}:
            return _referred(reference.rpartition("/")[2], definitions)
        case {"const": value}:
            return f"`{value}`"
        case {"enum": [*values]}:
            return " or ".join(f"`{value}`" for value in values)
        case {"anyOf": [*choices]} | {"oneOf": [*choices]}:
            return " or ".join(words(_object(choice), definitions) for choice in choices)
        case {"type": "array"}:
            items = words(_object(schema.get("items")), definitions)
            return f"list of {items}{_range(schema, 'minItems', 'maxItems', ' items')}"
        case {"type": "string"}:
            return _text(schema)
        case {"type": "integer" | "number" as kind}:
            return ("whole number" if kind == "integer" else "number") + _range(schema, "minimum", "maximum")
        case {"type": "boolean"}:
            return "true or false"
        case {"type": "null"}:
            return "null"
        case {"type": "object"}:
            return "object"
        case _:
            return "any value"


def _referred(name: str, definitions: Mapping[str, Schema]) -> str:
    target = definitions.get(name, {})
    if target.get("type") == "object":
        return f"`{name}`"
    return words(target, definitions)


def _text(schema: Schema) -> str:
    pattern = schema.get("pattern")
    return f"text{_range(schema, 'minLength', 'maxLength', ' characters')}" + (
        f" like `{pattern}`" if pattern else ""
    )


def _range(schema: Schema, least_key: str, most_key: str, unit: str = "") -> str:
    least, most = schema.get(least_key), schema.get(most_key)
    if least is None and most is None:
        return ""
    if least is None:
        return f" (at most {most:,}{unit})"
    return f" (at least {least:,}{unit})" if most is None else f" ({least:,} to {most:,}{unit})"


def _object(value: object) -> Schema:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
