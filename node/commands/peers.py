"""`palaver peers`, `ask-peer`, `grant`, `inbound`, `asks`: who is there, who may ask, who asked."""

import argparse

from node.client import NodeClient
from node.commands.output import note, say, say_json
from node.commands.running import FAILED
from node.commands.stdin import read_question
from node.config import data_folder
from node.console.asks import asks_table, granted_text, inbound_table, read_grants
from node.console.render import one_line
from node.console.shares import sources_text
from node.console.tables import no_peers, peer_name, peer_refusal, peers_table


async def peers(arguments: argparse.Namespace) -> int:
    """List the peers."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        known = await node.peers()
    if arguments.json:
        say_json(known)
    elif known:
        say(peers_table(known))
    else:
        note(no_peers())
    for peer in known:
        if peer.get("newKey"):
            note(f"{one_line(peer_name(peer))} says its key changed; to see it: palaver key-changes")
    return 0


async def revoke(arguments: argparse.Namespace) -> int:
    """Forget a peer or block it: trust, links and turns end at once."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        if arguments.block:
            await node.change_peer(arguments.peer, blocked=True)
        else:
            await node.revoke(arguments.peer)
    note(f"{one_line(arguments.peer)} is {'blocked' if arguments.block else 'no longer trusted'}.")
    return 0


async def unblock(arguments: argparse.Namespace) -> int:
    """Let a blocked peer pair again."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        peer = await node.change_peer(arguments.peer, blocked=False)
    note(f"{one_line(peer_name(peer))} is {peer['state']} now. To trust it, pair again.")
    return 0


async def rename(arguments: argparse.Namespace) -> int:
    """Call a peer by the owner's own name for it."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        peer = await node.change_peer(arguments.peer, petName=arguments.name)
    note(f"Now called {one_line(peer_name(peer))}.")
    return 0


async def ask_peer(arguments: argparse.Namespace) -> int:
    """Ask a peer's agent; the answer stands under the name of the node that gave it."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        answer = await node.ask_peer(arguments.peer, read_question(arguments.text))
    if arguments.json:
        say_json(answer)
    elif answer["ok"]:
        note(f"{one_line(answer['name'])} answers:")
        say(answer["answer"])
        if sources := sources_text(answer.get("citations", [])):
            say(sources)
    if answer["ok"]:
        return 0
    note(peer_refusal(arguments.peer, answer))
    return FAILED


async def grant(arguments: argparse.Namespace) -> int:
    """Say what a peer may do here."""
    grants = read_grants(arguments.grants)
    async with NodeClient.at(data_folder(arguments.data)) as node:
        peer = await node.grant(arguments.peer, grants)
    say_json(peer) if arguments.json else say(granted_text(peer))
    return 0


async def inbound(arguments: argparse.Namespace) -> int:
    """List the asks that are being answered, or stop one."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        if arguments.stop is not None:
            await node.stop_inbound(arguments.stop)
            note("Stopped; the asker is told.")
            return 0
        running = await node.inbound()
    say_json(running) if arguments.json else say(inbound_table(running))
    return 0


async def asks(arguments: argparse.Namespace) -> int:
    """List the record of asks, the latest first."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        kept = await node.asks(arguments.limit)
    say_json(kept) if arguments.json else say(asks_table(kept))
    return 0
