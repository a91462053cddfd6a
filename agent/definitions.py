"""What a tool's definition costs of the model's window, and shorter forms of it for when that is too much."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from agent.context import tokens_of
from tools.same import Same
from tools.spec import JsonObject, ToolSpec

DEFINITION_TOKENS = 5_000
WINDOW_SHARE = 0.25
"""Definitions may take this much of the model's window, and never more than `DEFINITION_TOKENS`."""
DESCRIPTION_MAX_CHARS = 160
PARAMETER_MAX_CHARS = 80
KEPT_FORMS = 1_024

_SENTENCE = re.compile(r".+?[.!?](?=\s|$)", re.DOTALL)


def token_budget(window: int | None) -> int:
    """Return how many tokens all definitions of a round may take."""
    return DEFINITION_TOKENS if window is None else min(DEFINITION_TOKENS, int(window * WINDOW_SHARE))


def fitted(
    tools: Sequence[ToolSpec], *, tokens: int, before: Mapping[str, ToolSpec] | None = None
) -> tuple[ToolSpec, ...]:
    """Return as many definitions as fit, the most wanted given first, shortened only if they have to be.

    Those shown `before` keep the form that they had: a server's prompt cache holds while nothing changes.
    Core tools stay whatever they cost.
    """
    kept = before or {}
    for shortened in (whole, first_sentence, bare):
        forms = [kept.get(tool.name) or shortened(tool) for tool in tools]
        if sum(map(tokens_of, forms)) <= tokens:
            return tuple(forms)
    return _as_many_as_fit(forms, tokens)


def brief(tool: ToolSpec) -> JsonObject:
    """Return what a model needs to call a tool, and no more."""
    short = bare(tool)
    return {
        "name": short.name,
        "group": tool.group,
        "description": short.description,
        "effect": tool.effect.value,
        "parameters": short.parameters,
    }


def whole(tool: ToolSpec) -> ToolSpec:
    return tool


def first_sentence(tool: ToolSpec) -> ToolSpec:
    """Keep the first sentence of the description, and of each parameter's."""
    return _shortened(tool, _first_sentences(Same(tool.parameters)))


def bare(tool: ToolSpec) -> ToolSpec:
    """Keep the first sentence of the description, and of the parameters their names and types."""
    return _shortened(tool, _undescribed(Same(tool.parameters)))


def _shortened(tool: ToolSpec, parameters: JsonObject) -> ToolSpec:
    if tool.core:  # the meta tools are new in every turn, and a cache would keep the ended turns with them
        return _with_parameters(tool, parameters)
    return _kept_with_parameters(Same(tool), Same(parameters))


def _with_parameters(tool: ToolSpec, parameters: JsonObject) -> ToolSpec:
    return replace(tool, description=_opening(tool.description, DESCRIPTION_MAX_CHARS), parameters=parameters)


# Kept, so that a form is made, measured and written out once, and is the same object in every turn.
@lru_cache(maxsize=KEPT_FORMS)
def _kept_with_parameters(tool: Same[ToolSpec], parameters: Same[JsonObject]) -> ToolSpec:
    return _with_parameters(tool.value, parameters.value)


@lru_cache(maxsize=KEPT_FORMS)
def _first_sentences(parameters: Same[JsonObject]) -> JsonObject:
    return _with_descriptions(parameters.value, lambda text: _opening(text, PARAMETER_MAX_CHARS))


@lru_cache(maxsize=KEPT_FORMS)
def _undescribed(parameters: Same[JsonObject]) -> JsonObject:
    return _with_descriptions(parameters.value, lambda _: "")


def _as_many_as_fit(forms: Sequence[ToolSpec], tokens: int) -> tuple[ToolSpec, ...]:
    left = tokens - sum(tokens_of(form) for form in forms if form.core)
    kept: list[ToolSpec] = []
    for form in forms:
        cost = 0 if form.core else tokens_of(form)
        if form.core or cost <= left:
            kept.append(form)
            left -= cost
    return tuple(kept)


def _opening(text: str, limit: int) -> str:
    found = _SENTENCE.match(text)
    opening = found.group() if found else text
    return opening if len(opening) <= limit else opening[: limit - 1].rstrip() + "…"


def _with_descriptions(schema: JsonObject, change: Callable[[str], str]) -> JsonObject:
    """Change the descriptions inside a schema; one that becomes empty is left out."""
    changed: dict[str, object] = {}
    for key, value in schema.items():
        if key == "description" and isinstance(value, str):
            if text := change(value):
                changed[key] = text
        elif key == "properties" and isinstance(value, Mapping):
            # A parameter may itself be called `description`.
            changed[key] = {name: _changed(rule, change) for name, rule in value.items()}
        else:
            changed[key] = _changed(value, change)
    return changed


def _changed(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, Mapping):
        return _with_descriptions(value, change)
    return [_changed(item, change) for item in value] if isinstance(value, list) else value
