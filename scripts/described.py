"""Put a pydantic model into words: its fields as they go over the wire, with type, default and meaning."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping, Sequence
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


def words(schema: Schema, definitions: Mapping[str, Schema]) -> str:
    """Say what a value may be: `text (at most 128 characters)`, `list of `Tool` (at most 500 items)`."""
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
            return f"list of {items}{_size(schema, 'Items', 'items')}"
        case {"type": "string"}:
            return _text(schema)
        case {"type": "integer" | "number" as kind}:
            return ("whole number" if kind == "integer" else "number") + _range(schema)
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
    return f"text{_size(schema, 'Length', 'characters')}" + (f" like `{pattern}`" if pattern else "")


def _size(schema: Schema, what: str, unit: str) -> str:
    limits = [("at least", schema.get(f"min{what}")), ("at most", schema.get(f"max{what}"))]
    return _limited(limits, f" {unit}")


def _range(schema: Schema) -> str:
    limits = [("at least", "minimum"), ("more than", "exclusiveMinimum")]
    limits += [("at most", "maximum"), ("less than", "exclusiveMaximum")]
    return _limited([(said, schema.get(key)) for said, key in limits])


def _limited(limits: Sequence[tuple[str, object]], unit: str = "") -> str:
    given = [(said, f"{limit:,}") for said, limit in limits if isinstance(limit, int | float)]
    match given:
        case []:
            return ""
        case [("at least", least), ("at most", most)]:
            return f" ({least} to {most}{unit})"
        case _:
            return f" ({', '.join(f'{said} {limit}' for said, limit in given)}{unit})"


def _object(value: object) -> Schema:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
