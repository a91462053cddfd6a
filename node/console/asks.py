"""What the owner sees and decides of peers' asks in the terminal: grants, asks that run, the record."""

from collections.abc import Mapping, Sequence

from node.console.render import one_line
from node.console.tables import aligned, peer_name, when
from node.replies import GrantedPeer, InboundAsk, KeptAsk
from node.slash.commands import UsageError

GRANTS = ("ask", "shared", "notes", "model")
USAGE = f"say `none`, `default`, or any of {' '.join(GRANTS)}"
NOBODY_ASKS = "no peer is asking just now"
NO_ASKS = "no asks yet"
ARROWS: Mapping[str, str] = {"in": "from", "out": "to"}


def read_grants(words: Sequence[str]) -> tuple[str, ...] | None:
    """Return the grants that are meant, None for `default`; raises `UsageError`."""
    match [word.lower() for word in words]:
        case ["default"]:
            return None
        case ["none"]:
            return ()
        case [*named] if named and set(named) <= set(GRANTS):
            return tuple(dict.fromkeys(named))
        case _:
            raise UsageError(USAGE)


def granted_text(peer: GrantedPeer) -> str:
    """Say what a peer may do now, and what keeps it from more."""
    whose = "" if peer["grants"] is not None else ", as peers in general"
    held = peer["granted"] if not peer["notice"] else peer["grants"] or []
    lines = [f"{one_line(peer_name(peer))}: {' '.join(held) or 'nothing'}{whose}"]
    if held and "ask" not in held:
        lines.append("without `ask`, the others do nothing")
    return "\n".join([*lines, *([peer["notice"]] if peer["notice"] else [])])


INBOUND_HEAD = ("ID", "FROM", "BEGAN AT", "ASKS")


def inbound_table(asks: Sequence[InboundAsk]) -> str:
    """Return a line per ask that is being answered."""
    return aligned([INBOUND_HEAD, *map(inbound_row, asks)]) if asks else NOBODY_ASKS


def inbound_row(ask: InboundAsk) -> tuple[str, ...]:
    return (ask["rid"], ask["name"], first_asker(ask["firstAsker"]), ask["prompt"])


def asks_table(asks: Sequence[KeptAsk]) -> str:
    """Return a line per ask of the record, the latest first."""
    return aligned([*map(ask_row, asks)]) if asks else NO_ASKS


def ask_row(ask: KeptAsk) -> tuple[str, ...]:
    return (
        when(ask["startedAt"]),
        f"{ARROWS[ask['direction']]} {ask['name']}",
        (ask["outcome"] or "under way") + (f" x{ask['times']}" if ask["times"] > 1 else ""),
        f"{ask['promptChars']} > {ask['answerChars'] or 0} characters",
        "" if ask["durationMs"] is None else f"{ask['durationMs']} ms",
        first_asker(ask["firstAsker"]),
    )


def first_asker(node_id: str | None) -> str:
    return node_id[:8] if node_id else ""
