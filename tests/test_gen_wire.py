"""The types of TypeScript say what the schema says, or nothing is written."""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"


@pytest.fixture
def gen_wire(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module("gen_wire")


def schema(**definitions: Any) -> dict[str, Any]:
    roots = {
        "ClientFrame": {"$ref": "#/$defs/Ask"},
        "NodeFrame": {"type": "null"},
        "Layout": {"type": "null"},
    }
    return {"$defs": {**roots, **definitions}}


@pytest.mark.parametrize(
    ("shape", "written"),
    [
        ({"type": "integer", "minimum": 0}, "number"),
        ({"const": "ask"}, '"ask"'),
        ({"enum": ["row", "column"]}, '"row" | "column"'),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"type": "array", "items": {"$ref": "#/$defs/Part"}}, "Array<Part>"),
        ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}], "minItems": 2}, "[string, number]"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "Record<string, boolean>"),
        ({"type": "object", "additionalProperties": True}, "Record<string, unknown>"),
        ({}, "unknown"),
    ],
)  # fmt: skip
def test_a_shape_becomes_the_type_that_holds_exactly_its_values(
    gen_wire: ModuleType, shape: dict[str, Any], written: str
) -> None:
    text = gen_wire.typescript(
        schema(
            Ask={"type": "object", "properties": {"value": shape}}, Part={"type": "object", "properties": {}}
        )
    )
    assert f"  value?: {written};\n" in text


def test_a_field_is_optional_unless_it_is_required(gen_wire: ModuleType) -> None:
    shape = {"type": "string"}
    text = gen_wire.typescript(
        schema(Ask={"type": "object", "properties": {"a": shape, "b": shape}, "required": ["b"]})
    )
    assert "  a?: string;\n  b: string;\n" in text


@pytest.mark.parametrize(
    "shape",
    [
        {"type": "array"},
        {"type": "object", "patternProperties": {"^a": {"type": "string"}}},
        {"not": {"type": "string"}},
        {"type": "array", "items": {"type": "string"}, "contains": {"const": "a"}},
    ],
)
def test_what_has_no_type_is_an_error_and_never_a_guess(gen_wire: ModuleType, shape: dict[str, Any]) -> None:
    with pytest.raises(gen_wire.Unknown):
        gen_wire.typescript(schema(Ask={"type": "object", "properties": {"value": shape}}))


def test_a_model_of_both_directions_has_two_names_and_any_other_one_plain_name(gen_wire: ModuleType) -> None:
    part = {"type": "object", "properties": {}}
    refer = [{"$ref": f"#/$defs/{name}"} for name in ("Hello-Output", "Part-Input", "Part-Output")]
    text = gen_wire.typescript(
        schema(
            Ask={"type": "object", "properties": {"value": {"anyOf": refer}}},
            **{"Hello-Output": part, "Part-Input": part, "Part-Output": part},
        )
    )
    assert "value?: Hello | PartInput | PartOutput;" in text
