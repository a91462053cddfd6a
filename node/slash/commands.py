"""The slash commands of console and cockpit: their names, their class, what they take. Pure."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["info", "control", "prompt"]
"""info shows something, control changes something; prompt alone is sent to the model."""
LINE_MAX_CHARS = 32_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    name: str
    kind: Kind
    arguments: str = ""
    hint: str
    aliases: tuple[str, ...] = ()
    required: int = 0
    """How many words it cannot do without."""
    by: Literal["node", "client"] = "node"
    """Who does it: some are about the client alone, as leaving it."""
    where: Literal["both", "console", "cockpit"] = "both"
    prompt: str = ""
    """What a prompt command sends."""


COMMANDS = (
    Command(name="help", kind="info", hint="show the commands", aliases=("?",)),
    Command(
        name="info",
        kind="info",
        hint="show this node, its model, its peers, this session",
        aliases=("agents",),
    ),
    Command(name="diag", kind="info", hint="show what answers depend on, what runs, and what failed last"),
    Command(name="usage", kind="info", hint="show the tokens that this session took"),
    Command(
        name="status",
        kind="prompt",
        hint="have the agent say where it stands",
        prompt="Where do you stand? Say in a few lines what I asked for in this conversation, what of it is"
        " done, what is open, and what waits for me. Call no tools for this.",
    ),
    Command(
        name="summarize",
        kind="prompt",
        hint="have the agent sum this conversation up; /compact makes room",
        prompt="Summarize this conversation so far: what it is about, what was found out, what was decided,"
        " and what is open. Call no tools for this.",
    ),
    Command(name="new", kind="control", hint="begin a new session", aliases=("newchat",)),
    Command(
        name="clear",
        kind="control",
        arguments="[yes]",
        hint="erase the messages of this session; it stays, empty",
        aliases=("reset",),
    ),
    Command(
        name="localclear",
        kind="control",
        hint="take what commands said off the screen, and nothing else",
        by="client",
    ),
    Command(name="stop", kind="control", hint="stop the running turn"),
    Command(
        name="approve",
        kind="control",
        arguments="[once | session | always | deny]",
        hint="answer the call that waits for your word, once if nothing else is said",
    ),
    Command(
        name="mode",
        kind="control",
        arguments="[MODE]",
        hint="show how much the agent may do in this session, or change it",
    ),
    Command(
        name="permissions",
        kind="info",
        arguments="[test CALL]",
        hint="show what the agent may do, or what the gate says of a call",
    ),
    Command(
        name="tools",
        kind="info",
        arguments="[forget]",
        hint="list every tool and what it costs, or forget what was learned of their use",
    ),
    Command(name="panes", kind="info", hint="list what is open in the cockpit"),
    Command(name="mcp", kind="info", hint="say how it stands with MCP"),
    Command(name="skills", kind="info", hint="say how it stands with skills"),
    Command(name="memory", kind="info", hint="say what the agent remembers"),
    Command(name="attach", kind="info", arguments="FILE", hint="say how the agent gets to see a file"),
    Command(
        name="model", kind="control", arguments="[NAME]", hint="list the models, or work with another one"
    ),
    Command(
        name="llm",
        kind="control",
        arguments="[NAME | KEY VALUE | reset]",
        hint="show or change how the agent's turns use the model, or go back to the defaults",
    ),
    Command(name="pull", kind="control", arguments="NAME", hint="fetch a model onto Ollama", required=1),
    Command(name="compact", kind="control", hint="have the older turns read as a summary"),
    Command(name="queue", kind="info", hint="show what runs and waits in this session"),
    Command(name="retry", kind="control", hint="say the last failed message again"),
    Command(
        name="sessions", kind="info", arguments="[WORDS]", hint="list the stored conversations, or find some"
    ),
    Command(name="open", kind="control", arguments="ID", hint="go on with a session", required=1),
    Command(
        name="rename",
        kind="control",
        arguments="TITLE",
        hint="rename this session",
        aliases=("title",),
        required=1,
    ),
    Command(name="pin", kind="control", hint="have this session lead the list, or not"),
    Command(name="archive", kind="control", hint="take this session out of the list, or back"),
    Command(name="delete", kind="control", arguments="[TITLE]", hint="delete this session for good"),
    Command(
        name="link",
        kind="control",
        arguments="[add [lan] [follow] [details] [HOURS] | revoke ID]",
        hint="list where others can read conversations, let them read this one, or end that",
    ),
    Command(
        name="export",
        kind="info",
        arguments="FILE",
        hint="write this session to a file",
        required=1,
        by="client",
        where="console",
    ),
    Command(
        name="import",
        kind="control",
        arguments="FILE",
        hint="store an exported session anew",
        required=1,
        by="client",
        where="console",
    ),
    Command(name="peers", kind="info", hint="list the peers and their state"),
    Command(name="ask", kind="control", arguments="PEER TEXT", hint="ask a peer's agent", required=2),
    Command(
        name="askall",
        kind="control",
        arguments="TEXT",
        hint="ask the agents of all connected peers",
        required=1,
    ),
    Command(name="asks", kind="info", hint="show the record of asks, both ways"),
    Command(name="inbound", kind="info", arguments="[stop ID]", hint="show what peers ask, or stop one ask"),
    Command(
        name="trust",
        kind="info",
        arguments="PEER",
        hint="show whether a peer is trusted, what it may do, and what changes that",
        required=1,
    ),
    Command(
        name="grant",
        kind="control",
        arguments="PEER GRANTS",
        hint="say what a peer may do here: none, default, or some of ask shared notes model",
        required=2,
    ),
    Command(
        name="share",
        kind="control",
        arguments="[add FOLDER [with PEER] | remove FOLDER]",
        hint="list the folders that peers may search and read, share one, or stop that",
    ),
    Command(name="invite", kind="control", hint="make a ticket for another owner"),
    Command(
        name="join", kind="control", arguments="TICKET", hint="pair with the node that made it", required=1
    ),
    Command(
        name="pair",
        kind="control",
        arguments="[PEER | ADDRESS]",
        hint="compare codes with a node, or let one ask; then /pair yes DIGITS or /pair no",
    ),
    Command(
        name="call", kind="control", arguments="PEER NAME", hint="give a peer a name of yours", required=2
    ),
    Command(name="revoke", kind="control", arguments="PEER", hint="end the trust in a peer", required=1),
    Command(name="block", kind="control", arguments="PEER", hint="keep a peer out", required=1),
    Command(name="unblock", kind="control", arguments="PEER", hint="let it pair again", required=1),
    Command(
        name="quit",
        kind="control",
        hint="leave the console",
        aliases=("exit",),
        by="client",
        where="console",
    ),
)


class UsageError(Exception):
    """What was typed is no command as it stands; the text says what is wrong with it."""


def is_command(line: str) -> bool:
    """Two slashes send the rest as it is, so that a prompt may begin with one."""
    return line.startswith("/") and not line.startswith("//")


def read(line: str) -> tuple[Command, str]:
    """Return the command of a line and its argument; raises `UsageError`."""
    word, _, argument = line.strip().removeprefix("/").partition(" ")
    command = find(word)
    if not word:
        raise UsageError("a command has a name; /help lists them")
    if command is None:
        raise UsageError(f"there is no command /{word:.40}{_suggestion(word)}; /help lists them")
    if len(argument.split(maxsplit=1)) < min(command.required, 2):
        raise usage(command.name)
    return command, argument.strip()


def find(word: str) -> Command | None:
    word = word.lower()
    return next((command for command in COMMANDS if word == command.name or word in command.aliases), None)


def usage(name: str) -> UsageError:
    """Return the refusal that says how a command is typed."""
    command = find(name)
    assert command is not None, name
    return UsageError(f"usage: /{name} {command.arguments}".rstrip())


def _suggestion(word: str) -> str:
    near = get_close_matches(word.lower(), [command.name for command in COMMANDS], n=1)
    return f"; did you mean /{near[0]}?" if near else ""
