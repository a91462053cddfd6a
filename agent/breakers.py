"""Ruinous shell lines: they ask in every mode and whatever a rule allows."""

import itertools
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from agent.shell.programs import (
    FEEDERS,
    SHELLS,
    STARTED_MAX,
    STARTERS,
    named,
    program,
    reached,
    started,
    without_assignments,
)
from agent.shell.reading import is_known_to_read
from agent.shell.syntax import Command, UnreadableLine
from agent.shell.words import BRACKET, HOME, QUERY, STAR, UNKNOWN, Word, expanded, plain

Argv: TypeAlias = tuple[str, ...]

_GLOB = re.compile(rf"{QUERY}|{BRACKET}[^\]]*\]?")
_NOTHING = f"/.{STAR}{UNKNOWN}"
"""What is left of a path that names nothing in particular."""
_DRIVE = re.compile(rf"[A-Za-z]:[\\/]*{STAR}?")
_STREAMS = frozenset(
    (
        "null", "zero", "full", "random", "urandom", "stdin", "stdout", "stderr", "tty", "fd", "shm",
        "pts", "tcp", "udp",
    )
)  # fmt: skip
_INTERPRETER = re.compile(r"(python|perl|ruby|node|php)[\d.]*")
_GOES = re.compile(r"-[CD](.*)|--(?:ch|wd|wo)[a-z-]*(?:=(.*))?", re.DOTALL)
"""The options that say in which folder a program is started."""
_FORKING = re.compile(r"fork\s+while\s+fork")
_STDIN = frozenset(("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"))
_SYSTEM = frozenset(
    (
        "bin", "boot", "dev", "etc", "Library", "lib", "lib32", "lib64", "private", "proc", "sbin", "sys",
        "System", "usr", "var", "Windows",
    )
)  # fmt: skip
_STARTS_NOTHING = frozenset(("bzr", "git", "hg", "jj", "man", "svn"))
"""Programs with words of their own that are names of programs elsewhere: `git rm -r .`."""
_REMOVERS = frozenset(("rm", "shred", "unlink", "mv"))
_FIND_NARROWS = frozenset(
    (
        "-name", "-iname", "-path", "-ipath", "-regex", "-iregex", "-newer", "-mtime", "-mmin", "-atime",
        "-ctime", "-size", "-empty", "-user", "-group", "-perm", "-wholename",
    )
)  # fmt: skip
_WINDOWS_TARGET = re.compile(r"(?:[a-z]:[\\/]*|~|%userprofile%|%systemroot%|\$home|\$env:\w+)[\\/]*\*?")
_WINDOWS_REMOVERS = frozenset(("rd", "rmdir", "del", "erase", "remove-item", "ri"))
_WINDOWS_DISKS = frozenset(("clear-disk", "format-volume", "diskpart", "stop-computer", "restart-computer"))


def ruin(line: str) -> str | None:
    """Say what a line would ruin, or why that cannot be known; None for all others."""
    if _ruins_windows(line):
        return "it can wipe a disk or a home folder, or stop the machine"
    try:
        commands = reached(line)
        if _is_fork_bomb(commands) or _FORKING.search(line):
            return "it starts itself again and again"
        reasons = (_ruin_of(command) for command in commands)
        return next(filter(None, reasons), None) or _ruin_of_folder(commands) or _ruin_of_found(commands)
    except UnreadableLine as error:
        return f"the line cannot be read as a whole: {error}"


def _ruin_of_folder(commands: Sequence[Command]) -> str | None:
    """`cd / && rm -rf usr`: a name is harmless or not by where it is looked up."""
    every = [without_assignments(expanded(command.words)) for command in commands]
    goes = any(_goes_far(each) for argv in every for each in started(argv))
    removes = (each for argv in every for each in started(argv) if program(each) in {"rm", "srm"})
    if goes and any(_is_recursive(*_flags(argv)[:2]) for argv in removes):
        return "it goes to a root or a home and deletes folders there"
    return None


def _goes_far(argv: Argv) -> bool:
    """Whether a command goes to a root or a home, or starts another there, as `env -C /` does."""
    if program(argv) in {"cd", "pushd"}:
        return any(map(_holds_much, argv[1:]))
    options = ((_GOES.fullmatch(word), after) for word, after in itertools.pairwise((*argv[1:], "")))
    return program(argv) in STARTERS and any(
        _holds_much(found[1] or found[2] or after) for found, after in options if found
    )


