"""The text of a PDF, page by page, read in a child process that has little time and memory. Blocks."""

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from node.child import ending_with_this_process
from node.shared.admission import BAD_PDF, NO_PDF_READER
from node.shared.beneath import Refused

TIME_MAX_S = 30.0
LOOK_S = 0.2
"""How often a reading looks whether it is still wanted."""
_CHILD = Path(__file__).with_name("pdf_child.py")


class Stopped(Exception):
    """The node is closing, or the folder is no longer shared."""


def has_reader() -> bool:
    return importlib.util.find_spec("pypdf") is not None


def pages_of(content: bytes, is_over: Callable[[], bool]) -> list[str]:
    """Return the text of each page; raises `Refused`, or `Stopped` when the reading `is_over`."""
    if not has_reader():
        raise Refused(NO_PDF_READER)
    try:
        said = _output(content, is_over)
        return [str(page) for page in json.loads(said)]
    except (OSError, ValueError) as error:
        raise Refused(BAD_PDF) from error


def _output(content: bytes, is_over: Callable[[], bool]) -> bytes:
    """Return what the child makes of a PDF: nothing when it takes too long or fails."""
    give_up = time.monotonic() + TIME_MAX_S
    left: bytes | None = content
    with subprocess.Popen(  # noqa: S603  our own program; the PDF is its input
        ending_with_this_process([sys.executable, "-I", str(_CHILD)]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        while time.monotonic() < give_up and not is_over():
            try:
                return child.communicate(left, timeout=LOOK_S)[0]
            except subprocess.TimeoutExpired:
                left = None  # it is on its way already
        child.kill()
    if is_over():
        raise Stopped
    return b""
