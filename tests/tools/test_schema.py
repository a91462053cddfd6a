"""The check of a call's arguments, and of a schema that a client pushed."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.schema import SCHEMA_MAX_CHARS, SCHEMA_MAX_DEPTH, ArgumentError, checked, problem
from tools.spec import JsonObject

PROPERTIES: dict[str, object] = {
    "peerId": {"type": "string", "description": "who to ask"},
    "limit": {"type": "integer", "default": 5},
    "share": {"type": "number"},
    "loud": {"type": "boolean"},
    "mode": {"type": "string", "enum": ["append", "replace"]},
    "tags": {"type": "array", "items": {"type": "string"}},
    "where": {"type": "object", "properties": {"line": {"type": "integer"}}, "required": ["line"]},
    "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
    "nothing": {"type": ["string", "null"]},
}
SCHEMA: JsonObject = {
    "type": "object",
    "properties": PROPERTIES,
    "required": ["peerId"],
    "additionalProperties": False,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("limit", "5", 5),
        ("limit", 5.0, 5),
        ("limit", "5.0", 5),
        ("share", "0.5", 0.5),
        ("share", 1, 1),
        ("loud", "True", True),
        ("loud", False, False),
        ("peerId", 7, "7"),
        ("mode", " Append", "append"),
        ("tags", ["a", "b"], ["a", "b"]),
        ("tags", "a", ["a"]),
        ("tags", '["a", "b"]', ["a", "b"]),
        ("tags", [1], ["1"]),
        ("where", '{"line": "3"}', {"line": 3}),
        ("either", "5", "5"),
        ("either", 5, 5),
        ("nothing", None, None),
    ],
)
def test_what_small_models_get_wrong_is_repaired(name: str, sent: object, kept: object) -> None:
    found = checked({"peerId": "bob", name: sent}, SCHEMA)[name]

    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("name", "sent", "said"),
    [
        ("limit", "five", 'limit must be an integer, got "five"'),
        ("limit", 5.5, "limit must be an integer"),
        ("limit", True, "limit must be an integer, got true"),
        ("limit", [1], "limit must be an integer"),
        ("share", "NaN", "share must be a number"),
        ("share", "1e999", "share must be a number"),
        ("loud", "maybe", "loud must be a boolean"),
        ("peerId", None, "peerId must be a string, got null"),
        ("peerId", {"name": "bob"}, "peerId must be a string"),
        ("mode", "delete", 'mode must be one of "append", "replace", got "delete"'),
        ("tags", [["a"]], "tags[0] must be a string"),
        ("where", {}, "where.line is missing (integer)"),
        ("where", "[" * 100_000, "where must be an object"),
        ("either", [], "either must be an integer"),
        ("colour", "red", "colour is unknown, known are: peerId, limit"),
    ],
)
def test_what_would_be_a_guess_is_refused_with_the_way_to_fix_it(name: str, sent: object, said: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        checked({"peerId": "bob", name: sent}, SCHEMA)

    assert said in str(caught.value)
    assert len(str(caught.value)) < 400


def test_every_slip_is_told_at_once() -> None:
    with pytest.raises(ArgumentError) as caught:
        checked({"limit": "x", "colour": 1}, SCHEMA)

    assert len(caught.value.problems) == 3
    assert "peerId is missing (who to ask)" in caught.value.problems


def test_a_misspelt_known_name_is_read_as_the_known_one() -> None:
    assert checked({"peer_id": "bob"}, SCHEMA)["peerId"] == "bob"


def test_a_misspelt_name_beside_the_known_one_is_refused() -> None:
    with pytest.raises(ArgumentError, match="peer_id is unknown"):
        checked({"peerId": "bob", "peer_id": "carol"}, SCHEMA)


def test_null_for_an_optional_argument_means_left_out_and_defaults_are_filled_in() -> None:
    assert checked({"peerId": "bob", "limit": None, "share": None}, SCHEMA) == {"peerId": "bob", "limit": 5}


def test_arguments_that_a_schema_leaves_open_pass() -> None:
    assert checked({"any": [1]}, {"type": "object"}) == {"any": [1]}
    numbers = {"type": "object", "additionalProperties": {"type": "integer"}}
    assert checked({"any": "1"}, numbers) == {"any": 1}


@given(st.dictionaries(st.sampled_from([*PROPERTIES, "other"]), JSON))
def test_whatever_comes_in_fits_the_schema_or_is_refused(sent: dict[str, object]) -> None:
    try:
        kept = checked(sent, SCHEMA)
    except ArgumentError:
        return

    assert isinstance(kept["peerId"], str)
    assert "other" not in kept or sent["other"] is None
    assert type(kept["limit"]) is int
    assert all(isinstance(tag, str) for tag in kept.get("tags", []))  # type: ignore[attr-defined]  # shown by the schema
    assert checked(kept, SCHEMA) == kept


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (None, "not an object"),
        ([], "not an object"),
        ({}, 'type is not "object"'),
        ({"type": "string"}, 'type is not "object"'),
        ({"type": "object", "properties": []}, "properties of schema are not an object"),
        ({"type": "object", "properties": {"a": 1}}, "schema.a is not an object"),
        ({"type": "object", "properties": {"a": {"type": "file"}}}, 'schema.a has an unknown type "file"'),
        ({"type": "object", "properties": {"a": {"type": ["string", 3]}}}, "unknown type"),
        ({"type": "object", "properties": {"a": {"enum": "x"}}}, "enum of schema.a is not a list"),
        ({"type": "object", "properties": {"a": {"anyOf": {}}}}, "anyOf of schema.a is not a list"),
        ({"type": "object", "required": "a"}, "required of schema is not a list of names"),
        ({"type": "object", "required": [1]}, "required of schema is not a list of names"),
        ({"type": "object", "description": "x" * SCHEMA_MAX_CHARS}, "longer than"),
        ({"type": "object", "default": float("nan")}, "not JSON"),
    ],
)
def test_a_schema_that_cannot_describe_arguments_is_named_with_its_flaw(schema: object, said: str) -> None:
    assert said in str(problem(schema))


def test_a_schema_may_nest_up_to_its_limit_only() -> None:
    def nested(levels: int) -> dict[str, Any]:
        inner = {"items": nested(levels - 1)} if levels > 1 else {}
        return {"type": "object" if levels == SCHEMA_MAX_DEPTH else "array", **inner}

    sound = nested(SCHEMA_MAX_DEPTH)
    assert problem(sound) is None
    assert "nested deeper" in str(problem({"type": "object", "properties": {"a": sound}}))


@given(
    JSON
    | st.fixed_dictionaries(
        {"type": st.just("object")},
        optional={"properties": JSON, "required": JSON, "items": JSON, "anyOf": JSON},
    )
)
def test_any_schema_is_judged_and_a_sound_one_can_be_used(schema: Any) -> None:
    if problem(schema) is not None:
        return
    with suppress(ArgumentError):
        checked({"a": 1, "b": ["x"]}, schema)
