"""The slash commands: their names, their class, what they take. `actions.py` does them. Pure."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["info", "control", "prompt"]
"""info shows something, control changes something, prompt is sent to the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    name: str
    kind: Kind
    arguments: str = ""
    hint: str
    aliases: tuple[str, ...] = ()
    required: int = 0
    """How many words it cannot do without."""


COMMANDS = (
    Command(name="help", kind="info", hint="show the commands and keys", aliases=("?",)),
    Command(
        name="tools",
        kind="info",
        arguments="[forget]",
        hint="list every tool and what it costs, or forget what was learned of their use",
    ),
    Command(name="peers", kind="info", hint="list the peers and their state"),
    Command(
        name="sessions", kind="info", arguments="[WORDS]", hint="list the stored conversations, or find some"
    ),
    Command(name="open", kind="control", arguments="ID", hint="go on with a session", required=1),
    Command(name="rename", kind="control", arguments="TITLE", hint="rename this session", required=1),
    Command(name="pin", kind="control", hint="have this session lead the list, or not"),
    Command(name="archive", kind="control", hint="take this session out of the list, or back"),
    Command(name="reset", kind="control", hint="empty this session"),
    Command(name="delete", kind="control", arguments="TITLE", hint="delete this session for good"),
    Command(name="export", kind="info", arguments="FILE", hint="write this session to a file", required=1),
    Command(
        name="import", kind="control", arguments="FILE", hint="store an exported session anew", required=1
    ),
    Command(name="queue", kind="info", hint="show what runs and waits in this session"),
    Command(name="retry", kind="control", hint="say the last failed message again"),
    Command(
        name="model", kind="control", arguments="[NAME]", hint="list the models, or work with another one"
    ),
    Command(name="pull", kind="control", arguments="NAME", hint="fetch a model onto Ollama", required=1),
    Command(
        name="permissions",
        kind="info",
        arguments="[test CALL]",
        hint="show what the agent may do, or what the gate says of a call",
    ),
    Command(name="ask", kind="control", arguments="PEER TEXT", hint="ask a peer's agent", required=2),
    Command(
        name="askall",
        kind="control",
        arguments="TEXT",
        hint="ask the agents of all connected peers",
        required=1,
    ),
    Command(
        name="share",
        kind="control",
        arguments="[add FOLDER [with PEER] | remove FOLDER]",
        hint="list the folders that peers may search and read, share one, or stop that",
    ),
    Command(
        name="grant",
        kind="control",
        arguments="PEER GRANTS",
        hint="say what a peer may do here: none, default, or some of ask shared notes model",
        required=2,
    ),
    Command(name="inbound", kind="info", arguments="[stop ID]", hint="show what peers ask, or stop one ask"),
    Command(name="asks", kind="info", hint="show the record of asks, both ways"),
    Command(name="new", kind="control", hint="begin a new session", aliases=("newchat",)),
    Command(name="compact", kind="control", hint="have the older turns read as a summary"),
    Command(name="stop", kind="control", hint="stop the running turn"),
    Command(name="invite", kind="control", hint="make a ticket for another owner"),
    Command(
        name="join", kind="control", arguments="TICKET", hint="pair with the node that made it", required=1
    ),
    Command(
        name="pair",
        kind="control",
        arguments="[PEER|ADDRESS]",
        hint="compare codes with a node, or let one ask; then /pair yes or no",
    ),
    Command(
        name="call", kind="control", arguments="PEER NAME", hint="give a peer a name of yours", required=2
    ),
    Command(name="revoke", kind="control", arguments="PEER", hint="end the trust in a peer", required=1),
    Command(name="block", kind="control", arguments="PEER", hint="keep a peer out", required=1),
    Command(name="unblock", kind="control", arguments="PEER", hint="let it pair again", required=1),
    Command(name="quit", kind="control", hint="leave the console", aliases=("exit",)),
)

KEYS = (
    ("Enter", "send"),
    ("Esc Enter", "new line"),
    ("Ctrl-C", "stop the turn, else clear the line"),
    ("Ctrl-D", "leave"),
    ("Ctrl-R", "search the history; a line that begins with a space is not kept in it"),
    ("Ctrl-Z", "put the console into the background"),
    ("F2", "show or hide the reasoning"),
    ("Esc y/s/a/n", "answer an approval: once, session, always, no; without Esc while the line is empty"),
    ("Esc e", "edit the arguments of a call before it runs; e alone while the line is empty"),
)


class UsageError(Exception):
    """A line that begins with a slash is not a command as it stands; the text says what is."""


def is_command(line: str) -> bool:
    """Two slashes send the rest as it is, so that a prompt may begin with one."""
    return line.startswith("/") and not line.startswith("//")


def read(line: str) -> tuple[Command, str]:
    """Return the command of a line and its argument; raises `UsageError`."""
    word, _, argument = line.strip().removeprefix("/").partition(" ")
    command = find(word)
    if command is None:
        raise UsageError(f"there is no command /{word}{_suggestion(word)}; /help lists them")
    if len(argument.split(maxsplit=1)) < min(command.required, 2):
        raise UsageError(f"usage: /{command.name} {command.arguments}")
    return command, argument.strip()


def find(word: str) -> Command | None:
    return next((command for command in COMMANDS if word == command.name or word in command.aliases), None)


def help_text() -> str:
    """Return the commands with their class, and the keys."""
    lines = [f"/{f'{c.name} {c.arguments}':<17} {c.kind:<8} {c.hint}" for c in COMMANDS]
    keys = [f"{key:<18} {meaning}" for key, meaning in KEYS]
    return "\n".join([*lines, "", *keys, "", "Anything else is sent to the agent; //text sends /text."])


def _suggestion(word: str) -> str:
    near = get_close_matches(word, [command.name for command in COMMANDS], n=1)
    return f"; did you mean /{near[0]}?" if near else ""
