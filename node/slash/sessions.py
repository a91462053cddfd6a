"""Slash commands about sessions: finding, opening, naming and emptying them, and what runs in one."""

from collections.abc import Mapping

from node.console.render import one_line
from node.console.tables import queue_row, session_row
from node.slash.call import Action, Call
from node.slash.commands import UsageError, usage
from node.slash.outcome import Confirm, Outcome, Table, Text, said

RETRY_LOOKS_BACK = 50
"""Messages among which the last failed one is looked for."""


async def list_sessions(call: Call) -> Outcome:
    words = call.argument
    found = await (call.node.found_sessions(words) if words else call.node.sessions())
    if not found:
        return said("no session holds these words" if words else "no sessions yet")
    return said(Table([session_row(session) for session in found]))


async def open_session(call: Call) -> Outcome:
    session = await call.node.session(call.argument, 1)
    return Outcome(opens=session["id"], shown=[Text(f"on with {one_line(session['title'])}")])


async def begin(_: Call) -> Outcome:
    return Outcome(begins=True, shown=[Text("a new session begins with your next message")])


async def rename(call: Call) -> Outcome:
    changed = await call.node.change_session(call.session, title=call.argument)
    return said(f"now called {one_line(changed['title'])}")


async def pin(call: Call) -> Outcome:
    """Pin, or unpin what is pinned."""
    pinned = (await call.node.session(call.session, 1)).get("pinned", False)
    await call.node.change_session(call.session, pinned=not pinned)
    return said("no longer pinned" if pinned else "pinned: it leads the list")


async def archive(call: Call) -> Outcome:
    """Archive, or take back what is archived."""
    archived = (await call.node.session(call.session, 1)).get("archived", False)
    await call.node.change_session(call.session, archived=not archived)
    return said(
        "back in the list" if archived else "archived: out of the list, and /sessions WORDS still finds it"
    )


async def clear(call: Call) -> Outcome:
    """Erase what was said in the session, once the owner has said yes to that."""
    match call.argument:
        case "":
            session = await call.node.session(call.session, 1)
            question = (
                f"Erase all {session['messageCount']} messages of “{one_line(session['title'])}”, with the"
                " record of its turns and its summary? What runs is stopped; the session and its title stay."
            )
            return Outcome(confirm=Confirm(question=question, action="Erase", line="/clear yes"))
        case "yes":
            await call.node.reset_session(call.session)
            return said("emptied; the next message starts afresh")
        case _:
            raise usage("clear")


async def delete(call: Call) -> Outcome:
    """Delete for good, once the owner has typed the title or said yes to it."""
    if not call.argument:
        title = (await call.node.session(call.session, 1))["title"]
        question = f"Delete “{one_line(title)}” for good, with all its messages?"
        return Outcome(confirm=Confirm(question=question, action="Delete", line=f"/delete {title}"))
    await call.node.delete_session(call.session, call.argument)
    return Outcome(begins=True, shown=[Text("deleted; a new session begins with your next message")])


async def retry(call: Call) -> Outcome:
    """Say the last message again that failed or was stopped."""
    messages = (await call.node.session(call.session, RETRY_LOOKS_BACK))["messages"]
    failed = [m["turnId"] for m in messages if m["turnId"] and m["state"] in {"failed", "cancelled"}]
    if not failed:
        raise UsageError("no message here has failed")
    await call.node.retry(str(failed[-1]), call.session)
    return said("said again")


async def show_queue(call: Call) -> Outcome:
    turns = await call.node.queue(call.session)
    if not turns:
        return said("nothing runs and nothing waits here")
    return said(Table([queue_row(turn) for turn in turns]))


async def stop(call: Call) -> Outcome:
    """Stop what runs; what waits behind it comes next."""
    turns = await call.node.queue(call.session_id) if call.session_id else []
    running = [turn for turn in turns if turn["state"] == "dispatching"]
    for turn in running:
        await call.node.withdraw(turn["turnId"], turn["sessionId"])
    return said("stopped" if running else "nothing runs")


async def compact(call: Call) -> Outcome:
    await call.node.compact_session(call.session)
    return said("summarised; the session keeps every message")


SESSIONS: Mapping[str, Action] = {
    "sessions": list_sessions,
    "open": open_session,
    "new": begin,
    "rename": rename,
    "pin": pin,
    "archive": archive,
    "clear": clear,
    "delete": delete,
    "retry": retry,
    "queue": show_queue,
    "stop": stop,
    "compact": compact,
}
