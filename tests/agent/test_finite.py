import pytest
from pydantic import TypeAdapter, ValidationError

from agent.finite import FiniteObject

READER = TypeAdapter(FiniteObject)


@pytest.mark.parametrize(
    "text", ['{"a": 1e999}', '{"a": [{"b": -1e999}]}', '{"a": NaN}', '{"a": {"b": Infinity}}']
)
def test_a_number_that_could_not_be_written_again_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="infinite, or is none"):
        READER.validate_json(text)


def test_all_else_stays_as_it_is() -> None:
    assert READER.validate_json('{"a": [1, 2.5, "NaN", null, {"b": true}]}') == {
        "a": [1, 2.5, "NaN", None, {"b": True}]
    }
