"""The programs that a command leads to: the one it names, and those it starts in its turn."""

import itertools
import posixpath
import re
from collections.abc import Iterator

from agent.shell.syntax import Command, UnreadableLine, commands_of
from agent.shell.words import BRACKET, HOME, STAR, UNKNOWN, expanded, plain

STARTED_MAX = 64
REACH_MAX = 200
"""A line that leads to more commands than this cannot be judged."""

STARTERS = frozenset(
    (
        "builtin", "busybox", "caffeinate", "chronic", "chroot", "chrt", "command", "dbus-run-session",
        "doas", "entr", "env", "exec", "fakeroot", "find", "firejail", "flock", "ionice", "ltrace", "nice",
        "nohup", "nsenter", "numactl", "parallel", "perf", "pkexec", "prlimit", "run0", "runuser", "script",
        "setarch", "setpriv", "setsid", "ssh", "ssh-agent", "stdbuf", "strace", "su", "sudo",
        "systemd-inhibit", "systemd-run", "taskset", "time", "timeout", "toybox", "unbuffer", "unshare",
        "watch", "xargs", "xvfb-run",
    )
)  # fmt: skip
"""Programs that start the program named in their arguments. Any argument may be it."""

FEEDERS = frozenset(("parallel", "xargs"))
"""Those of them that add words which nobody has seen to the program's own."""

WRAPPERS = frozenset(
    (
        "builtin", "busybox", "command", "doas", "env", "exec", "nice", "nohup", "setsid", "stdbuf",
        "sudo", "time", "timeout",
    )
)  # fmt: skip
"""Those of them whose first word that is no option is the program."""

SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "rbash"))
READ_LINES = SHELLS | {
    ".", "alias", "at", "batch", "compgen", "complete", "docker", "env", "eval", "flock", "kubectl",
    "mapfile", "nsenter", "parallel", "podman", "readarray", "runuser", "screen", "script", "source", "ssh",
    "su", "tmux", "trap", "watch", "wsl",
}  # fmt: skip
"""Programs that take arguments for shell lines."""

_READ_EACH = frozenset(("eval", "ssh", "trap", "watch"))
"""Those of them whose arguments are lines and nothing else."""

_ASSIGNMENT = re.compile(rf"[A-Za-z_]\w*(?:[\[{BRACKET}][^]]*\])?\+?=")
_PASSED_BY = re.compile(r"\d+(?:\.\d+)?[smhd]?|[A-Za-z_]\w*=.*", re.DOTALL)
_TAKES_LINE = re.compile(r"-[A-Za-z]*c|--command(=.*)?", re.DOTALL)
_DURATION = re.compile(r"\d+(?:\.\d+)?[smhd]?")


def is_assignment(word: str) -> bool:
    return _ASSIGNMENT.match(word) is not None


def program(argv: tuple[str, ...]) -> str:
    """Return the program's bare name, wherever it is said to be."""
    name = posixpath.basename(plain(argv[0])) if argv else ""
    return name.lower().removesuffix(".exe")


def without_assignments(argv: tuple[str, ...]) -> tuple[str, ...]:
    while argv and is_assignment(argv[0]):
        argv = argv[1:]
    return argv


def started(argv: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Return the command, and the commands that its arguments might be if it starts another program.

    Raises `UnreadableLine`.
    """
    argv = without_assignments(argv)
    yield argv
    if program(argv) in STARTERS:
        if len(argv) > STARTED_MAX:
            raise UnreadableLine("it starts another program with too many words")
        rest = _fed(argv[1:]) if program(argv) in FEEDERS else argv[1:]
        yield from (without_assignments(rest[i:]) for i in range(len(argv) - 1))


def _fed(words: tuple[str, ...]) -> tuple[str, ...]:
    return (*(UNKNOWN if plain(word) == "{}" else word for word in words), UNKNOWN)


def named(argv: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Return the command, and behind each plain wrapper the first word that can be a program."""
    argv = without_assignments(argv)
    while argv:
        yield argv
        if program(argv) not in WRAPPERS:
            return
        rest = itertools.dropwhile(lambda word: word.startswith("-") or _PASSED_BY.fullmatch(word), argv[1:])
        argv = without_assignments(tuple(rest))


def unwrapped(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Take away what changes only when or how a command runs, as `timeout 5`; anything doubtful stays."""
    while True:
        match argv:
            case ("time" | "nohup" | "command" | "builtin", second, *_) if not second.startswith("-"):
                argv = argv[1:]
            case ("timeout", second, _, *_) if _DURATION.fullmatch(second):
                argv = argv[2:]
            case ("nice", "-n", number, _, *_) if number.lstrip("-").isdigit():
                argv = argv[3:]
            case ("nice", second, *_) if not second.startswith("-"):
                argv = argv[1:]
            case ("stdbuf", second, _, *_) if re.fullmatch(r"-[ioe][0L]", second):
                argv = (argv[0], *argv[2:])
            case ("stdbuf", second, *_) if not second.startswith("-"):
                argv = argv[1:]
            case _:
                return argv


def reached(line: str) -> tuple[Command, ...]:
    """Return every command of a line and of the lines that those hand to a shell; raises `UnreadableLine`."""
    found = list(commands_of(line))
    at = 0
    while at < len(found):
        if len(found) > REACH_MAX:
            raise UnreadableLine("it leads to too many commands")
        found += _handed_on(found[at])
        at += 1
    return tuple(found)


def _handed_on(command: Command) -> Iterator[Command]:
    """Return the commands of the lines in a command's words and text."""
    if command.arithmetic:
        yield from _read_if_possible(command.arithmetic)
    argv = without_assignments(expanded(command.words))
    for each in started(argv):
        name = program(each)
        if name in READ_LINES and (name != "." or each == argv):  # `find . -name x` sources nothing
            for line in _sure_lines(name, each[1:], command.text_in):
                yield from commands_of(_as_line(line))
            for line in _possible_lines(each[1:], command.text_in):
                yield from _read_if_possible(_as_line(line))


def _sure_lines(name: str, words: tuple[str, ...], text_in: tuple[str, ...]) -> Iterator[str]:
    """Return what is a line for certain: if it cannot be read, nobody knows what runs."""
    if name in SHELLS:
        yield from text_in
    if name in _READ_EACH:
        yield from (*words, " ".join(words))
    else:
        yield from itertools.dropwhile(lambda word: not _TAKES_LINE.fullmatch(word), words)


def _possible_lines(words: tuple[str, ...], text_in: tuple[str, ...]) -> Iterator[str]:
    yield from (*text_in, *words, " ".join(words))
    yield from (word.partition("=")[2] for word in words if "=" in word)


def _as_line(marked: str) -> str:
    """Write a word as the shell that is handed it reads it."""
    return plain(marked.replace(HOME, "~").replace(UNKNOWN, "$_").replace(STAR, "*"))


def _read_if_possible(text: str) -> tuple[Command, ...]:
    """Read what may be a line; if it cannot be read, it is no line that a shell would run."""
    try:
        return tuple(command for command in commands_of(text) if command.words or command.redirects)
    except UnreadableLine:
        return ()
