"""Slash commands about the model: which one, how it is used, fetching another."""

import json
from collections.abc import Mapping
from contextlib import aclosing

from node.console.render import one_line
from node.console.tables import model_in_use, model_rows, models_notes, pull_progress
from node.engine_file import PREFIX as GGUF
from node.slash.call import Action, Call, Progress
from node.slash.commands import UsageError
from node.slash.outcome import Outcome, Table, said

TURNS = "agent.orchestrator."
KEYS = ("model", "temperature", "topP", "contextSize", "maxTokens")
"""The settings of the agent's turns that `/llm` shows and changes."""


async def model(call: Call) -> Outcome:
    """List the models, or have the node work with another one."""
    if call.argument:
        return said(model_in_use(await call.node.choose_model(_whole(call, call.argument))))
    providers = await call.node.providers()
    rows = model_rows(providers)
    return said(*([Table(rows, ("", "MODEL", "SERVER", "CAN"))] if rows else []), *models_notes(providers))


async def llm(call: Call) -> Outcome:
    """Show how the agent's turns use the model, or change one value of it, or take every change back."""
    match call.argument.split(maxsplit=1):
        case []:
            pass
        case ["reset"]:
            for key in KEYS:
                await call.node.unset_setting(TURNS + key)
        case [key, value] if (found := _key(key)) is not None:
            await call.node.set_setting(TURNS + found, _value(call, found, value))
        case [key] if _key(key) is not None:
            raise UsageError(
                f"say the value, too: /llm {_key(key)} VALUE; /llm reset goes back to the defaults"
            )
        case [name]:
            await call.node.set_setting(TURNS + "model", _whole(call, name))
        case [key, _]:
            raise UsageError(f"/llm knows no {key!r:.40}; it has {', '.join(KEYS)}")
    return await _values(call)


async def _values(call: Call) -> Outcome:
    status = await call.node.status()
    rows = []
    for key in KEYS:
        value = await call.node.setting(TURNS + key)
        rows.append((key, "as the node or its server has it" if value in {None, ""} else str(value)))
    in_use = status["model"]["label"] if status["model"] else status["readiness"]["text"]
    return said(f"turns use {in_use}; changes hold from the next turn on", Table(rows))


def _key(typed: str) -> str | None:
    return next((key for key in KEYS if key.lower() == typed.lower()), None)


def _value(call: Call, key: str, typed: str) -> object:
    if key == "model":
        return _whole(call, typed)
    try:
        value: object = json.loads(typed)
    except ValueError:
        value = typed
    return value


def _whole(call: Call, name: str) -> str:
    return GGUF + call.path(name.removeprefix(GGUF)) if name.startswith(GGUF) else name


async def pull(call: Call) -> Outcome:
    async with aclosing(call.node.pull(call.argument)) as parts:
        async for part in parts:
            await call.tell(Progress(pull_progress(part)))
    return said(f"{one_line(call.argument)} is there; /model NAME works with another one")


MODELS: Mapping[str, Action] = {"model": model, "llm": llm, "pull": pull}
