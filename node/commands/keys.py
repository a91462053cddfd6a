"""`palaver rotate-key`, `key-changes` and `accept-key`: a new key, and what peers' owners say of it."""

import argparse
import asyncio

from node.client import NodeClient
from node.commands.output import diagnose, note, say, say_json
from node.commands.running import FAILED
from node.commands.stdin import lines
from node.config import data_folder
from node.console.render import one_line
from node.datadir import DataDirError
from node.replies import KeyChangeShown, NodeError
from node.rotation import rotate
from peer.errors import KeyFileError

WARNING = (
    "This gives your node a new key. Each peer's owner is asked whether to trust it; until they agree, you\n"
    "cannot reach each other. Tell them first, best by phone. Go on? [y/N] "
)


async def rotate_key(arguments: argparse.Namespace) -> int:
    """Give the stopped node a new key."""
    if not arguments.yes and not await agreed():
        note("nothing was changed")
        return FAILED
    try:
        made = await asyncio.to_thread(rotate, data_folder(arguments.data))
    except (DataDirError, KeyFileError) as error:
        raise NodeError(str(error)) from error
    if arguments.json:
        say_json({"old": made.old, "new": made.new, "kept": str(made.kept)})
        return 0
    say(f"The node is now {made.new}.")
    note(f"The old key is kept in {made.kept}; peers who miss this change need it. Once all have agreed,")
    note("delete it. Start the node: it tells its peers.")
    return 0


async def agreed() -> bool:
    diagnose(WARNING)
    async for line in lines():
        return line.strip().casefold() in ("y", "yes")
    return False


async def key_changes(arguments: argparse.Namespace) -> int:
    """List the peers that are said to have a new key."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        waiting = await node.key_changes()
    if arguments.json:
        say_json(waiting)
    for change in () if arguments.json else waiting:
        say(change_text(change))
    if not waiting and not arguments.json:
        note("no peer has a new key")
    return 0


async def accept_key(arguments: argparse.Namespace) -> int:
    """Trust a peer under its new key in place of the old one, or refuse it."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        await node.settle_key(arguments.peer, accept=not arguments.refuse)
    note("Refused; the old key stays." if arguments.refuse else "Trusted under its new key.")
    return 0


def change_text(change: KeyChangeShown) -> str:
    name, accept = one_line(change["name"]), f"palaver accept-key {change['peerId'][:8]}"
    return (
        f"{name} says its key changed, signed by the old key.\n"
        f"  old: {change['fingerprint']}\n  new: {change['newFingerprint']}\n"
        "Whoever stole the old key could say so, too: ask them, then\n"
        f"  {accept}   or   {accept} --refuse"
    )
