"""`palaver invite` and `palaver join`: two owners pair their nodes, and learn what to do next."""

import argparse
import sys
from shlex import quote

from node.client import NodeClient
from node.commands.output import note, say, say_in_black_and_white, say_json
from node.config import data_folder
from node.console.render import one_line
from node.console.tables import when
from node.qr import qr_text

ALLOW_ASKS = "network.allowRemoteAgent"
HOW_TO_ALLOW = f"Peers cannot ask your agent yet. To let them: palaver config set {ALLOW_ASKS} true"


async def invite(arguments: argparse.Namespace) -> int:
    """Make a ticket and say what the other owner does with it."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        made = await node.invite(arguments.ttl)
        if arguments.json:
            say_json(made)
        else:
            if sys.stdout.isatty() and not arguments.no_qr:
                say_in_black_and_white(qr_text(made["ticket"].upper()))
            say(made["ticket"])
            note(f"Send this ticket to one person you trust; it works once, until {when(made['expiresAt'])}.")
            note("On the other machine: palaver join TICKET")
        note(await asks_allowed(node, allow=arguments.allow_asks))
    return 0


async def join(arguments: argparse.Namespace) -> int:
    """Pair with the node that made the ticket."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        peer = await node.join(arguments.ticket)
        if arguments.json:
            say_json(peer)
        else:
            say(f"Paired with {one_line(peer['name'])} ({peer['nodeId']}).")
            # Quoted: the other owner chose the name, and this line is made to be copied into a shell.
            note(f"Ask its agent: palaver ask-peer {quote(one_line(peer['name']))} 'what time is it'")
            note("It answers once its owner lets peers ask.")
        note(await asks_allowed(node, allow=arguments.allow_asks))
    return 0


async def asks_allowed(node: NodeClient, *, allow: bool) -> str:
    """Let peers ask if that is wanted; return how things stand, in words."""
    allowed = await node.set_setting(ALLOW_ASKS, value=True) if allow else await node.setting(ALLOW_ASKS)
    return "Paired peers may ask your agent, read-only." if allowed is True else HOW_TO_ALLOW