def _ruin_of_found(commands: Sequence[Command]) -> str | None:
    """`find / | xargs rm`: what one names, the other deletes."""
    every = [without_assignments(expanded(command.words)) for command in commands]
    finds = (argv for argv in every if program(argv) == "find" and _FIND_NARROWS.isdisjoint(argv))
    feeds = (each for argv in every if program(argv) in FEEDERS for each in started(argv))
    if any(program(each) in _REMOVERS for each in feeds):
        return next(filter(None, (_hit("it deletes in", _found_in(argv)) for argv in finds)), None)
    return None


def _ruins_windows(line: str) -> bool:
    """Look for the words of cmd and PowerShell, whose lines read otherwise than those of other shells."""
    words = re.sub(r"[&|;\"'()]", " ", line).casefold().split()
    targets = any(_WINDOWS_TARGET.fullmatch(word) for word in words)
    for before, word in zip(["", *words], words, strict=False):
        if word in _WINDOWS_DISKS or (
            before in {"format", "format.com"} and re.fullmatch(r"[a-z]:[\\/]?", word)
        ):
            return True
    recurses = any(word == "/s" or re.fullmatch(r"-r(e(c(u(r(s(e)?)?)?)?)?)?", word) for word in words)
    return targets and recurses and not _WINDOWS_REMOVERS.isdisjoint(words)


def _ruin_of(command: Command) -> str | None:
    for redirect in command.redirects:
        if redirect.operator not in {"<", "<<", "<<<", "<&"} and (
            reason := _ruin_by_writing(redirect.target)
        ):
            return reason
    argv = expanded(command.words)
    is_fed = command.is_piped_to or any(
        each.operator == "<" and each.target.substitutes for each in command.redirects
    )
    if any(map(_is_unknown, named(argv))):
        return "which program it runs cannot be known before it runs"
    for each in started(argv):
        if program(argv) in FEEDERS and program(each) in SHELLS:
            return f"`{program(argv)}` hands a shell text that nobody has seen"
        if each and (reason := _ruin_of_program(each, is_fed=is_fed)):
            return reason
    return _ruin_behind(without_assignments(argv))


def _ruin_behind(argv: Argv) -> str | None:
    """Take a program that nobody knows for one that starts what its arguments name, if that is ruinous."""
    if is_known_to_read(program(argv)) or program(argv) in STARTERS | _STARTS_NOTHING:
        return None
    checks = ((_CHECKS.get(program(argv[i:])), argv[i:]) for i in range(1, min(len(argv), STARTED_MAX)))
    return next(filter(None, (check(rest) for check, rest in checks if check)), None)


def _ruin_by_writing(target: Word) -> str | None:
    if _is_device(target.marked):
        return f"it writes over the device {target.source}"
    if _names_nothing(target.marked) and not target.source.startswith((">(", "<(")):
        return f"what it writes over cannot be known before it runs: {target.source}"
    return None


def _names_nothing(marked: str) -> bool:
    """Whether all of a path is filled in when it runs: it may be a device."""
    return marked != "" and not marked.strip(UNKNOWN)


def _is_unknown(argv: Argv) -> bool:
    """Whether the shell fills in the program's name: `$X`, `/bin/r?`."""
    return not {UNKNOWN, STAR, QUERY, BRACKET}.isdisjoint(argv[0])


def _ruin_of_program(argv: Argv, *, is_fed: bool) -> str | None:
    name = program(argv)
    if name.startswith(("mkfs", "newfs")) or name in _DISK_PROGRAMS:
        return f"`{name}` can wipe a disk"
    if name in _POWER:
        return f"`{name}` stops the machine"
    runs = name in SHELLS | {".", "source"} or _INTERPRETER.fullmatch(name)
    if is_fed and runs and _reads_its_program_from_a_pipe(argv):
        return f"`{name}` runs text that nobody has seen"
    check = _CHECKS.get(name)
    return check(argv) if check else None


