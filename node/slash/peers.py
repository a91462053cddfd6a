"""Slash commands about peers: who is there, asking them, what they ask and may do here."""

from collections.abc import Mapping
from contextlib import aclosing

from node.console.asks import (
    INBOUND_HEAD,
    NO_ASKS,
    NOBODY_ASKS,
    ask_row,
    granted_text,
    inbound_row,
    read_grants,
)
from node.console.render import one_line
from node.console.shares import no_shares, removed_text, share_text, shares_text, sources_text
from node.console.tables import PEERS_HEAD, answer_under_name, no_peers, peer_name, peer_refusal, peer_row
from node.replies import NodeError, Peer
from node.slash.call import Action, Call
from node.slash.commands import usage
from node.slash.outcome import Outcome, Table, Text, said


async def list_peers(call: Call) -> Outcome:
    peers = await call.node.peers()
    return said(Table([peer_row(peer) for peer in peers], PEERS_HEAD) if peers else no_peers())


async def ask(call: Call) -> Outcome:
    peer, _, prompt = call.argument.partition(" ")
    answer = await call.node.ask_peer(peer, prompt)
    if not answer["ok"]:
        return said(peer_refusal(peer, answer))
    lines = (f"{one_line(answer['name'])}: {answer['answer']}", sources_text(answer.get("citations", [])))
    return said("\n".join(filter(None, lines)))


async def ask_all(call: Call) -> Outcome:
    """Show each peer's answer as it comes."""
    async with aclosing(call.node.ask_peers(call.argument)) as parts:
        async for part in parts:
            if heard := part.get("heard"):
                await call.tell(Text(answer_under_name(heard)))
            elif not part["reply"]["answers"]:
                return said("no peer is connected")
    return said()


async def trust(call: Call) -> Outcome:
    """Say whether a peer is trusted, what it may do, and how that is changed."""
    found = [peer for peer in await call.node.peers() if _is_meant(peer, call.argument)]
    if not found:
        raise NodeError(f"no peer is called {call.argument!r:.80}; /peers lists them")
    (peer, *others) = found
    if others:
        raise NodeError(f"{call.argument!r:.80} means {len(found)} peers; say more of the id")
    rows = [
        ("state", peer["state"]),
        ("key", peer["fingerprint"]),
        ("may", " ".join(peer["granted"]) or "nothing"),
    ]
    return said(one_line(peer_name(peer)), Table(rows), _next_steps(peer))


def _is_meant(peer: Peer, typed: str) -> bool:
    names = (peer["label"], peer["name"])
    return typed.casefold() in map(str.casefold, names) or peer["nodeId"].startswith(typed.casefold())


def _next_steps(peer: Peer) -> str:
    name = one_line(peer_name(peer))
    match peer["state"]:
        case "trusted":
            return f"/grant {name} GRANTS changes what it may do, /revoke {name} ends the trust"
        case "blocked":
            return f"it stays out; /unblock {name} lets it pair again"
        case _:
            return f"trust begins with a comparison of codes, /pair {name}, or with a ticket, /invite"


async def grant(call: Call) -> Outcome:
    peer, *words = call.argument.split()
    return said(granted_text(await call.node.grant(peer, read_grants(words))))


async def inbound(call: Call) -> Outcome:
    """List what peers ask just now, or stop one of it."""
    match call.argument.split():
        case []:
            asks = await call.node.inbound()
            return said(Table([inbound_row(each) for each in asks], INBOUND_HEAD) if asks else NOBODY_ASKS)
        case ["stop", rid]:
            await call.node.stop_inbound(rid)
            return said("stopped; the asker is told")
        case _:
            raise usage("inbound")


async def list_asks(call: Call) -> Outcome:
    asks = await call.node.asks()
    return said(Table([ask_row(each) for each in asks]) if asks else NO_ASKS)


async def share(call: Call) -> Outcome:
    """List the shared folders, share one, or stop sharing one."""
    verb, _, rest = call.argument.partition(" ")
    match verb:
        case "" | "list":
            shares = await call.node.shares()
            return said(shares_text(shares) if shares else no_shares())
        case "add" if rest.strip():
            folder, _, peers = rest.partition(" with ")
            added = await call.node.share(call.path(folder.strip()), peers.split() or ["all"])
            return said("\n".join([share_text(added), *added["warnings"]]))
        case "remove" if rest.strip():
            return said(removed_text(await call.node.unshare(_folder(call, rest.strip()))))
        case _:
            raise usage("share")


def _folder(call: Call, typed: str) -> str:
    """Return a path as it holds anywhere, and a label as it is."""
    return call.path(typed) if call.folder and (call.folder / typed).exists() else typed


PEERS: Mapping[str, Action] = {
    "peers": list_peers,
    "ask": ask,
    "askall": ask_all,
    "asks": list_asks,
    "inbound": inbound,
    "trust": trust,
    "grant": grant,
    "share": share,
}
