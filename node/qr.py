"""A text as a QR code: rows for a terminal, and a path for a page that may load nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

QUIET = 4
"""Modules of margin, as readers of the code expect."""

_HALVES = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
"""Two rows of modules in one of characters. What is dark stays unprinted: most terminals are dark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QrPath:
    size: int
    """Modules per side, the margin with them: the view box is `0 0 size size`."""
    path: str
    """The dark modules, as the `d` of an SVG path."""


def qr_path(text: str) -> QrPath:
    rows = _modules(text)
    runs = [f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(rows) for x, length in _dark_runs(row)]
    return QrPath(size=len(rows), path="".join(runs))


def qr_text(text: str) -> str:
    """Return the code in half-height characters, light where the terminal prints."""
    rows = _modules(text)
    pairs = zip(rows[::2], [*rows[1::2], [False] * len(rows)], strict=False)
    return "\n".join(
        "".join(_HALVES[upper, lower] for upper, lower in zip(*pair, strict=True)) for pair in pairs
    )


def _modules(text: str) -> Sequence[Sequence[bool]]:
    import segno  # noqa: PLC0415  slow to load, and most starts of a node show no code

    code = segno.make_qr(text, error="l")
    return [[bool(module) for module in row] for row in code.matrix_iter(border=QUIET)]


def _dark_runs(row: Sequence[bool]) -> list[tuple[int, int]]:
    """Return start and length of each run of dark modules."""
    runs: list[tuple[int, int]] = []
    for x, is_dark in enumerate(row):
        if is_dark and runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif is_dark:
            runs.append((x, 1))
    return runs
