"""The command line. Only the arguments live here; each command is a coroutine in `node/commands`.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no node is running, 130 stopped by Ctrl-C.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn, cast

EXAMPLES = """\
start a node, then talk to it:
  palaver up
  palaver ask "what time is it"
  palaver console

pair with a friend:
  palaver invite                     (you; send the ticket to your friend)
  palaver join TICKET                (your friend)
  palaver ask-peer alice "when do you open?"

see two nodes talk on this machine:
  palaver demo
"""


MODES = ("plan", "default", "acceptEdits", "autonomous")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = command_parser()
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 0
    # Imported only now: `palaver --help` must not wait for the network libraries.
    return cast("int", import_module("node.commands.running").run(arguments))


def command_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="palaver",
        description="A peer-to-peer agent node: your agent, your model, your machine, "
        "and your friends' agents one encrypted link away.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=ShowVersion, nargs=0, help="show which Palaver this is, and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    add_up(command(commands, "up", "node.commands.up", "start the node and keep it running"))
    add_ask(command(commands, "ask", "node.commands.ask", "ask your own agent"))
    add_console(command(commands, "console", "node.commands.console", "talk to your agent in the terminal"))
    add_open(command(commands, "open", "node.commands.page", "show the node's page in the browser"))
    add_invite(command(commands, "invite", "node.commands.pairing", "make a ticket for another owner"))
    add_join(command(commands, "join", "node.commands.pairing", "pair with the node that made a ticket"))
    add_pair(command(commands, "pair", "node.commands.comparing", "pair with a node by comparing six digits"))
    add_revoke(command(commands, "revoke", "node.commands.peers", "end the trust in a peer at once"))
    add_peer(command(commands, "unblock", "node.commands.peers", "let a blocked peer pair again"))
    add_rotate(command(commands, "rotate-key", "node.commands.keys", "give the stopped node a new key"))
    add_json(command(commands, "key-changes", "node.commands.keys", "list peers that have a new key"))
    add_accept(command(commands, "accept-key", "node.commands.keys", "trust a peer under its new key"))
    add_rename(command(commands, "rename", "node.commands.peers", "give a peer a name of your own"))
    add_json(command(commands, "peers", "node.commands.peers", "list the peers, and who was seen"))
    add_connect(command(commands, "connect", "node.commands.connecting", "look who is at an address"))
    add_ask_peer(command(commands, "ask-peer", "node.commands.peers", "ask a peer's agent"))
    add_ask_peers(
        command(commands, "ask-peers", "node.commands.ask_peers", "ask several peers' agents at once")
    )
    add_share(command(commands, "share", "node.commands.shares", "share folders with peers, or list them"))
    add_link(command(commands, "link", "node.commands.links", "let others read a conversation by link"))
    add_grant(command(commands, "grant", "node.commands.peers", "say what a peer may do here"))
    add_inbound(command(commands, "inbound", "node.commands.peers", "list or stop what peers ask just now"))
    add_asks(command(commands, "asks", "node.commands.peers", "list the asks of the past, both ways"))
    add_json(command(commands, "models", "node.commands.models", "list the models that there are"))
    add_name(command(commands, "model", "node.commands.models", "work with another model"))
    add_json(command(commands, "lent", "node.commands.lent", "show what peers used of your model"))
    add_name(command(commands, "pull", "node.commands.models", "fetch a model onto Ollama"))
    add_permissions(
        command(commands, "permissions", "node.commands.permissions", "show or test what the agent may do")
    )
    add_sessions(command(commands, "sessions", "node.commands.sessions", "list or search the conversations"))
    add_export(command(commands, "export", "node.commands.sessions", "write a conversation to stdout"))
    add_import(command(commands, "import", "node.commands.sessions", "store an exported conversation"))
    add_config(command(commands, "config", "node.commands.settings", "show or change settings"))
    add_json(command(commands, "doctor", "node.commands.doctor", "say what is wrong, or why nobody is found"))
    add_json(command(commands, "demo", "node.demo", "run two nodes that pair and ask each other"))
    return parser


class ShowVersion(argparse.Action):
    """Like argparse's own, but the version is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        print(f"palaver {import_module('importlib.metadata').version('palaver')}")
        parser.exit()


def command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, module: str, summary: str
) -> argparse.ArgumentParser:
    """Add a command whose story is the coroutine function of its name in `module`."""
    parser = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    parser.add_argument("--data", metavar="DIR", help="the node's data folder (or PALAVER_DATA_DIR)")
    parser.set_defaults(module=module, story=name.replace("-", "_"))
    return parser


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write one line of JSON instead of text")


def add_up(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, metavar="N", help="the page's port (8765; 0: a free one)")
    parser.add_argument("--peer-port", type=int, metavar="N", help="the peers' port (8766; 0: a free one)")
    parser.add_argument("--name", help="what other owners see")
    parser.add_argument(
        "--model",
        help="a model's name, gguf:FILE to run one here, peer:NAME to borrow one, or rules for none"
        " (default: the first that answers)",
    )
    parser.add_argument("--spawn", action="store_true", help="start the model server in models.spawn, too")
    add_json(parser)


def add_ask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="the question; - reads it from stdin")
    parser.add_argument("--session", metavar="ID", help="go on with this session")
    parser.add_argument("--mode", choices=MODES, help="what tools may do in this turn")
    add_json(parser)


def add_allow_asks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--allow-asks", action="store_true", help="let paired peers ask your agent")


