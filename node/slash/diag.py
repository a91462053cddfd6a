"""Slash commands about how things stand: what an answer depends on, what failed last, what was used."""

from collections.abc import Mapping

from node.console.render import context_text, one_line
from node.console.tables import when
from node.replies import RecentTurnShown
from node.slash.call import Action, Call
from node.slash.outcome import Outcome, Table, said

LOOKS_BACK = 50
"""Turns among which the last one that failed is looked for."""
NO_FAILURE = f"none of the last {LOOKS_BACK} turns failed"
ERROR_MAX_CHARS = 600

MCP = "this version speaks no MCP: it uses no MCP servers and is none; /tools lists the tools there are"
SKILLS = "this version reads no skills; /tools lists what the agent can do"
MEMORY = (
    "between sessions the agent remembers nothing of itself. It can search what was said, as /sessions WORDS"
    " does, and your notes; /tools forget erases which words of yours went with which tools"
)
ATTACH = (
    "this version takes no attachments. Paste the text, or open it in the cockpit's editor: what you look at"
    " there goes along with your message"
)


async def diagnose(call: Call) -> Outcome:
    """Show what an answer depends on, what runs and waits, and what went wrong last."""
    node = call.node
    status, model = await node.status(), await node.model_in_use()
    turns, waiting = await node.recent_turns(LOOKS_BACK), await node.queue()
    peers, inbound = await node.peers(), await node.inbound()
    questions = await node.questions(call.session_id) if call.session_id else []
    trusted = [peer for peer in peers if peer["state"] == "trusted"]
    online = sum(peer["connected"] for peer in trusted)
    running = sum(turn["state"] == "dispatching" for turn in waiting)
    readiness = status["readiness"]
    rows = [
        ("ready", readiness["text"] if readiness["state"] == "ready" else f"no: {readiness['text']}"),
        ("server", " at ".join(filter(None, (model["provider"], model["url"])))),
        ("last turn", _ended(turns[0]) if turns else "none yet"),
        ("now", f"{running} running, {len(waiting) - running} waiting"),
        ("your word", f"{len(questions)} calls of this session wait for it"),
        ("peers", f"{len(trusted)} trusted, {online} online, {len(inbound)} asking"),
    ]
    failure = next((_failure(turn) for turn in turns if turn["error"]), NO_FAILURE)
    return said(Table(rows), failure, *([readiness["remedy"]] if readiness["remedy"] else []))


async def usage(call: Call) -> Outcome:
    """Show what this session took, as far as its servers counted."""
    session = await call.node.session(call.session, 1)
    totals = session["totals"]
    rows = [
        ("messages", str(totals["messages"])),
        ("tokens in", _counted(totals["tokensIn"])),
        ("tokens out", _counted(totals["tokensOut"])),
        ("window", context_text(totals["contextUsed"], totals["contextMax"])),
    ]
    return said(Table(rows), "tokens as the model servers counted them; one that does not count adds nothing")


def _counted(tokens: int | None) -> str:
    return "not reported" if tokens is None else str(tokens)


async def mcp(_: Call) -> Outcome:
    return said(MCP)


async def skills(_: Call) -> Outcome:
    return said(SKILLS)


async def memory(_: Call) -> Outcome:
    return said(MEMORY)


async def attach(_: Call) -> Outcome:
    return said(ATTACH)


def _ended(turn: RecentTurnShown) -> str:
    state = "answered" if turn["state"] == "sent" else turn["state"]
    return f"{when(turn['createdAt'])}, {state}: {one_line(turn['prompt'])}"


def _failure(turn: RecentTurnShown) -> str:
    return f"last failure, {when(turn['createdAt'])}: {one_line(turn['error'] or '', ERROR_MAX_CHARS)}"


DIAG: Mapping[str, Action] = {
    "diag": diagnose,
    "usage": usage,
    "mcp": mcp,
    "skills": skills,
    "memory": memory,
    "attach": attach,
}
