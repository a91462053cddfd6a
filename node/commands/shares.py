"""`palaver share`: which folders peers' asks may search and read."""

import argparse

from node.client import NodeClient
from node.commands.output import note, say, say_json
from node.config import data_folder
from node.console.shares import no_shares, removed_text, share_text, shares_text


async def share(arguments: argparse.Namespace) -> int:
    """Share a folder, stop sharing one, or list them."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        match arguments.verb:
            case "add":
                added = await node.share(arguments.folder, arguments.peers or ["all"])
                if arguments.json:
                    say_json(added)
                else:
                    say(share_text(added))
                for warning in added["warnings"]:
                    note(warning)
            case "remove":
                say(removed_text(await node.unshare(arguments.folder)))
            case _:
                shares = await node.shares()
                if getattr(arguments, "json", False):
                    say_json(shares)
                elif shares:
                    say(shares_text(shares))
                else:
                    note(no_shares())
    return 0
