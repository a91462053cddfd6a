"""A stranger's JSON whose numbers can be written again: 1e999 is read as infinity, which no JSON can say."""

from math import isfinite
from typing import Annotated, TypeVar

from pydantic import AfterValidator

T = TypeVar("T")


def finite(value: T) -> T:
    """Return a value as it is; raises `ValueError` where a number in it is infinite or none at all."""
    level: list[object] = [value]
    while level:
        if any(isinstance(item, float) and not isfinite(item) for item in level):
            raise ValueError("a number in it is infinite, or is none")
        level = [inner for item in level for inner in _inner(item)]
    return value


def _inner(item: object) -> list[object]:
    if isinstance(item, dict):
        return list(item.values())
    return item if isinstance(item, list) else []


FiniteObject = Annotated[dict[str, object], AfterValidator(finite)]
