"""Where the command line writes: results to stdout, what is said about them to stderr.

Nothing that is written here can steer a terminal, whoever the text came from.
"""

import json
import sys

from node.console.render import escape


def say(text: str) -> None:
    """Write one or more lines of result."""
    write(text + "\n")


def write(text: str) -> None:
    """Write a part of the result at once."""
    sys.stdout.write(escape(text))
    sys.stdout.flush()


def say_in_black_and_white(text: str) -> None:
    """Write lines that are to be white on black whatever colours the terminal has, as a camera wants them."""
    for line in text.splitlines():
        sys.stdout.write(f"\x1b[97;40m{escape(line)}\x1b[0m\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Write one or more lines about the result."""
    diagnose(text + "\n")


def diagnose(text: str) -> None:
    """Write a part of what is said about the result."""
    sys.stderr.write(escape(text))
    sys.stderr.flush()


def rewrite(text: str) -> None:
    """Replace the last line that was said about the result; without a terminal it goes below it."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        diagnose(text)
    else:
        note(text)


def say_json(value: object) -> None:
    """Write one line of JSON. ASCII only, so that it survives every terminal and code page."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()
