"""Lists for the terminal: peers, tools, sessions."""

import time
from collections.abc import Sequence

from node.console.render import one_line
from node.console.shares import sources_text
from node.replies import (
    LentToday,
    ModelInUse,
    ModelShown,
    Peer,
    PeerAnswer,
    PeersReply,
    Providers,
    PullPart,
    QueuedTurn,
    SessionHead,
    ToolGroup,
    ToolShown,
    ToolsShown,
)

CELL_MAX_CHARS = 80
SEEN_BY_LENDER = (
    "its owner could read what your turns send there: your messages, the session so far, what tools return"
)
LINE_MAX_CHARS = 200


PEERS_HEAD = ("NAME", "STATE", "LINK", "RTT", "MAY", "ADDRESS", "ID")


def peers_table(peers: Sequence[Peer]) -> str:
    """Return a line per peer: who and where it is, whether it is trusted and there now, what it may do."""
    return aligned([PEERS_HEAD, *map(peer_row, peers)])


def peer_row(peer: Peer) -> tuple[str, ...]:
    link = "online" if peer["connected"] else "" if peer["state"] == "seen" else "offline"
    address = next(iter(peer["addresses"]), "")
    rtt = "" if peer["rttMs"] is None else f"{peer['rttMs']:.0f} ms"
    may = " ".join(peer["granted"]) or "-"
    return (peer_name(peer), peer["state"], link, rtt, may, address, peer["nodeId"])


def peer_name(peer: Peer) -> str:
    """Return what the owner calls a peer: the label, else the name that the peer gave itself."""
    return peer["label"] or peer["name"]


def no_peers() -> str:
    return "no peers yet; `palaver invite` makes a ticket, `palaver join TICKET` uses one"


def peer_refusal(peer: str, answer: PeerAnswer) -> str:
    """Return why a peer did not answer, with the node that said so."""
    return f"{one_line(answer.get('name') or peer)} did not answer: {answer.get('error', 'no reason given')}"


def answer_under_name(answer: PeerAnswer) -> str:
    """Return one of several answers under the name of who gave it, or why there is none."""
    name = answer.get("name", "")
    if not answer["ok"]:
        return peer_refusal(name, answer)
    sources = sources_text(answer.get("citations", []))
    return "\n".join([f"{one_line(name)}:", answer["answer"], *([sources] if sources else []), ""])


def together(reply: PeersReply) -> str:
    """Return several answers put together, or why they are not."""
    if error := reply.get("synthesisError"):
        return f"the model did not put them together: {error}"
    return reply.get("synthesis") or "(no model here puts the answers together)"


def tool_groups(listed: ToolsShown) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Return each group's line and its tools with what each costs; a star marks what was shown last."""
    members: dict[str, list[ToolShown]] = {}
    for tool in listed["tools"]:
        members.setdefault(tool["source"], []).append(tool)
    groups = sorted(listed["groups"], key=lambda group: (group["name"] != "core", group["name"]))
    return [
        (_group_line(group), [tool_row(tool) for tool in sorted(members.get(group["name"], ()), key=_name)])
        for group in groups
    ]


def tools_total(listed: ToolsShown) -> str:
    """Return what all tools cost, and what the last turn showed of them."""
    last = listed["lastTurn"]
    total = f"{_tools(len(listed['tools']))}, {listed['tokens']} tokens"
    shown = f"the last turn showed {len(last['tools'])} (*), {last['tokens']} tokens"
    return f"{total}; {shown}\n{one_line(listed['estimate'], LINE_MAX_CHARS)}"


def tool_row(tool: ToolShown) -> tuple[str, ...]:
    star = "*" if tool["shown"] else ""
    return (star, tool["name"], tool["effect"], str(tool["tokens"]), tool["description"])


def _group_line(group: ToolGroup) -> str:
    return f"{one_line(group['name'])}: {_tools(group['count'])}, {group['tokens']} tokens"


def _name(tool: ToolShown) -> str:
    return tool["name"]


def _tools(count: int) -> str:
    return "1 tool" if count == 1 else f"{count} tools"


def models_table(providers: Providers) -> str:
    """Return the models of every server that answers, the one in use marked, and what to do without any."""
    rows = model_rows(providers)
    return "\n".join([*([aligned(rows)] if rows else []), *models_notes(providers)])


def model_rows(providers: Providers) -> list[tuple[str, ...]]:
    return [
        ("*" if model["current"] else " ", model["name"], server["label"] or "", abilities(model))
        for server in providers["servers"]
        for model in server["models"]
    ]


def models_notes(providers: Providers) -> list[str]:
    """Return what is to be said beside the models, and instead of them where there are none."""
    answering = [server for server in providers["servers"] if server["provider"]]
    notes = [f"{server['label']} has no model yet" for server in answering if not server["models"]]
    if offer := providers["offer"]:
        notes.append(f"fetch one: palaver pull {offer['model']}, or /pull {offer['model']} in the console")
    if notes or model_rows(providers):
        return notes
    return ["no model server answers; start Ollama, LM Studio, vLLM or llama-server"]


def abilities(model: ModelShown) -> str:
    """Say what a model can do, as far as its server tells."""
    tools = {True: "calls tools", False: "calls no tools", None: ""}[model["callsTools"]]
    window = f"{model['contextWindow']} tokens" if model["contextWindow"] else ""
    return ", ".join(filter(None, (tools, "thinks" if model["thinks"] else "", window)))


def model_in_use(chosen: ModelInUse) -> str:
    """Return what a choice came to."""
    override = chosen["overriddenBy"]
    if override:
        return f"kept, but the setting {override} goes before it; turns still use {chosen['label']}"
    warning = f"\n{SEEN_BY_LENDER}" if chosen["provider"] == "peer" else ""
    return f"turns now use {chosen['label']}{warning}"


def lent_table(days: Sequence[LentToday]) -> str:
    """Return a line per day and peer: what it used of this node's model."""
    rows = [("DAY", "PEER", "ROUNDS", "READ", "WRITTEN")]
    rows += [
        (
            day["day"],
            day["name"],
            str(day["rounds"]),
            f"{day['promptTokens']} tokens",
            f"{day['completionTokens']} tokens",
        )
        for day in days
    ]
    return aligned(rows)


def pull_progress(part: PullPart) -> str:
    """Return how far a pull is, on one line."""
    total, status = part.get("total"), one_line(part.get("status", ""), CELL_MAX_CHARS)
    if not total:
        return status
    done = part.get("completed", 0)
    return f"{status} {100 * done // total} % of {total / 1e6:.0f} MB"


def sessions_table(sessions: Sequence[SessionHead]) -> str:
    """Return a line per session, with the words that a search found in it."""
    return aligned([*map(session_row, sessions)]) if sessions else "no sessions yet"


def session_row(session: SessionHead) -> tuple[str, ...]:
    return (
        session["id"],
        session.get("title") or "(untitled)",
        " ".join(mark for mark in ("pinned", "archived") if session.get(mark)),
        session.get("excerpt", ""),
    )


def queue_row(turn: QueuedTurn) -> tuple[str, ...]:
    return ("runs" if turn["state"] == "dispatching" else "waits", turn["source"], turn["prompt"])


def when(epoch_s: float) -> str:
    """Return a moment in the owner's own time zone."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(epoch_s))


def aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows with their columns one under the other."""
    safe = [[one_line(cell, CELL_MAX_CHARS) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*safe, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in safe)
