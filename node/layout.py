"""How the owner's cockpit is laid out: one tree of JSON, checked here and changed by its clients.

What holds for every layout stands also in `node/web/src/layout/invariants.ts`, which its operations keep.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

PANES_MAX = 40
FLOATS_MAX = 12
SHARE_MIN = 0.02
"""The least part of a split that a child has; `PANES_MAX` times this is less than one."""
FRAME_MIN = 0.05
"""The least part of the view that a floating group has in each direction."""
ROUNDING = 1e-6

Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}-[0-9]{1,9}$")]
"""A kind and a number, as `conversation-1`."""
Kind: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
Part: TypeAlias = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Params: TypeAlias = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=1_000)]],
    Field(max_length=4),
]


class _Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class Pane(_Node):
    id: Name
    kind: Kind
    params: Params
    """What it was opened for, as `{"path": "notes.md"}`."""


class Group(_Node):
    """Panes in one place, one of them in front."""

    type: Literal["group"]
    id: Name
    panes: Annotated[tuple[Pane, ...], Field(min_length=1, max_length=PANES_MAX)]
    active: Name
    lender: Annotated[Literal["before", "after"] | None, Field(exclude_if=lambda side: side is None)] = None
    """Which neighbour gave it its room and gets it back; None: all beside it."""

    @model_validator(mode="after")
    def _shows_one_of_its_own(self) -> Self:
        if all(pane.id != self.active for pane in self.panes):
            raise ValueError(f"{self.id} shows {self.active}, which is not in it")
        return self


class Split(_Node):
    """Children beside each other (`row`) or one above the other (`column`)."""

    type: Literal["split"]
    id: Name
    axis: Literal["row", "column"]
    weights: Annotated[tuple[Part, ...], Field(min_length=2, max_length=PANES_MAX)]
    """Which part of the split each child takes."""
    children: "tuple[Tree, ...]"

    @model_validator(mode="after")
    def _shares_itself_out(self) -> Self:
        if len(self.weights) != len(self.children):
            raise ValueError(f"{self.id} needs one weight per child")
        if abs(sum(self.weights) - 1) > ROUNDING:
            raise ValueError(f"the weights of {self.id} have to sum to 1")
        if min(self.weights) < SHARE_MIN - ROUNDING:
            raise ValueError(f"no child of {self.id} may have less than {SHARE_MIN} of it")
        if any(isinstance(child, Split) and child.axis == self.axis for child in self.children):
            raise ValueError(f"{self.id} holds a split of its own direction")
        return self


Tree: TypeAlias = Annotated[Group | Split, Field(discriminator="type")]


class Frame(_Node):
    """In parts of the view, so that it fits every window."""

    x: Part
    y: Part
    width: Annotated[Part, Field(ge=FRAME_MIN)]
    height: Annotated[Part, Field(ge=FRAME_MIN)]

    @model_validator(mode="after")
    def _stays_in_view(self) -> Self:
        if max(self.x + self.width, self.y + self.height) > 1 + ROUNDING:
            raise ValueError("a floating pane has to be inside the view")
        return self


class Home(_Node):
    """Where a floating group came from; what it names may be gone since."""

    beside: Name
    side: Literal["left", "right", "above", "below", "tab"]


class Float(_Node):
    group: Group
    frame: Frame
    home: Home | None


class Layout(_Node):
    root: Tree | None
    floats: Annotated[tuple[Float, ...], Field(max_length=FLOATS_MAX)] = ()
    """The last one is in front."""
    maximized: Name | None = None
    """The group that takes the whole view."""
    next: Annotated[int, Field(ge=1, lt=10**9)] = 1
    """The number of the next pane, group or split, so that no name comes twice."""

    def groups(self) -> Iterator[Group]:
        """Return all groups, the floating ones last."""
        yield from _groups(self.root)
        yield from (one.group for one in self.floats)

    @model_validator(mode="after")
    def _names_everything_once(self) -> Self:
        groups = [*self.groups()]
        panes = [pane.id for group in groups for pane in group.panes]
        names = [*panes, *(group.id for group in groups), *_splits(self.root)]
        if len(panes) > PANES_MAX:
            raise ValueError(f"at most {PANES_MAX} panes are open")
        if len({*names}) < len(names):
            raise ValueError("a name comes twice")
        if any(int(name.rpartition("-")[2]) >= self.next for name in names):
            raise ValueError("the numbers in names have to be below `next`")
        if self.maximized is not None and all(group.id != self.maximized for group in groups):
            raise ValueError(f"{self.maximized} is maximized and not there")
        return self


def _groups(tree: Group | Split | None) -> Iterator[Group]:
    match tree:
        case Group():
            yield tree
        case Split(children=children):
            for child in children:
                yield from _groups(child)


def _splits(tree: Group | Split | None) -> Iterator[str]:
    if isinstance(tree, Split):
        yield tree.id
        for child in tree.children:
            yield from _splits(child)


EMPTY = Layout(root=None)
