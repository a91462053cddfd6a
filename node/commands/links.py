"""`palaver link`: letting others read a conversation at a secret address, and ending that."""

import argparse
from collections.abc import Mapping

from node.client import NodeClient
from node.commands.output import note, say, say_json
from node.config import data_folder
from node.console.links import LINKS_HEAD, NO_LINKS, link_row, made_note
from node.console.tables import aligned


async def link(arguments: argparse.Namespace) -> int:
    """Make a chat link, take one back, or list them."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        match arguments.verb:
            case "add":
                made = await node.add_chat_link(arguments.session, _wanted(arguments))
                if arguments.json:
                    say_json(made)
                else:
                    say(made["url"])
                    note(made_note(made))
            case "revoke":
                await node.revoke_chat_link(arguments.id)
                note("revoked: nobody reads it there any more")
            case _:
                links = await node.chat_links()
                if getattr(arguments, "json", False):
                    say_json(links)
                elif links:
                    say(aligned([LINKS_HEAD, *map(link_row, links)]))
                else:
                    note(NO_LINKS)
    return 0


def _wanted(arguments: argparse.Namespace) -> Mapping[str, object]:
    return {
        "reach": "lan" if arguments.lan else "loopback",
        "hours": arguments.hours,
        "follows": arguments.follow,
        "details": arguments.details,
    }