def _reads_its_program_from_a_pipe(argv: Argv) -> bool:
    if program(argv) in {".", "source"}:
        return not _STDIN.isdisjoint(argv[1:])
    is_bare = all(
        argument in _STDIN or (argument.startswith("-") and "c" not in argument) for argument in argv[1:]
    )
    return is_bare or argv[1:2] == ("-s",)


def _is_fork_bomb(commands: Sequence[Command]) -> bool:
    """A function that pipes into itself, or is called more often than made and begun, whatever its name."""
    for made in [command.words[0].marked for command in commands if command.defines]:
        calls = [
            each for each in commands if each.words and not each.defines and each.words[0].marked == made
        ]
        if len(calls) > 2 or any(call.is_piped_to for call in calls):
            return True
    return False


# --- what a path means ---


def _holds_much(target: str) -> bool:
    """Whether a path is a disk, a folder of the system or somebody's home, or all that is in one of those."""
    text = _GLOB.sub(STAR, target)
    if text.startswith(HOME):
        below = posixpath.normpath(f".{text[1:]}")
        return text[1:2] in {"", "/"} and (below.startswith("..") or not below.strip(_NOTHING))
    if _DRIVE.fullmatch(text):
        return True
    if not text.startswith("/"):
        return False
    match _steps(text):
        case ["tmp", *_]:
            return False
        case [] | [_]:
            return True
        case ["home" | "Users", _]:
            return True
        case _:
            return False


def _is_of_the_system(target: str) -> bool:
    """Whether a path is a folder in one of the system's folders, or all that is in it: `/usr/lib/*`."""
    match _steps(_GLOB.sub(STAR, target)) if target.startswith("/") else []:
        case ["var", "tmp"]:
            return False
        case [folder, _]:
            return folder in _SYSTEM
        case _:
            return False


def _steps(path: str) -> list[str]:
    """Return the names in a path from the root, without those that may be any."""
    return [step for step in posixpath.normpath(path).split("/") if step.strip(_NOTHING)]


def _holds_all_that_is_here(target: str) -> bool:
    """Whether a path is the current folder, or one above, or may be because it hangs on a variable.

    `rm -rf "$X/"*` with an empty X is the classic way to lose a disk.
    """
    return not posixpath.normpath(_GLOB.sub(STAR, target)).strip(_NOTHING)


def _is_device(marked: str) -> bool:
    normal = posixpath.normpath(marked)
    if normal.startswith("//"):
        normal = normal[1:]
    if normal == "/proc/sysrq-trigger":
        return True
    return normal.startswith("/dev/") and normal.split("/")[2] not in _STREAMS


def _flags(argv: Argv) -> tuple[set[str], set[str], list[str]]:
    """Return the short flags, the long ones, and the operands."""
    short, long, operands = set[str](), set[str](), list[str]()
    rest = list(argv[1:])
    while rest:
        word = rest.pop(0)
        if word == "--":
            operands += rest
            break
        if word.startswith("--"):
            long.add(word[2:].partition("=")[0])
        elif word.startswith("-") and word != "-":
            short |= set(word[1:])
        else:
            operands.append(word)
    return short, long, operands


def _is_recursive(short: set[str], long: set[str]) -> bool:
    return bool({"r", "R"} & short) or any(each and "recursive".startswith(each) for each in long)


# --- programs whose arguments decide ---


def _remove(argv: Argv) -> str | None:
    short, long, operands = _flags(argv)
    if any("no-preserve-root".startswith(each) for each in long):
        return "it is told not to spare the root folder"
    if not _is_recursive(short, long):
        return None
    if not operands:
        return "it deletes whole folders, and which ones is not known"
    everything = (_holds_much, _is_of_the_system, _holds_all_that_is_here)
    return next(
        (f"it deletes {plain(each)}" for each in operands if any(is_of(each) for is_of in everything)), None
    )


def _change_all(argv: Argv) -> str | None:
    short, long, operands = _flags(argv)
    return _hit("it changes the rights of all in", operands) if _is_recursive(short, long) else None


def _move(argv: Argv) -> str | None:
    target, operands = _target(argv), _flags(argv)[2]
    gone = operands[:-1] if target is None else [each for each in operands if each != target]
    return _hit("it moves away", gone) or _copy_to_device(argv)


