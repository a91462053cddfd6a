"""Runs in a process of its own: reads a PDF from stdin and writes its pages' text to stdout, as JSON.

A PDF is a stranger's program in all but name. Here it can use up this process's time and memory, and no more.
Imports nothing of ours.
"""

import io
import json
import sys

MEMORY_MAX_BYTES = 1 << 30
CPU_MAX_S = 20
PAGES_MAX = 2_000
TEXT_MAX_CHARS = 4_000_000


def main() -> None:
    _limit()
    import pypdf  # noqa: PLC0415  after the limits, and only here

    reader = pypdf.PdfReader(io.BytesIO(sys.stdin.buffer.read()))
    texts: list[str] = []
    left = TEXT_MAX_CHARS
    for page in reader.pages[:PAGES_MAX]:
        texts.append(page.extract_text()[:left])
        left -= len(texts[-1])
        if left <= 0:
            break
    sys.stdout.write(json.dumps(texts))


def _limit() -> None:
    """Take away more memory and time than a PDF needs; Windows has no such limits, only the clock's."""
    try:
        import resource  # noqa: PLC0415  not on Windows
    except ImportError:
        return
    for kind, limit in ((resource.RLIMIT_AS, MEMORY_MAX_BYTES), (resource.RLIMIT_CPU, CPU_MAX_S)):
        try:
            resource.setrlimit(kind, (limit, limit))
        except (ValueError, OSError):
            pass  # macOS refuses the first


if __name__ == "__main__":
    main()
