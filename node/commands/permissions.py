"""`palaver permissions`: what the agent may do, and what the gate would say of a call."""

import argparse

from node.client import NodeClient
from node.commands.output import say, say_json
from node.config import data_folder
from node.console.permissions import overview_text, verdict_text


async def permissions(arguments: argparse.Namespace) -> int:
    """List what is in force, or test a call. Nothing runs."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        if arguments.verb == "test":
            verdict = await node.test_permission(arguments.call, arguments.mode, arguments.session)
            say_json(verdict) if arguments.json else say(verdict_text(verdict))
        else:
            shown = await node.permissions(arguments.session)
            say_json(shown) if arguments.json else say(overview_text(shown))
    return 0
