"""`palaver config`: show and change the node's settings."""

import argparse
import json

from node.client import NodeClient
from node.commands.output import note, say
from node.config import data_folder


async def config(arguments: argparse.Namespace) -> int:
    """List, get, set or unset; values are written and read as JSON."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        match arguments.verb:
            case "list":
                for setting in await node.settings():
                    say(f"{setting['key']} = {shown(setting['value'])}\n    {setting['description']}")
            case "get":
                say(shown(await node.setting(arguments.key)))
            case "set":
                value = await node.set_setting(arguments.key, read(arguments.value))
                say(f"{arguments.key} = {shown(value)}")
                if arguments.key.startswith("agent.permissions."):
                    for warning in (await node.permissions())["warnings"]:
                        note(f"warning: {warning}")
            case "unset":
                say(f"{arguments.key} = {shown(await node.unset_setting(arguments.key))}")
    return 0


def read(text: str) -> object:
    """Return the JSON value that was typed; what is no JSON is plain text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
