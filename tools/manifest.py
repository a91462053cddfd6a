"""The tools that a client offers: each is read by itself, so that one bad tool does not lose the others."""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from tools.layout import LAYOUT, LAYOUT_TOOLS
from tools.meta import META_TOOLS
from tools.schema import problem
from tools.spec import Effect, JsonObject, SpecifierKind, ToolSpec

MANIFEST_MAX_TOOLS = 500
NAME_MAX_CHARS = 128

PUSHED_KINDS = tuple(kind for kind in SpecifierKind if kind is not SpecifierKind.NAMES)
"""A client hears of no name that has to be left out of a call, so it may push no tool that takes several."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_TEXT_MAX_CHARS: Mapping[str, int] = {"description": 4_000, "specifierTemplate": 500, "kind": 64}


def read_manifest(
    tools: Sequence[object], *, own_names: Container[str] = ()
) -> tuple[tuple[ToolSpec, ...], tuple[str, ...]]:
    """Return the tools that can be used, and one sentence for each that cannot.

    A client's tool may not take the name of a tool that the node owns. Of a verb of the layout only the
    name counts: what it takes and does stands in the node's own table.
    """
    specs: dict[str, ToolSpec] = {}
    problems: list[str] = []
    for index, raw in enumerate(tools[:MANIFEST_MAX_TOOLS]):
        flaw = _flaw(raw, own_names=own_names, earlier=specs)
        if flaw is None and isinstance(raw, Mapping):
            spec = _spec(raw)
            specs[spec.name] = spec
        else:
            problems.append(f"{_label(raw, index)}: {flaw}")
    if len(tools) > MANIFEST_MAX_TOOLS:
        problems.append(
            f"{len(tools) - MANIFEST_MAX_TOOLS} tools left out: at most {MANIFEST_MAX_TOOLS} are taken"
        )
    return tuple(specs.values()), tuple(problems)


def _flaw(raw: object, *, own_names: Container[str], earlier: Container[str]) -> str | None:
    if not isinstance(raw, Mapping):
        return "a tool is an object"
    name = raw.get("name")
    if not isinstance(name, str) or len(name) > NAME_MAX_CHARS or not _NAME.fullmatch(name):
        return "the name has to be words of letters, digits, _ and - joined by dots"
    if name in own_names or name in META_TOOLS:
        return "the node has a tool of this name"
    if name in earlier:
        return "the name is taken by an earlier tool of this manifest"
    if flaw := _layout_flaw(name, raw):
        return flaw
    for key, limit in _TEXT_MAX_CHARS.items():
        text = raw.get(key)
        if text is not None and (not isinstance(text, str) or len(text) > limit):
            return f"{key} has to be text of at most {limit} characters"
    if raw.get("specifierKind", "text") not in PUSHED_KINDS:
        return f"specifierKind has to be one of {', '.join(PUSHED_KINDS)}"
    return problem(raw["params"]) if raw.get("params") else None


def _layout_flaw(name: str, raw: Mapping[object, object]) -> str | None:
    """Keep the verbs of the layout, which run unasked, apart from tools of the same name that act."""
    is_verb = name in LAYOUT_TOOLS
    if is_verb and raw.get("kind") != LAYOUT and raw.get("sideEffect") is not False:
        return 'a verb of the layout is announced with the kind "layout"'
    if not is_verb and raw.get("kind") == LAYOUT:
        return "the node knows no verb of the layout by this name"
    return None


def _spec(raw: JsonObject) -> ToolSpec:
    """Build the tool of a sound entry. Only a literal `sideEffect: false` makes it one that reads."""
    if (verb := LAYOUT_TOOLS.get(str(raw["name"]))) is not None:
        return verb
    spec = ToolSpec(
        name=str(raw["name"]),
        description=str(raw.get("description") or ""),
        effect=Effect.READ if raw.get("sideEffect") is False else Effect.WRITE,
        specifier=str(raw.get("specifierTemplate") or ""),
        specifier_kind=SpecifierKind(str(raw.get("specifierKind", "text"))),
    )
    params = raw.get("params")
    return replace(spec, parameters=params) if params and isinstance(params, Mapping) else spec


def _label(raw: object, index: int) -> str:
    name = raw.get("name") if isinstance(raw, Mapping) else None
    return f"tool {name[:NAME_MAX_CHARS]!r}" if isinstance(name, str) else f"tool number {index + 1}"
