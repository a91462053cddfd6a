"""A measured figure beside its floor and its target, as one line of text."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Bound(StrEnum):
    """What a target limits."""

    VALUE = "{limit:g} {unit} at most"
    ADDED = "{limit:g} {unit} more than the floor at most"
    RATIO = "{limit:g} x the floor at most"
    LEAST = "{limit:g} {unit} at least"


@dataclass(frozen=True, slots=True)
class Target:
    bound: Bound
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    value: float
    unit: str
    floor: float
    """What the same work takes without a node, measured in the same run."""
    target: Target | None = None
    """None: the figure is for information."""
    note: str = ""

    @property
    def is_met(self) -> bool:
        if self.target is not None and self.target.bound is Bound.LEAST:
            return self.value >= self.target.limit
        return self.target is None or self._bounded(self.target.bound) <= self.target.limit

    def __str__(self) -> str:
        measured = (
            f"{self.name:38} {self.value:8.1f} {self.unit:3} floor {self.floor:8.1f}  x {self._ratio:5.2f}"
        )
        if self.target is None:
            said = "no target"
        else:
            wanted = self.target.bound.format(limit=self.target.limit, unit=self.unit)
            said = f"{'met' if self.is_met else 'MISSED'}: {wanted}"
        return f"{measured}  {said}{f' ({self.note})' if self.note else ''}"

    @property
    def _ratio(self) -> float:
        return self.value / self.floor if self.floor else math.inf

    def _bounded(self, bound: Bound) -> float:
        match bound:
            case Bound.VALUE | Bound.LEAST:
                return self.value
            case Bound.ADDED:
                return self.value - self.floor
            case Bound.RATIO:
                return self._ratio


def at_percentile(
    name: str,
    percent: int,
    *,
    values: Sequence[float],
    floors: Sequence[float],
    target: Target | None = None,
    note: str = "",
) -> Figure:
    """Compare the same percentile of two series of milliseconds."""
    value, floor = percentile(values, percent), percentile(floors, percent)
    return Figure(name=name, value=value, unit="ms", floor=floor, target=target, note=note)


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that `percent` of a hundred do not exceed; of few values, the nearest one."""
    if percent == 50:
        return statistics.median(values)
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]