def add_open(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--new", action="store_true", help="open another page where one is open already")


def add_invite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ttl", type=int, metavar="SECONDS", help="how long the ticket holds (24 hours)")
    parser.add_argument("--no-qr", action="store_true", help="show the ticket as text only")
    add_allow_asks(parser)
    add_json(parser)


def add_join(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ticket", metavar="TICKET", help="as the other owner sent it")
    add_allow_asks(parser)
    add_json(parser)


def add_peer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("peer", metavar="PEER", help="its name, label or id")


def add_pair(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "peer",
        metavar="PEER|ADDRESS",
        nargs="?",
        help="a node that was seen, or host:port; left out: wait two minutes for one that asks",
    )
    add_json(parser)


def add_revoke(parser: argparse.ArgumentParser) -> None:
    add_peer(parser)
    parser.add_argument("--block", action="store_true", help="keep it out, even with a ticket")


def add_rotate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json(parser)


def add_accept(parser: argparse.ArgumentParser) -> None:
    add_peer(parser)
    parser.add_argument("--refuse", action="store_true", help="refuse the new key; the old one stays")


def add_rename(parser: argparse.ArgumentParser) -> None:
    add_peer(parser)
    parser.add_argument("name", metavar="NAME", help="your name for it; '' takes it back")


def add_connect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar="ADDRESS", help="host:port, or a host alone for port 8766")
    add_json(parser)


def add_ask_peer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("peer", metavar="PEER", help="its name, label or id")
    parser.add_argument("text", metavar="TEXT", help="the question; - reads it from stdin")
    add_json(parser)


def add_ask_peers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="the question; - reads it from stdin")
    parser.add_argument(
        "--peer",
        metavar="NAME",
        action="append",
        default=[],
        help="only this one; may be given several times",
    )
    parser.add_argument("--together", action="store_true", help="have your model put the answers together")
    add_json(parser)


def add_share(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    added = verbs.add_parser("add", help="let peers' asks search and read a folder")
    added.add_argument("folder", metavar="FOLDER")
    added.add_argument(
        "--with",
        dest="peers",
        nargs="+",
        action="extend",
        metavar="PEER",
        help="names or ids, or all: every peer that may read what is shared (the default);"
        " may be given several times",
    )
    removed = verbs.add_parser("remove", help="stop sharing a folder")
    removed.add_argument("folder", metavar="FOLDER", help="its path, or its name in `palaver share list`")
    listed = verbs.add_parser("list", help="show the shared folders, and which files are left out and why")
    for verb in (added, listed):
        add_json(verb)


def add_link(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    added = verbs.add_parser("add", help="make a secret address at which a conversation can be read")
    added.add_argument("session", metavar="SESSION", help="its id, as `palaver sessions` shows it")
    added.add_argument("--lan", action="store_true", help="to be read from the network, not only from here")
    added.add_argument("--hours", type=float, metavar="N", help="how long it holds (chat.linkHours: 24)")
    added.add_argument("--follow", action="store_true", help="show what is said from now on, too")
    added.add_argument("--details", action="store_true", help="show reasoning, and calls with their results")
    revoked = verbs.add_parser("revoke", help="end a link at once")
    revoked.add_argument("id", metavar="ID", help="as `palaver link list` shows it")
    listed = verbs.add_parser(
        "list", help="show the links, where they are served and how often they were read"
    )
    for verb in (added, listed):
        add_json(verb)


def add_grant(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("peer", metavar="PEER", help="its name, label or id")
    parser.add_argument(
        "grants",
        metavar="GRANT",
        nargs="+",
        choices=("none", "default", "ask", "shared", "notes", "model"),
        help="any of: ask your agent, read folders shared with it, read your notes, use your model;"
        " or none, or default (the setting network.defaultGrants)",
    )
    add_json(parser)


def add_inbound(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stop", metavar="ID", help="stop answering this one; its asker is told")
    add_json(parser)


def add_asks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="how many (50; at most 500)")
    add_json(parser)


def add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the model's name, as `palaver models` shows it")


def add_permissions(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    shown = verbs.add_parser("list", help="show the mode, the rules, and rules that do nothing")
    tested = verbs.add_parser("test", help="say what the gate would decide of a call; nothing runs")
    tested.add_argument("call", metavar="CALL", help="tool(specifier), as 'shell.run(git push)'")
    tested.add_argument("--mode", choices=MODES, help="as if this mode were set")
    for verb in (shown, tested):
        verb.add_argument("--session", metavar="ID", help="with what holds in this session only")
        add_json(verb)


def add_sessions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--search", metavar="WORDS", help="only those that hold the words, archived ones too")
    add_json(parser)


def add_console(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--session", metavar="ID", help="join this conversation, also while it runs elsewhere"
    )


def add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", metavar="ID", help="as `palaver sessions` shows it")
    parser.add_argument("--markdown", action="store_true", help="a transcript to read instead of JSON")


def add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="as `palaver export` wrote it; - reads it from stdin")
    parser.set_defaults(story="import_")


def add_config(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    verbs.add_parser("list", help="show every setting")
    for verb, summary in (("get", "show one setting"), ("unset", "go back to the default")):
        verbs.add_parser(verb, help=summary).add_argument("key", metavar="KEY")
    put = verbs.add_parser("set", help="change one setting")
    put.add_argument("key", metavar="KEY")
    put.add_argument("value", metavar="VALUE", help="JSON (true, 3, [1]) or plain text")


if __name__ == "__main__":
    sys.exit(main())
