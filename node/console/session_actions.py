"""What the slash commands about sessions do; each returns the text to show."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from node.client import NodeClient
from node.console.commands import UsageError
from node.console.render import one_line
from node.console.tables import queue_table
from node.exported_file import as_text, save

SessionAction: TypeAlias = Callable[[NodeClient, str, str], Awaitable[str]]
"""Takes the node, the session that the console is in, and the argument."""


async def rename(node: NodeClient, session_id: str, title: str) -> str:
    return f"now called {one_line((await node.change_session(session_id, title=title))['title'])}"


async def pin(node: NodeClient, session_id: str, _: str) -> str:
    """Pin, or unpin what is pinned."""
    pinned = (await node.session(session_id, 1)).get("pinned", False)
    await node.change_session(session_id, pinned=not pinned)
    return "no longer pinned" if pinned else "pinned: it leads the list"


async def archive(node: NodeClient, session_id: str, _: str) -> str:
    """Archive, or take back what is archived."""
    archived = (await node.session(session_id, 1)).get("archived", False)
    await node.change_session(session_id, archived=not archived)
    return "back in the list" if archived else "archived: out of the list, and /sessions WORDS still finds it"


async def delete(node: NodeClient, session_id: str, title: str) -> str:
    """Delete for good, once the owner has typed the title."""
    if not title:
        session = await node.session(session_id, 1)
        raise UsageError(f"to delete this session for good, type: /delete {one_line(session['title'])}")
    await node.delete_session(session_id, title)
    return "deleted; a new session begins with your next message"


async def reset(node: NodeClient, session_id: str, _: str) -> str:
    await node.reset_session(session_id)
    return "emptied; the next message starts afresh"


async def retry(node: NodeClient, session_id: str, _: str) -> str:
    """Say the last message again that failed or was stopped."""
    messages = (await node.session(session_id, 50))["messages"]
    failed = [m["turnId"] for m in messages if m["turnId"] and m["state"] in {"failed", "cancelled"}]
    if not failed:
        raise UsageError("no message here has failed")
    await node.retry(str(failed[-1]), session_id)
    return "said again"


async def export(node: NodeClient, session_id: str, file: str) -> str:
    """Write the session to a file: Markdown when its name says so, else JSON."""
    if file.endswith(".md"):
        text = await node.transcript(session_id)
    else:
        text = as_text(await node.export_session(session_id))
    return f"written to {await asyncio.to_thread(save, file, text)}"


async def show_queue(node: NodeClient, session_id: str, _: str) -> str:
    turns = await node.queue(session_id)
    return queue_table(turns) if turns else "nothing runs and nothing waits here"


SESSION_ACTIONS: Mapping[str, SessionAction] = {
    "rename": rename,
    "pin": pin,
    "archive": archive,
    "delete": delete,
    "reset": reset,
    "retry": retry,
    "export": export,
    "queue": show_queue,
}
