"""Slash commands with which a peer becomes trusted, is named, and ends being trusted."""

from collections.abc import Mapping

from node.console.comparing import is_address, pairing_text
from node.console.render import one_line
from node.console.tables import peer_name, when
from node.slash.call import Action, Call
from node.slash.commands import UsageError
from node.slash.outcome import Outcome, Ticket, said


async def invite(call: Call) -> Outcome:
    made = await call.node.invite()
    return said(
        Ticket(made["ticket"]),
        f"Good once, until {when(made['expiresAt'])}. The other owner types: /join TICKET",
    )


async def join(call: Call) -> Outcome:
    peer = await call.node.join(call.argument)
    return said(f"paired with {one_line(peer['name'])} ({peer['nodeId']})")


async def pair(call: Call) -> Outcome:
    """Show how pairing stands, begin it, or answer."""
    match call.argument:
        case "":
            now = await call.node.pairing()
            comparison = now["comparison"]
            waits = comparison is not None and comparison["state"] in ("undecided", "agreed")
            stands = waits or now["openUntil"]
            return said(pairing_text(now if stands else await call.node.let_pair(allowed=True)))
        case "no":
            return said(pairing_text(await call.node.disagree()))
        case yes if yes.partition(" ")[0] == "yes":
            return said(pairing_text(await call.node.agree(digits(yes))))
        case other if is_address(other):
            await call.node.compare(address=other)
        case other:
            await call.node.compare(peer=other)
    return said(pairing_text(await call.node.pairing()))


def digits(answer: str) -> str:
    """Return the code that a yes is said to; raises `UsageError`."""
    code = "".join(answer.removeprefix("yes").split())
    if not code:
        raise UsageError("write the digits that both screens show: /pair yes 123 456")
    return code


async def revoke(call: Call) -> Outcome:
    await call.node.revoke(call.argument)
    return said(f"{one_line(call.argument)} is no longer trusted, and its links are closed")


async def block(call: Call) -> Outcome:
    blocked = await call.node.change_peer(call.argument, blocked=True)
    return said(f"{one_line(peer_name(blocked))} is blocked; /unblock lets it pair again")


async def unblock(call: Call) -> Outcome:
    changed = await call.node.change_peer(call.argument, blocked=False)
    return said(f"{one_line(peer_name(changed))} is {changed['state']} now; it may pair again")


async def call_peer(call: Call) -> Outcome:
    peer, _, name = call.argument.partition(" ")
    changed = await call.node.change_peer(peer, petName=name.strip())
    return said(f"now called {one_line(peer_name(changed))}")


PAIRING: Mapping[str, Action] = {
    "invite": invite,
    "join": join,
    "pair": pair,
    "call": call_peer,
    "revoke": revoke,
    "block": block,
    "unblock": unblock,
}
