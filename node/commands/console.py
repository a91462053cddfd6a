"""`palaver console`: the conversation in the terminal, or line by line when stdin is none."""

import argparse
import sys

from node.client import NodeClient
from node.commands.plain import converse_plainly
from node.config import data_folder


async def console(arguments: argparse.Namespace) -> int:
    """Talk to the running node until the owner leaves."""
    data = data_folder(arguments.data)
    async with NodeClient.at(data) as node:
        if arguments.session:
            await node.session(arguments.session, 1)
        else:
            await node.health()
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            return await converse_plainly(node, arguments.session)
    from node.console.loop import Console  # noqa: PLC0415  the terminal's library; a pipe needs none of it

    await Console(data, arguments.session).run()
    return 0
