"""A shell line as rules see it: its parts, and under which spellings each can be allowed or denied."""

import posixpath
import re
from dataclasses import replace

from agent.rules import Part
from agent.shell.programs import program, reached, started, unwrapped
from agent.shell.reading import only_reads
from agent.shell.syntax import Command, Redirect, commands_of
from agent.shell.words import expanded, plain

_DISCARDED = "/dev/null"


def parts_of(line: str) -> tuple[Part, ...]:
    """Return the parts of a line; raises `UnreadableLine`.

    A deny rule meets also what a part starts in its turn; an allow rule has to mean the part itself.
    """
    parts = [part for command in commands_of(line) for part in _parts(command)]
    if not parts:
        return ()
    first, *rest = parts
    hidden = (each for command in reached(line) for part in _parts(command) for each in part.denied_as)
    whole = dict.fromkeys((*first.denied_as, line.strip(), *hidden))
    return (replace(first, denied_as=tuple(whole)), *rest)


def _parts(command: Command) -> list[Part]:
    """Return the command and each file that it is joined to."""
    parts = [
        _redirect_part(each)
        for each in command.redirects
        if each.operator not in {"<<", "<<<"} and each.target.marked != _DISCARDED
    ]
    if command.words or not parts:
        reads = only_reads(replace(command, redirects=_text_in(command)))
        parts.insert(
            0,
            Part(
                typed=command.source,
                allowed_as=_allowed_as(command),
                denied_as=_denied_as(command),
                only_reads=reads,
            ),
        )
    return parts


def _text_in(command: Command) -> tuple[Redirect, ...]:
    return tuple(each for each in command.redirects if each.operator in {"<<", "<<<"})


def _redirect_part(redirect: Redirect) -> Part:
    """`> out/../x` writes to `x`, and only a rule that means `> x` allows it."""
    sign = "<" if redirect.operator.startswith("<") and redirect.operator != "<>" else ">"
    target = plain(redirect.target.marked)
    normal = f"{sign} {posixpath.normpath(target)}"
    as_typed = f"{sign} {target}"
    return Part(
        typed=f"{redirect.operator} {redirect.target.source}",
        allowed_as=(normal,) if redirect.target.is_literal else (f"{sign} {redirect.target.source}",),
        denied_as=(normal, as_typed),
        only_reads=only_reads(Command(source="", redirects=(redirect,))),
    )


def _allowed_as(command: Command) -> tuple[str, ...]:
    if command.defines:
        return (command.source,)
    canonical = " ".join(word.canonical for word in command.words)
    argv = expanded(command.words)
    bare = unwrapped(argv)
    spellings = [canonical, command.source]
    if len(bare) < len(argv) == len(command.words):
        spellings.append(" ".join(word.canonical for word in command.words[len(argv) - len(bare) :]))
    return tuple(dict.fromkeys(spellings))


def _denied_as(command: Command) -> tuple[str, ...]:
    """Return every way to name the command: without quotes, wrappers, folders and variables before it."""
    spellings = [command.source]
    for argv in (expanded(command.words), *started(expanded(command.words))):
        if argv:
            words = [plain(word) for word in argv]
            spellings += [" ".join(words), " ".join([program(argv), *words[1:]])]
            spellings.append(re.sub(r"\s+", " ", spellings[-1]).strip())
    return tuple(dict.fromkeys(spellings))
