"""Of a long passage the lines that tell most about a question, with what they need around them. Pure."""

from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate

EXCERPT_LINES = 16
EXCERPT_CHARS = 1_200
"""A passage that is no longer than this is shown whole."""


def telling_lines(
    lines: Sequence[str], held: Mapping[int, Collection[str]], weights: Mapping[str, float]
) -> tuple[int, int]:
    """Return from where to where the excerpt goes, as a slice of the lines.

    `held` says which words of the question stand in a line, `weights` how much each of them tells.
    """
    if _fits(lines, 0, len(lines)) or not held:
        return 0, _fitting(lines, 0)
    densest = (_densest(lines, held, weights, at) for at in sorted(held))
    _, (start, end) = max(densest, key=lambda found: found[0])
    return _with_paragraph(lines, start, end)


def _densest(
    lines: Sequence[str], held: Mapping[int, Collection[str]], weights: Mapping[str, float], start: int
) -> tuple[float, tuple[int, int]]:
    """Return what an excerpt from a line on tells, and where it may end without telling less."""
    limit = _fitting(lines, start)
    known: set[str] = set()
    end = start + 1
    for at in range(start, limit):
        new = set(held.get(at, ())) - known
        if new:
            known |= new
            end = at + 1
    return sum(weights[word] for word in known), (start, end)


def _with_paragraph(lines: Sequence[str], start: int, end: int) -> tuple[int, int]:
    """Take in the rest of the paragraph below and above, and then of the section, as far as there is room."""
    for is_over in (_is_blank, lambda _: False):
        while end < len(lines) and not is_over(lines[end]) and _fits(lines, start, end + 1):
            end += 1
        while start > 0 and not is_over(lines[start - 1]) and _fits(lines, start - 1, end):
            start -= 1
    while _is_blank(lines[start]) and start < end - 1:
        start += 1
    while _is_blank(lines[end - 1]) and start < end - 1:
        end -= 1
    return start, end


def _is_blank(line: str) -> bool:
    return not line.strip()


def _fits(lines: Sequence[str], start: int, end: int) -> bool:
    return end - start <= EXCERPT_LINES and sum(len(line) + 1 for line in lines[start:end]) <= EXCERPT_CHARS


def _fitting(lines: Sequence[str], start: int) -> int:
    """Return how far an excerpt from a line on can go; one line it has at least."""
    sizes = accumulate(len(line) + 1 for line in lines[start : start + EXCERPT_LINES])
    return start + max(1, sum(size <= EXCERPT_CHARS for size in sizes))
