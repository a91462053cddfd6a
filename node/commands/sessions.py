"""`palaver sessions`, `export` and `import`: the stored conversations."""

import argparse
import sys

from node.client import NodeClient
from node.commands.output import note, say, say_json
from node.config import data_folder
from node.console.tables import sessions_table
from node.exported_file import as_text, load, parsed


async def sessions(arguments: argparse.Namespace) -> int:
    """List the sessions, or those that hold the words."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        found = await (node.found_sessions(arguments.search) if arguments.search else node.sessions())
    if arguments.json:
        say_json(found)
    elif found:
        say(sessions_table(found))
    else:
        note("no sessions")
    return 0


async def export(arguments: argparse.Namespace) -> int:
    """Write a session to stdout."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        if arguments.markdown:
            say((await node.transcript(arguments.session)).rstrip("\n"))
        else:
            say(as_text(await node.export_session(arguments.session)).rstrip("\n"))
    return 0


async def import_(arguments: argparse.Namespace) -> int:
    """Store an exported session as a new one."""
    is_piped = arguments.file == "-"
    exported = parsed(sys.stdin.read(), "stdin") if is_piped else load(arguments.file)
    async with NodeClient.at(data_folder(arguments.data)) as node:
        session = await node.import_session(exported)
    say(session["id"])
    return 0
