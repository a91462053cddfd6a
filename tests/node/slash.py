"""Slash commands as a client of the node has them done: the line over HTTP, the outcome as its text."""

from node.client import NodeClient
from node.console.drawn import asked, drawn
from node.replies import BlockShown, OutcomeShown


async def outcome_of(node: NodeClient, line: str, session_id: str | None = None) -> OutcomeShown:
    """Have a line done and return its outcome, with what was shown on the way."""
    shown: list[BlockShown] = []
    async for part in node.run_command(line, session_id=session_id):
        if "outcome" in part:
            return {**part["outcome"], "shown": [*shown, *part["outcome"]["shown"]]}
        if "progress" not in part["step"]:
            shown.append(part["step"])
    raise AssertionError(f"{line} came to no end")


async def typed(node: NodeClient, line: str, session_id: str | None = None) -> str:
    """Have a line done and return what is read of it."""
    outcome = await outcome_of(node, line, session_id)
    confirm = [asked(outcome["confirm"])] if outcome["confirm"] else []
    return "\n".join([*map(drawn, outcome["shown"]), *confirm])
