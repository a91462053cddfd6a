"""Making a tool from a function, and keeping tools in order."""

from typing import Annotated, Literal

import pytest

from tools.registry import Registry, tool
from tools.schema import ArgumentError, checked
from tools.spec import Effect, ToolContext, ToolSpec

CONTEXT = ToolContext(turn_id="turn", call_id="call")


@tool(name="shop.order", specifier="{itemName}", phrases=("order {itemName}",), answer="{done}")
async def order(
    item_name: Annotated[str, "what to order"],
    count: int = 1,
    price: float | None = None,
    speed: Literal["slow", "fast"] = "slow",
    tags: list[str] | None = None,
    *,
    gift: bool = False,
    extra: dict[str, object] | None = None,
    context: ToolContext,
) -> object:
    """Order something
    from the shop.

    This second paragraph is for people.
    """
    return [item_name, count, price, speed, tags, gift, extra, context.call_id]


def spec(name: str) -> ToolSpec:
    return ToolSpec(name=name, description="")


def test_a_signature_becomes_a_schema_without_the_context() -> None:
    assert order.parameters == {
        "type": "object",
        "properties": {
            "itemName": {"type": "string", "description": "what to order"},
            "count": {"type": "integer", "default": 1},
            "price": {"type": "number"},
            "speed": {"type": "string", "enum": ["slow", "fast"], "default": "slow"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "gift": {"type": "boolean", "default": False},
            "extra": {"type": "object"},
        },
        "required": ["itemName"],
        "additionalProperties": False,
    }


def test_the_first_paragraph_describes_and_the_declaration_is_kept() -> None:
    assert order.description == "Order something from the shop."
    assert (order.specifier, order.phrases, order.answer) == ("{itemName}", ("order {itemName}",), "{done}")
    assert (order.core, order.remote) == (False, None)


def test_a_tool_that_declares_nothing_counts_as_one_that_writes() -> None:
    assert order.effect is Effect.WRITE


async def test_a_checked_call_reaches_the_function_with_its_context() -> None:
    assert order.handler is not None
    arguments = checked({"item_name": "milk", "count": "2", "tags": "food"}, order.parameters)

    assert await order.handler(CONTEXT, arguments) == ["milk", 2, None, "slow", ["food"], False, None, "call"]


async def test_a_model_cannot_hand_in_the_context() -> None:
    with pytest.raises(ArgumentError, match="context is unknown"):
        checked({"itemName": "milk", "context": {}}, order.parameters)


def test_a_union_lists_its_members() -> None:
    @tool(name="a.b")
    async def either(value: int | str) -> object:
        """Take either."""
        return value

    properties = either.parameters["properties"]
    assert properties == {"value": {"anyOf": [{"type": "integer"}, {"type": "string"}]}}


def test_a_function_that_says_too_little_is_no_tool() -> None:
    async def silent(value: str) -> object:
        return value

    async def untyped(value) -> object:  # type: ignore[no-untyped-def]  # noqa: ANN001 - the point of the test
        """Take anything."""
        return value

    async def odd(value: bytes) -> object:
        """Take bytes."""
        return value

    for function, said in (
        (silent, "needs a docstring"),
        (untyped, "needs a type"),
        (odd, "cannot be of type"),
    ):
        with pytest.raises(TypeError, match=said):
            tool(name="a.b")(function)


def test_tools_keep_their_order_alone_and_by_group() -> None:
    registry = Registry([spec("notes.read"), spec("list_peers"), spec("clock.now"), spec("notes.write")])

    assert [each.name for each in registry] == ["notes.read", "list_peers", "clock.now", "notes.write"]
    groups = {group: [each.name for each in tools] for group, tools in registry.by_group().items()}
    assert groups == {"notes": ["notes.read", "notes.write"], "core": ["list_peers"], "clock": ["clock.now"]}
    assert len(registry) == 4
    assert "clock.now" in registry
    assert registry.get("clock.now") == spec("clock.now")
    assert registry.get("clock.then") is None


def test_a_second_tool_of_a_name_is_refused() -> None:
    registry = Registry([spec("clock.now")])

    with pytest.raises(ValueError, match="already"):
        registry.add(spec("clock.now"))
