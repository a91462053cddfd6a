"""What a server's own listing says of its models, in the OpenAI dialect and LM Studio's."""

from collections.abc import Iterable, Mapping
from typing import Any

from agent.models.base import ModelFacts
from agent.models.wire import count_of, text_of

LABELS = {
    "lmstudio": "LM Studio",
    "vllm": "vLLM",
    "llama-server": "llama-server",
    "openai": "OpenAI-style server",
}
GENERIC = "openai"
"""A server of the dialect that does not say which one it is."""
_OWNERS = {"llamacpp": "llama-server", "vllm": "vllm"}


def provider_of(listing: object) -> str:
    """Tell from `/v1/models` which server this is."""
    owners = (text_of(entry.get("owned_by")) for entry in _entries(listing, "data"))
    return next((_OWNERS[owner] for owner in owners if owner in _OWNERS), GENERIC)


def openai_models(address: str, listing: object, properties: object = None) -> tuple[ModelFacts, ...]:
    """Read `/v1/models`, and llama-server's `/props` for the window of one of its slots."""
    provider = provider_of(listing)
    slot = _number(_at(properties, "default_generation_settings", "n_ctx"))
    return tuple(
        _facts(
            provider,
            address,
            entry,
            "id",
            window=slot or _number(entry.get("max_model_len")) or _number(_at(entry, "meta", "n_ctx")),
        )
        for entry in _entries(listing, "data")
        if entry.get("id")
    )


def lmstudio_models(address: str, listing: object) -> tuple[ModelFacts, ...]:
    """Read `/api/v1/models`: the language models, those in memory first."""
    entries = [entry for entry in _entries(listing, "models") if entry.get("type", "llm") == "llm"]
    entries.sort(key=lambda entry: not entry.get("loaded_instances"))
    return tuple(
        _facts(
            "lmstudio",
            address,
            entry,
            "key",
            window=_loaded_window(entry),
            calls_tools=_flag(_at(entry, "capabilities", "trained_for_tool_use")),
        )
        for entry in entries
        if entry.get("key")
    )


def is_lmstudio(listing: object) -> bool:
    return isinstance(listing, Mapping) and isinstance(listing.get("models"), list)


def _facts(
    provider: str,
    address: str,
    entry: Mapping[str, Any],
    key: str,
    *,
    window: int | None,
    calls_tools: bool | None = None,
) -> ModelFacts:
    name = text_of(entry[key])
    short = name.replace("\\", "/").rstrip("/").rpartition("/")[2] if provider == "llama-server" else name
    return ModelFacts(
        provider=provider,
        name=name,
        label=f"{short} on {LABELS[provider]}",
        address=address,
        context_window=window,
        calls_tools=calls_tools,
    )


def _loaded_window(entry: Mapping[str, Any]) -> int | None:
    loaded = _entries(entry, "loaded_instances")
    return next((_number(_at(instance, "config", "context_length")) for instance in loaded), None)


def _entries(value: object, key: str) -> Iterable[Mapping[str, Any]]:
    found = _at(value, key)
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _at(value: object, *path: str) -> object:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _number(value: object) -> int | None:
    return count_of(value) or None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
