import json

import pytest

from agent.context import tokens_of
from agent.definitions import DEFINITION_TOKENS, bare, brief, first_sentence, fitted, token_budget
from tests.agent.fakes import reader
from tests.mission import requirement
from tools.spec import ToolSpec

SCHEMA = {
    "type": "object",
    "properties": {
        "description": {"type": "string", "description": "What it is. In a few words."},
        "items": {
            "type": "array",
            "description": "x" * 200,
            "items": {"type": "object", "properties": {"id": {"type": "integer", "description": "Its id."}}},
        },
    },
    "required": ["description"],
}
TOOL = reader(
    "shop.add", description="Add an item v1.2 to the list. It is kept. For good.", parameters=SCHEMA
)


@requirement("D9")
def test_a_definition_costs_a_token_for_four_characters_of_its_json() -> None:
    tool = ToolSpec(name="a.b", description="12345678", parameters={"type": "object"})
    text = json.dumps(
        {"name": "a.b", "description": "12345678", "parameters": {"type": "object"}}, separators=(",", ":")
    )
    assert tokens_of(tool) == -(-len(text) // 4)


def test_the_first_form_keeps_opening_sentences() -> None:
    short = first_sentence(TOOL)
    assert short.description == "Add an item v1.2 to the list."
    properties: dict[str, dict[str, object]] = short.parameters["properties"]  # type: ignore[assignment]
    assert properties["description"] == {"type": "string", "description": "What it is."}
    assert properties["items"]["description"] == "x" * 79 + "…"


def test_the_barest_form_keeps_names_types_and_what_is_required_even_of_a_parameter_called_description() -> (
    None
):
    short = bare(TOOL)
    assert short.parameters == {
        "type": "object",
        "properties": {
            "description": {"type": "string"},
            "items": {
                "type": "array",
                "items": {"type": "object", "properties": {"id": {"type": "integer"}}},
            },
        },
        "required": ["description"],
    }
    assert (short.name, short.effect, short.handler) == (TOOL.name, TOOL.effect, TOOL.handler)
    assert brief(TOOL)["parameters"] == short.parameters


def test_a_description_without_an_end_is_cut() -> None:
    assert len(first_sentence(reader("a.b", description="on and on " * 100)).description) == 160


def test_nothing_is_shortened_while_there_is_room() -> None:
    assert fitted([TOOL], tokens=1_000) == (TOOL,)


@pytest.mark.parametrize(
    ("window", "tokens"), [(None, DEFINITION_TOKENS), (4_096, 1_024), (1_000_000, DEFINITION_TOKENS)]
)
def test_definitions_take_a_quarter_of_a_small_window(window: int | None, tokens: int) -> None:
    assert token_budget(window) == tokens
