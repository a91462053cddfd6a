"""How a command runs: its coroutine, its failures as plain sentences, its exit code."""

import argparse
import asyncio
import io
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import TextIO, TypeAlias, cast

from node.commands.output import note
from node.config import StartError
from node.replies import NodeError, NoNodeError

Story: TypeAlias = Callable[[argparse.Namespace], Coroutine[object, object, int]]

FAILED, WRONG_USAGE, NO_NODE, INTERRUPTED = 1, 2, 3, 130
"""Beside 0 for done; argparse says 2 of itself, too."""


def run(arguments: argparse.Namespace) -> int:
    """Run the command that was parsed and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        show_every_character(stream)
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
        return await story(arguments)
    except NoNodeError as error:
        note(str(error))
        return NO_NODE
    except (NodeError, StartError) as error:
        note(str(error))
        return FAILED


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
