"""The tools a node owns: `@tool` makes one from an async function, `Registry` keeps them in order."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator

from tools.signature import parameters_schema, wire_name
from tools.spec import (
    Aliases,
    Canonical,
    Change,
    Effect,
    Handler,
    JsonObject,
    SpecifierKind,
    ToolContext,
    ToolSpec,
)


def tool(
    *,
    name: str,
    effect: Effect = Effect.WRITE,
    specifier: str = "",
    specifier_kind: SpecifierKind = SpecifierKind.TEXT,
    judged_as: str = "",
    canonical: Canonical | None = None,
    aliases: Aliases | None = None,
    change: Change | None = None,
    phrases: tuple[str, ...] = (),
    answer: str = "",
    core: bool = False,
    in_group: str = "",
    remote: str | None = None,
) -> Callable[[Callable[..., Awaitable[object]]], ToolSpec]:
    """Turn an async function into a tool: its docstring's first paragraph is the description.

    The handler expects arguments that `tools.schema.checked` has passed.
    """

    def described(function: Callable[..., Awaitable[object]]) -> ToolSpec:
        if not (description := _first_paragraph(function)):
            raise TypeError(f"tool {name!r} needs a docstring: it is what the model reads")
        return ToolSpec(
            name=name,
            description=description,
            parameters=parameters_schema(function),
            effect=effect,
            specifier=specifier,
            specifier_kind=specifier_kind,
            judged_as=judged_as,
            canonical=canonical,
            aliases=aliases,
            change=change,
            phrases=phrases,
            answer=answer,
            core=core,
            in_group=in_group,
            remote=remote,
            handler=_handler(function),
        )

    return described


class Registry:
    """Tools by name, in the order in which they were added."""

    def __init__(self, tools: Iterable[ToolSpec] = ()) -> None:
        self._tools: dict[str, ToolSpec] = {}
        for spec in tools:
            self.add(spec)

    def add(self, spec: ToolSpec) -> None:
        """Add a tool; a second one of the same name is a `ValueError`."""
        if spec.name in self._tools:
            raise ValueError(f"there is a tool named {spec.name!r} already")
        self._tools[spec.name] = spec

    def get(self, name: str) -> ToolSpec | None:
        return self._tools.get(name)

    def by_group(self) -> dict[str, tuple[ToolSpec, ...]]:
        """Return each group's tools, groups in the order of their first tool."""
        groups: dict[str, tuple[ToolSpec, ...]] = {}
        for spec in self:
            groups[spec.group] = (*groups.get(spec.group, ()), spec)
        return groups

    def __iter__(self) -> Iterator[ToolSpec]:
        return iter(tuple(self._tools.values()))

    def __len__(self) -> int:
        return len(self._tools)

    def __contains__(self, name: object) -> bool:
        return name in self._tools


def _handler(function: Callable[..., Awaitable[object]]) -> Handler:
    parameters = inspect.signature(function, eval_str=True).parameters.values()
    context_name = next((each.name for each in parameters if each.annotation is ToolContext), None)
    names = {wire_name(each.name): each.name for each in parameters if each.name != context_name}

    async def handle(context: ToolContext, arguments: JsonObject) -> object:
        given = {names[name]: value for name, value in arguments.items()}
        return await function(**given, **({context_name: context} if context_name else {}))

    return handle


def _first_paragraph(function: Callable[..., object]) -> str:
    return " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())
