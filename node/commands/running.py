"""How a command runs: its coroutine, its failures as plain sentences, its exit code."""

import argparse
import asyncio
import io
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from importlib import import_module
from typing import TextIO, TypeAlias, cast

from node.commands.output import note
from node.config import StartError
from node.replies import NodeError, NoNodeError
from node.slash.commands import UsageError

Story: TypeAlias = Callable[[argparse.Namespace], Coroutine[object, object, int]]

FAILED, WRONG_USAGE, NO_NODE, INTERRUPTED = 1, 2, 3, 130
"""Beside 0 for done; argparse says 2 of itself, too."""
NAMES_OF_FILES = frozenset({"data", "file", "folder"})
"""What these arguments name, the system knows by bytes; all others are text."""


def run(arguments: argparse.Namespace) -> int:
    """Run the command that was parsed and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        show_every_character(stream)
    take_every_byte(sys.stdin)
    story = cast("Story", getattr(import_module(arguments.module), arguments.story))
    try:
        return asyncio.run(reported(story, arguments))
    except KeyboardInterrupt:
        note("stopped")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output left, as `head` does; Python must not stumble over it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


async def reported(story: Story, arguments: argparse.Namespace) -> int:
    """Run a command and turn its failures into a sentence and an exit code."""
    wake_for_signals()
    try:
        check_text(arguments)
        return await story(arguments)
    except NoNodeError as error:
        note(str(error))
        return NO_NODE
    except UsageError as error:
        note(str(error))
        return WRONG_USAGE
    except (NodeError, StartError) as error:
        note(str(error))
        return FAILED


def check_text(arguments: argparse.Namespace) -> None:
    """Raise `UsageError` for an argument that no request could carry; a shell may pass any bytes."""
    for name, value in vars(arguments).items():
        if name not in NAMES_OF_FILES and not all(map(is_text, texts_of(value))):
            raise UsageError(f"{value!r:.80} is no text in UTF-8")


def texts_of(value: object) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            yield each


def is_text(text: str) -> bool:
    """Whether it is without the halves of surrogate pairs that stand for bytes which are no UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def wake_for_signals() -> None:
    """Have every signal wake the loop, Ctrl-C above all.

    A signal that comes in the moment before the loop goes to sleep does not wake it, and would be heeded only
    when something else happens. asyncio sees to that once any signal has a handler with it; this one, of a
    window that changes its size, is nothing to who has none. On Windows it is always seen to.
    """
    if sys.platform != "win32":
        asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, lambda: None)


def show_every_character(stream: TextIO) -> None:
    """Have a character that the terminal cannot show written as its code, instead of failing."""
    cast("io.TextIOWrapper", stream).reconfigure(errors="backslashreplace")


def take_every_byte(stream: TextIO) -> None:
    """Have bytes that are no text read as halves of surrogate pairs, for whoever uses the text to refuse."""
    cast("io.TextIOWrapper", stream).reconfigure(errors="surrogateescape")
