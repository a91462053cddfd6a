"""`palaver lent`: what each peer used of this node's model."""

import argparse

from node.client import NodeClient
from node.commands.output import note, say, say_json
from node.config import data_folder
from node.console.tables import lent_table


async def lent(arguments: argparse.Namespace) -> int:
    """List tokens by day and peer; nothing else is kept."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        days = await node.lent()
    if arguments.json:
        say_json(days)
    elif days:
        say(lent_table(days))
    else:
        note("no peer has used your model; docs/models.md says how to lend it")
    return 0
