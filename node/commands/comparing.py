"""`palaver pair`: two owners compare six digits on their screens, and pair their nodes if they agree."""

import argparse
import asyncio

from node.client import NodeClient
from node.commands.output import diagnose, note, say, say_json
from node.commands.running import FAILED
from node.commands.stdin import lines
from node.config import data_folder
from node.console.comparing import is_address, question, result
from node.replies import Comparison, NodeError

LOOK_EVERY_S = 0.3
YES = ("y", "yes")


async def pair(arguments: argparse.Namespace) -> int:
    """Ask a node to pair, or wait until one asks; show the code, and pass on what the owner says of it."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        try:
            ended = await answered(node, await begun(node, arguments.peer))
        finally:
            # Whoever leaves here has agreed to nobody, and nobody else may ask any more.
            await node.let_pair(allowed=False)
    if arguments.json:
        say_json(ended)
    else:
        say(result(ended))
    return 0 if ended["state"] == "paired" else FAILED


async def begun(node: NodeClient, peer: str | None) -> Comparison:
    """Return what this screen shows, once there is something to look at."""
    if peer is not None:
        return await (node.compare(address=peer) if is_address(peer) else node.compare(peer=peer))
    opened = await node.let_pair(allowed=True)
    here = await node.identity()
    note("For two minutes another node may ask to pair with this one. On the other machine:")
    note(f"palaver pair {here['peerAddress']}")
    return await asked(node, opened["comparison"])


async def asked(node: NodeClient, last: Comparison | None) -> Comparison:
    """Wait until a node asks to compare after the last one did; raise `NodeError` when none does in time."""
    while True:
        pairing = await node.pairing()
        comparison = pairing["comparison"]
        if comparison and (comparison["state"] == "undecided" or comparison != last):
            return comparison
        if pairing["openUntil"] is None:
            raise NodeError("nobody asked to pair", "nobody")
        await asyncio.sleep(LOOK_EVERY_S)


async def answered(node: NodeClient, comparison: Comparison) -> Comparison:
    """Ask the owner, unless it ends before there is an answer; return how it ended."""
    diagnose(question(comparison))
    ending = asyncio.create_task(end_of(node, comparison))
    reading = asyncio.ensure_future(first_line())
    try:
        await asyncio.wait((reading, ending), return_when=asyncio.FIRST_COMPLETED)
        note("")
        if not ending.done():
            await decide(node, comparison, is_same=reading.result().strip().casefold() in YES)
        return await ending
    finally:
        reading.cancel()
        ending.cancel()


async def decide(node: NodeClient, comparison: Comparison, *, is_same: bool) -> None:
    try:
        await (node.agree(comparison["code"]) if is_same else node.disagree())
    except NodeError as error:
        # It ended just now, by the other owner or by time; how is told next.
        if error.code != "pairing_closed":
            raise
    else:
        if is_same:
            note("Waiting for the other owner.")


async def end_of(node: NodeClient, comparison: Comparison) -> Comparison:
    """Wait until it ends, or another one is in its place."""
    while True:
        now = (await node.pairing())["comparison"]
        if now is None or now["code"] != comparison["code"]:
            return {**comparison, "state": "refused", "reason": "Another comparison took its place."}
        if now["state"] in ("paired", "refused"):
            return now
        await asyncio.sleep(LOOK_EVERY_S)


async def first_line() -> str:
    """Return what the owner types; the end of the input is no yes."""
    async for line in lines():
        return line
    return ""
