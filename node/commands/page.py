"""`palaver open`: the node's page, unlocked: the one that is open, or a new one in the browser."""

import argparse
import asyncio
import webbrowser

from node.client import NodeClient
from node.commands.output import note, say
from node.config import data_folder

OPEN_ALREADY = {
    "shown": "The cockpit is open already, on the screen or behind another window; --new opens another one.",
    "told": "The cockpit is open already; a notification leads to it. --new opens another one.",
}


async def open(arguments: argparse.Namespace) -> int:  # noqa: A001  named as the command is
    """Bring an open page to the front, else open one and print its address: there may be no browser here."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        await node.health()
        came = None if arguments.new else await node.cockpit_to_front()
        if came in OPEN_ALREADY:
            note(OPEN_ALREADY[came])
            return 0
        if came == "hidden":
            note("A cockpit is open, but its browser keeps it in the background; here is another one.")
        say(node.page_url)
        if not await asyncio.to_thread(webbrowser.open, node.page_url):
            note("No browser could be started here; open the address in one.")
    return 0
