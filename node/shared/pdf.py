"""The text of a PDF, page by page, read in a child process that has little time and memory. Blocks."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from node.child import ending_with_this_process
from node.shared.admission import BAD_PDF, NO_PDF_READER
from node.shared.beneath import Refused

TIME_MAX_S = 30.0
_CHILD = Path(__file__).with_name("pdf_child.py")


def has_reader() -> bool:
    return importlib.util.find_spec("pypdf") is not None


def pages_of(content: bytes) -> list[str]:
    """Return the text of each page; raises `Refused`."""
    if not has_reader():
        raise Refused(NO_PDF_READER)
    try:
        done = subprocess.run(  # noqa: S603  our own program; the PDF is its input
            ending_with_this_process([sys.executable, "-I", str(_CHILD)]),
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIME_MAX_S,
            check=True,
        )
        pages = json.loads(done.stdout)
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        raise Refused(BAD_PDF) from error
    return [str(page) for page in pages]
