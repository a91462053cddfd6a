"""Running a typed command line: one table from each command to what it does."""

from collections.abc import Mapping
from pathlib import Path

from node.client import NodeClient
from node.replies import NodeError
from node.slash.about import ABOUT
from node.slash.call import Action, Call, Step, Tell
from node.slash.commands import UsageError, read
from node.slash.diag import DIAG
from node.slash.links import LINKS
from node.slash.models import MODELS
from node.slash.outcome import Outcome
from node.slash.pairing import PAIRING
from node.slash.peers import PEERS
from node.slash.permissions import PERMISSIONS
from node.slash.sessions import SESSIONS

ACTIONS: Mapping[str, Action] = {
    **ABOUT,
    **DIAG,
    **SESSIONS,
    **MODELS,
    **PERMISSIONS,
    **PEERS,
    **PAIRING,
    **LINKS,
}
"""What the node does. Prompt commands are in the table of commands alone, the rest is done by the client."""
NOTHING_SAID = "nothing was said here yet; the conversation begins with your first message"


async def nobody(_: Step) -> None:
    """Take the steps of a command whose end is enough."""


async def run(
    node: NodeClient,
    line: str,
    *,
    session_id: str | None = None,
    folder: Path | None = None,
    tell: Tell = nobody,
) -> Outcome:
    """Do what a line says; raises `UsageError` for one that says nothing, `NodeError` for what is refused."""
    command, argument = read(line)
    if command.by == "client":
        raise UsageError(f"/{command.name} is done by the console or the cockpit, not by the node")
    if command.kind == "prompt":
        return Outcome(prompt=command.prompt)
    call = Call(node=node, argument=argument, session_id=session_id, folder=folder, tell=tell)
    try:
        return await ACTIONS[command.name](call)
    except NodeError as error:
        if error.code == "no_such_session" and session_id is not None and session_id in str(error):
            raise UsageError(NOTHING_SAID) from None
        raise
