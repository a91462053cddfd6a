import json
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from agent.models.schema import NODES_MAX, definition, folded
from tools.spec import ToolSpec

KEPT = {"type", "description", "enum", "anyOf", "items", "properties", "required"}


def property_of(schema: Mapping[str, object]) -> dict[str, object]:
    """Return what one property's schema becomes."""
    sent = folded({"type": "object", "properties": {"p": schema}})["properties"]
    assert isinstance(sent, dict)
    folded_property: dict[str, object] = sent["p"]
    return folded_property


def keywords(schema: object) -> set[str]:
    """Return every keyword used anywhere in a schema."""
    if not isinstance(schema, dict):
        return set()
    parts = [schema.get("items"), *schema.get("anyOf", []), *schema.get("properties", {}).values()]
    return set(schema) | set().union(*map(keywords, parts))


def test_constraints_that_servers_drop_are_told_in_the_description() -> None:
    assert property_of(
        {"type": "integer", "description": "How many.", "minimum": 1, "maximum": 9, "default": 5}
    ) == {
        "type": "integer",
        "description": "How many. (default 5; minimum 1; maximum 9)",
    }
    assert property_of(
        {"type": "array", "items": {"type": "string", "pattern": "^a"}, "uniqueItems": True}
    ) == {
        "type": "array",
        "description": "(no duplicates)",
        "items": {"type": "string", "description": '(pattern "^a")'},
    }
    assert property_of({"type": "boolean", "default": False})["description"] == "(default false)"


def test_nested_objects_keep_their_required_keys() -> None:
    inner = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a", "ghost"]}
    assert property_of(inner)["required"] == ["a"]


def test_a_tool_is_defined_under_the_name_asked_for_and_tools_alike_in_name_stay_apart() -> None:
    first, second = ToolSpec(name="a.b", description="one"), ToolSpec(name="a.b", description="two")
    assert definition(first, "a_b") == {
        "type": "function",
        "function": {"name": "a_b", "description": "one", "parameters": {"type": "object", "properties": {}}},
    }
    assert definition(first, "a_b") is definition(first, "a_b")
    assert definition(first, "a.b")["function"] != definition(first, "a_b")["function"]
    assert definition(second, "a_b")["function"] != definition(first, "a_b")["function"]


def test_a_reference_is_replaced_by_what_it_points_to() -> None:
    schema = {
        "type": "object",
        "properties": {"p": {"$ref": "#/$defs/P", "description": "ours"}},
        "$defs": {"P": {"type": "string", "description": "theirs", "enum": ["x"]}},
    }
    assert folded(schema)["properties"] == {"p": {"type": "string", "description": "ours", "enum": ["x"]}}


def test_one_of_all_of_and_const_become_what_servers_know() -> None:
    assert property_of({"oneOf": [{"type": "string"}, {"const": 3}]}) == {
        "anyOf": [{"type": "string"}, {"enum": [3]}]
    }
    parts = [
        {"properties": {"a": {"type": "string"}}},
        {"properties": {"b": {"type": "null"}}, "required": ["b"]},
    ]
    assert property_of({"type": "object", "allOf": parts}) == {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "null"}},
        "required": ["b"],
    }


def test_a_type_that_a_server_would_refuse_is_left_out() -> None:
    assert property_of({"type": "bogus", "description": "d"}) == {"description": "d"}
    assert property_of({"type": ["string", "bogus", "null"]}) == {"type": ["string", "null"]}


def test_arguments_are_always_an_object() -> None:
    assert folded({}) == {"type": "object", "properties": {}}
    assert folded({"type": "string"}) == {"type": "object", "properties": {}}


def test_references_that_multiply_are_bounded() -> None:
    level = {"type": "object", "properties": {f"p{n}": {"$ref": "#"} for n in range(50)}}
    assert json.dumps(folded(level)).count('"p') <= NODES_MAX * 51


SCHEMAS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["object", "string", "#/items"]),
    lambda part: st.lists(part, max_size=3)
    | st.dictionaries(
        st.sampled_from(["type", "properties", "items", "anyOf", "oneOf", "allOf", "$ref", "required", "enum", "const"]),
        part,
        max_size=4,
    ),
)  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from(["type", "properties", "items", "allOf", "anyOf", "required", "$ref"]), SCHEMAS
    )
)
def test_a_schema_from_a_stranger_becomes_one_that_servers_know(schema: dict[str, object]) -> None:
    sent = folded(schema)
    assert sent["type"] == "object"
    assert keywords(sent) <= KEPT
    json.dumps(sent)
