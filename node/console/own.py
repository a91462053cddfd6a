"""What the console does of the slash commands by itself: its help, and files where it stands."""

import asyncio

from node.client import NodeClient
from node.exported_file import as_text, load, save
from node.slash.commands import COMMANDS

KEYS = (
    ("Enter", "send"),
    ("Esc Enter", "new line"),
    ("Ctrl-C", "stop the turn, else clear the line; twice on an empty line: leave"),
    ("Ctrl-D", "leave"),
    ("Ctrl-R", "search the history; a line that begins with a space is not kept in it"),
    ("Ctrl-Z", "put the console into the background"),
    ("F2", "show or hide the reasoning"),
    ("Esc y/s/a/n", "answer an approval: once, session, always, no; without Esc while the line is empty"),
    ("Esc e", "edit the arguments of a call before it runs; e alone while the line is empty"),
)


def help_text() -> str:
    """Return the commands with their class, and the keys."""
    commands = [c for c in COMMANDS if c.where != "cockpit"]
    lines = [f"/{f'{c.name} {c.arguments}':<17} {c.kind:<8} {c.hint}" for c in commands]
    keys = [f"{key:<18} {meaning}" for key, meaning in KEYS]
    return "\n".join([*lines, "", *keys, "", "Anything else is sent to the agent; //text sends /text."])


async def export(node: NodeClient, session_id: str, file: str) -> str:
    """Write the session to a file: Markdown when its name says so, else JSON."""
    if file.endswith(".md"):
        text = await node.transcript(session_id)
    else:
        text = as_text(await node.export_session(session_id))
    return f"written to {await asyncio.to_thread(save, file, text)}"


async def bring(node: NodeClient, file: str) -> str:
    """Store an exported session as a new one."""
    session = await node.import_session(await asyncio.to_thread(load, file))
    return f"stored as {session['id']}; /open {session['id']} goes on with it"
