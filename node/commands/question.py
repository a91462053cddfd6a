"""The question on a command line."""

import sys

from node.client import NodeError


def read_question(text: str) -> str:
    """Return the question; `-` reads it from stdin."""
    asked = sys.stdin.read() if text == "-" else text
    if not asked.strip():
        raise NodeError("there is nothing to ask: the text is empty", "empty")
    return asked
