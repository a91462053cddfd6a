"""`palaver open`: the node's page, unlocked, in the browser."""

import argparse
import asyncio
import webbrowser

from node.client import NodeClient
from node.commands.output import say
from node.config import data_folder


async def open(arguments: argparse.Namespace) -> int:  # noqa: A001  named as the command is
    """Open the page; the address is printed too, for a machine without a browser."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        await node.health()
        say(node.page_url)
        await asyncio.to_thread(webbrowser.open, node.page_url)
    return 0