def _mirror(argv: Argv) -> str | None:
    _, long, operands = _flags(argv)
    return _hit("it deletes in", operands[-1:]) if any(each.startswith("del") for each in long) else None


def _target(argv: Argv) -> str | None:
    """Return the folder that an option names as the target; without one it is the last operand."""
    for word, after in itertools.pairwise((*argv[1:], "")):
        if word in {"-t", "--target-directory"}:
            return after
        if found := re.fullmatch(r"(?:-[a-zA-Z]*t|--target-directory=)(.+)", word):
            return found[1]
    return None


def _dd(argv: Argv) -> str | None:
    outputs = [word.removeprefix("of=") for word in argv[1:] if word.startswith("of=")]
    if any(map(_names_nothing, outputs)):
        return "what it writes over cannot be known before it runs"
    return next((f"it writes over the device {each}" for each in outputs if _is_device(each)), None)


def _write_to_device(argv: Argv) -> str | None:
    return next((f"it writes over the device {each}" for each in argv[1:] if _is_device(each)), None)


def _copy_to_device(argv: Argv) -> str | None:
    return _write_to_device(("", _target(argv) or argv[-1]))


def _find(argv: Argv) -> str | None:
    words = argv[1:]
    if "-delete" not in words and not any(program((word,)) in _REMOVERS | SHELLS for word in words):
        return None
    starts = _found_in(argv)
    if not _FIND_NARROWS.isdisjoint(words):
        return _hit("it deletes in", starts)
    everything = (_holds_all_that_is_here, _is_of_the_system)
    everywhere = next((start for start in starts or ["."] if any(is_of(start) for is_of in everything)), None)
    return _hit("it deletes in", starts) or (everywhere and f"it deletes all in {plain(everywhere)}")


def _found_in(argv: Argv) -> list[str]:
    """Return where `find` begins."""
    words = itertools.dropwhile(lambda word: word in {"-H", "-L", "-P"}, argv[1:])
    return list(itertools.takewhile(lambda word: word[:1] not in {"-", "(", "!"}, words))


def _kill(argv: Argv) -> str | None:
    return "it ends every program" if "-1" in argv[2:] else None


def _kill_by_name(argv: Argv) -> str | None:
    means_all = any(not _GLOB.sub(STAR, each).strip(f".*^${_NOTHING}") for each in _flags(argv)[2])
    return "it ends every program" if means_all else None


def _kill_all(_: Argv) -> str | None:
    return "it ends every program"


def _init(argv: Argv) -> str | None:
    return "it stops the machine" if argv[1:2] in {("0",), ("6",)} else None


def _systemctl(argv: Argv) -> str | None:
    halting = {"poweroff", "reboot", "halt", "kexec", "rescue", "emergency", "suspend", "hibernate"}
    return "it stops the machine" if not halting.isdisjoint(argv[1:]) else None


def _crontab(argv: Argv) -> str | None:
    return "it deletes every planned job" if "-r" in argv[1:] else None


def _hit(what: str, targets: Sequence[str]) -> str | None:
    return next((f"{what} {plain(each)}" for each in targets if _holds_much(each)), None)


_DISK_PROGRAMS = frozenset(
    (
        "blkdiscard", "cfdisk", "cryptsetup", "diskutil", "fdisk", "gdisk", "hdparm", "mke2fs", "mkswap",
        "parted", "sfdisk", "sgdisk", "wipefs", "zpool",
    )
)  # fmt: skip
_POWER = frozenset(("shutdown", "reboot", "halt", "poweroff"))
_CHECKS: Mapping[str, Callable[[Argv], str | None]] = {
    "rm": _remove,
    "srm": _remove,
    "chmod": _change_all,
    "chown": _change_all,
    "chgrp": _change_all,
    "setfacl": _change_all,
    "mv": _move,
    "dd": _dd,
    "tee": _write_to_device,
    "shred": _write_to_device,
    "truncate": _write_to_device,
    "wipe": _write_to_device,
    "cp": _copy_to_device,
    "install": _copy_to_device,
    "rsync": _mirror,
    "find": _find,
    "kill": _kill,
    "killall5": _kill_all,
    "pkill": _kill_by_name,
    "init": _init,
    "telinit": _init,
    "systemctl": _systemctl,
    "crontab": _crontab,
}
