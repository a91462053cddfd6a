"""`palaver connect`: look who is at an address; a friend is linked, a stranger listed as seen."""

import argparse

from node.client import NodeClient
from node.commands.output import note, say, say_json
from node.config import data_folder
from node.console.render import one_line
from node.console.tables import peer_name


async def connect(arguments: argparse.Namespace) -> int:
    """Say who answers there, and for a stranger how the two owners can make sure of each other."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        peer = await node.connect(arguments.address)
    if arguments.json:
        say_json(peer)
    elif peer["state"] == "trusted":
        say(f"Linked with {one_line(peer_name(peer))} ({peer['nodeId']}).")
    else:
        say(f"At {one_line(arguments.address)} is {peer['nodeId']}: {peer['state']}, not trusted.")
        say(f"Its fingerprint is {peer['fingerprint']}.")
        note(f"To pair by comparing six digits: palaver pair {peer['nodeId'][:8]}")
        note("Or take a ticket from its owner: palaver join TICKET")
    return 0
