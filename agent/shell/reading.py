"""Which commands only read: the program and every argument have to be known to be harmless."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from agent.shell.programs import is_assignment, unwrapped
from agent.shell.syntax import Command
from agent.shell.words import BRACKET, QUERY, STAR, UNKNOWN, expanded, plain

Arguments: TypeAlias = Sequence[str]
Check: TypeAlias = Callable[[Arguments], bool]

HARMLESS = frozenset(
    (
        "arch", "basename", "cal", "cat", "cd", "cksum", "cmp", "column", "comm", "cut", "df", "diff",
        "dirname", "du", "echo", "egrep", "expand", "expr", "false", "fgrep", "fold", "free", "grep",
        "groups", "head", "hexdump", "id", "join", "jq", "ls", "md5sum", "nl", "nproc", "od", "paste",
        "ps", "pwd", "readlink", "realpath", "rev", "seq", "sha1sum", "sha256sum", "sha512sum", "sleep",
        "stat", "strings", "tac", "tail", "tr", "true", "type", "uname", "unexpand", "uptime", "wc",
        "which", "whoami",
    )
)  # fmt: skip
"""Programs that write nothing and start nothing, whatever their arguments."""

_HARMLESS_VARIABLES = re.compile(r"(LANG|LC_[A-Z]+|TZ|NO_COLOR)=[\w./:@-]*")
_LOOP_VARIABLE = re.compile(r"[a-z_][a-z0-9_]*")
_DISCARDED = frozenset(("/dev/null", "/dev/stdout", "/dev/stderr"))
_NETWORK = ("/dev/tcp/", "/dev/udp/")
_READS = frozenset(("<", "<<<", "<&"))

_COMPUTES = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge"))

_GIT_ANYTHING = frozenset(
    (
        "blame", "cat-file", "describe", "diff", "diff-tree", "grep", "log", "ls-files", "ls-tree",
        "merge-base", "name-rev", "rev-list", "rev-parse", "shortlog", "show", "show-ref", "status",
    )
)  # fmt: skip
_GIT_LISTS: Mapping[str, frozenset[str]] = {
    "branch": frozenset(("-a", "-r", "-v", "-vv", "--all", "--list", "--remotes", "--show-current")),
    "tag": frozenset(("-l", "--list")),
    "remote": frozenset(("-v", "--verbose")),
    "reflog": frozenset(("show",)),
}
_DATE_SHOWS = re.compile(r"\+.*|-u|--utc|-R|-I\w*|--iso-8601(=\w+)?|--rfc-(email|3339=\w+)", re.DOTALL)
_SED_PRINTS = re.compile(r"(\d+|\$|/[\w .:=-]*/)?(,(\d+|\$|/[\w .:=-]*/))?p")


def only_reads(command: Command) -> bool:
    """Whether a command changes nothing and starts nothing, as far as its words tell."""
    if command.substitutes or command.defines:
        return False
    if not all(_is_harmless_redirect(each.operator, each.target.marked) for each in command.redirects):
        return False
    argv = expanded(command.words)
    while argv and _HARMLESS_VARIABLES.fullmatch(argv[0]):
        argv = argv[1:]
    if not argv:
        return True
    if is_assignment(argv[0]):
        return False
    name, *arguments = unwrapped(argv)
    if name in HARMLESS:
        return True
    if name == "for":
        return bool(arguments) and _LOOP_VARIABLE.fullmatch(arguments[0]) is not None
    check = _CHECKED.get(name)
    return check is not None and not any(map(_may_be_an_option, arguments)) and check(arguments)


def is_known_to_read(name: str) -> bool:
    """Whether it is known what a program does with its arguments, and that it starts none of them."""
    return name in HARMLESS or name in _CHECKED


def _is_harmless_redirect(operator: str, target: str) -> bool:
    reads = operator in _READS and not _may_be_network(target)
    return reads or target in _DISCARDED


def _may_be_network(target: str) -> bool:
    known = target.partition(UNKNOWN)[0]
    is_whole = known == target
    return target.startswith(_NETWORK) or any(not is_whole and each.startswith(known) for each in _NETWORK)


def _may_be_an_option(marked: str) -> bool:
    """Whether what the shell fills in could turn out to begin with a dash, also behind a blank in a value."""
    return UNKNOWN in marked or marked.startswith((STAR, QUERY, BRACKET))


def _has(arguments: Arguments, *, short: str = "", long: Sequence[str] = ()) -> bool:
    """Whether one of these options is given; long ones may be cut short, as GNU programs allow."""
    for argument in map(plain, arguments):
        if argument.startswith("--"):
            given = argument[2:].partition("=")[0]
            if given and any(name.startswith(given) for name in long):
                return True
        elif argument.startswith("-") and not set(short).isdisjoint(argument[1:]):
            return True
    return False


def _find(arguments: Arguments) -> bool:
    acting = ("-delete", "-exec", "-ok", "-fprint", "-fls")
    return not any(plain(argument).startswith(acting) for argument in arguments)


def _git(arguments: Arguments) -> bool:
    match [plain(argument) for argument in arguments]:
        case ["-C", folder, *rest] if not folder.startswith("-"):
            return _git(rest)
        case ["--no-pager", *rest]:
            return _git(rest)
        case ["config", "--get" | "--get-all" | "--list" | "-l", *rest]:
            return not _has(rest, short="ef", long=("edit", "file", "replace-all", "unset", "add"))
        case [verb, *rest] if verb in _GIT_ANYTHING:
            return not _has(
                rest,
                short="O",
                long=("output", "ext-diff", "textconv", "open-files-in-pager", "exec", "filters"),
            )
        case ["stash" | "worktree", "list", *rest]:
            return not rest
        case [verb, *rest] if verb in _GIT_LISTS:
            return set(rest) <= _GIT_LISTS[verb]
        case _:
            return False


def _sed(arguments: Arguments) -> bool:
    """Only printing lines: most of what sed can do may also write files or run commands."""
    match [plain(argument) for argument in arguments]:
        case ["-n", script, *files]:
            return _SED_PRINTS.fullmatch(script) is not None and not any(map(_is_option, files))
        case _:
            return False


def _is_option(argument: str) -> bool:
    return argument.startswith("-") and argument != "-"


def _operands(arguments: Arguments) -> int:
    return sum(not _is_option(argument) for argument in arguments)


def _test(arguments: Arguments) -> bool:
    """`test -v 'a[$(x)]'` runs x although it is quoted: an index is arithmetic, as are the sides of `-eq`."""
    return _COMPUTES.isdisjoint(arguments) and not any(
        {"$", "`", "["} & set(plain(argument)) for argument in arguments
    )


_CHECKED: Mapping[str, Check] = {
    "[": _test,
    "[[": _test,
    "test": _test,
    "find": _find,
    "git": _git,
    "sed": _sed,
    "sort": lambda a: not _has(a, short="oT", long=("output", "compress-program", "temporary-directory")),
    "uniq": lambda a: _operands(a) <= 1,
    "tree": lambda a: not _has(a, short="oR"),
    "rg": lambda a: not _has(a, long=("pre", "hostname-bin")),
    "file": lambda a: not _has(a, short="Cm", long=("compile", "magic-file")),
    "xxd": lambda a: not _has(a, short="r") and _operands(a) <= 1,
    "printf": lambda a: not _has(a[:1], short="v"),
    "date": lambda a: all(map(_DATE_SHOWS.fullmatch, a)),
    "hostname": lambda a: not a,
    "pushd": lambda a: _operands(a) <= 1,
    "popd": lambda a: not a,
}
