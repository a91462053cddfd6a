"""What the slash commands that need the node do; each returns the text to show."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from node.client import NodeClient
from node.console.asks import asks, grant, inbound
from node.console.commands import UsageError, help_text
from node.console.comparing import is_address, pairing_text
from node.console.permissions import overview_text, read_test, verdict_text
from node.console.render import one_line
from node.console.shares import no_shares, removed_text, share_text, shares_text, sources_text
from node.console.tables import (
    model_in_use,
    models_table,
    no_peers,
    peer_name,
    peer_refusal,
    peers_table,
    sessions_table,
    tools_table,
    when,
)
from node.exported_file import load
from node.qr import qr_text

Action: TypeAlias = Callable[[NodeClient, str], Awaitable[str]]


async def show_help(_: NodeClient, __: str) -> str:
    return help_text()


async def list_tools(node: NodeClient, argument: str) -> str:
    """List the tools, or forget what was learned of their use."""
    match argument:
        case "":
            return tools_table(await node.tools())
        case "forget":
            return f"forgot the words of requests that {await node.forget_learned()} tools had"
        case _:
            raise UsageError("usage: /tools [forget]")


async def list_peers(node: NodeClient, _: str) -> str:
    peers = await node.peers()
    return peers_table(peers) if peers else no_peers()


async def list_sessions(node: NodeClient, words: str) -> str:
    if not words:
        return sessions_table(await node.sessions())
    found = await node.found_sessions(words)
    return sessions_table(found) if found else "no session holds these words"


async def import_session(node: NodeClient, file: str) -> str:
    """Store an exported session as a new one."""
    session = await node.import_session(await asyncio.to_thread(load, file))
    return f"stored as {session['id']}; /open {session['id']} goes on with it"


async def show_or_choose_model(node: NodeClient, name: str) -> str:
    if name:
        return model_in_use(await node.choose_model(name))
    return models_table(await node.providers())


async def ask_peer(node: NodeClient, argument: str) -> str:
    peer, _, prompt = argument.partition(" ")
    answer = await node.ask_peer(peer, prompt)
    if not answer["ok"]:
        return peer_refusal(peer, answer)
    lines = (f"{one_line(answer['name'])}: {answer['answer']}", sources_text(answer.get("citations", [])))
    return "\n".join(filter(None, lines))


async def permissions(node: NodeClient, argument: str, session_id: str | None = None) -> str:
    """Show what is in force, in a session where there is one, or test a call."""
    verb, _, rest = argument.partition(" ")
    match verb:
        case "" | "list":
            return overview_text(await node.permissions(session_id))
        case "test" if rest.strip():
            return verdict_text(await node.test_permission(*read_test(rest), session_id))
        case _:
            raise UsageError(
                "usage: /permissions [test CALL [--mode MODE]], as /permissions test shell.run(ls)"
            )


async def share(node: NodeClient, argument: str) -> str:
    """List the shared folders, share one, or stop sharing one."""
    verb, _, rest = argument.partition(" ")
    match verb:
        case "" | "list":
            shares = await node.shares()
            return shares_text(shares) if shares else no_shares()
        case "add" if rest.strip():
            folder, _, peers = rest.partition(" with ")
            added = await node.share(folder.strip(), peers.split() or ["all"])
            return "\n".join([share_text(added), *added["warnings"]])
        case "remove" if rest.strip():
            return removed_text(await node.unshare(rest.strip()))
        case _:
            raise UsageError("usage: /share [add FOLDER [with PEER] | remove FOLDER]")


async def invite(node: NodeClient, _: str) -> str:
    made = await node.invite()
    return (
        f"{qr_text(made['ticket'].upper())}\n{made['ticket']}\n"
        f"Good once, until {when(made['expiresAt'])}. The other owner types: /join TICKET"
    )


async def join(node: NodeClient, ticket: str) -> str:
    peer = await node.join(ticket)
    return f"paired with {one_line(peer['name'])} ({peer['nodeId']})"


async def pair(node: NodeClient, argument: str) -> str:
    """Show how pairing stands, begin it, or answer."""
    match argument:
        case "":
            now = await node.pairing()
            comparison = now["comparison"]
            waits = comparison is not None and comparison["state"] in ("undecided", "agreed")
            return pairing_text(now if waits or now["openUntil"] else await node.let_pair(allowed=True))
        case "yes" | "no":
            return pairing_text(await node.agree(match=argument == "yes"))
        case _ if is_address(argument):
            await node.compare(address=argument)
        case _:
            await node.compare(peer=argument)
    return pairing_text(await node.pairing())


async def revoke(node: NodeClient, peer: str) -> str:
    await node.revoke(peer)
    return f"{one_line(peer)} is no longer trusted, and its links are closed"


async def block(node: NodeClient, peer: str) -> str:
    blocked = await node.change_peer(peer, blocked=True)
    return f"{one_line(peer_name(blocked))} is blocked; /unblock lets it pair again"


async def unblock(node: NodeClient, peer: str) -> str:
    changed = await node.change_peer(peer, blocked=False)
    return f"{one_line(peer_name(changed))} is {changed['state']} now; it may pair again"


async def call_peer(node: NodeClient, argument: str) -> str:
    peer, _, name = argument.partition(" ")
    return f"now called {one_line(peer_name(await node.change_peer(peer, petName=name.strip())))}"


ACTIONS: Mapping[str, Action] = {
    "help": show_help,
    "tools": list_tools,
    "peers": list_peers,
    "sessions": list_sessions,
    "import": import_session,
    "model": show_or_choose_model,
    "ask": ask_peer,
    "asks": asks,
    "grant": grant,
    "inbound": inbound,
    "permissions": permissions,
    "share": share,
    "invite": invite,
    "join": join,
    "pair": pair,
    "revoke": revoke,
    "block": block,
    "unblock": unblock,
    "call": call_peer,
}
"""The console itself does `new`, `open`, `compact`, `pull`, `stop` and `quit`."""
