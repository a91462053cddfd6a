"""Cutting a text into passages: by headings where there are some, else some lines each. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PASSAGE_LINES = 30
OVERLAP_LINES = 5
"""What begins at the end of one passage can be read in the next."""
PASSAGE_MAX_CHARS = 2_400
INTRODUCTION_LINES = 2
"""What stands between a heading and the first one below it is read with that when it is no longer."""
HEADING_MAX_CHARS = 120

_HEADING = re.compile(r"(#{1,6})\s+(?=\S)")
_FENCE = re.compile(r"\s*(```|~~~)")
_UNFIT = re.compile(r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Cut:
    first: int
    """Line numbers count from 1."""
    last: int
    heading: str
    text: str


def decoded(content: bytes) -> str | None:
    """Return the text of a file, its lines ended alike; None when it holds no text."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    elif b"\0" in content:
        return None
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
    return sound(text)


def sound(text: str) -> str:
    """Return text without control characters; each line keeps its number."""
    return _UNFIT.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))


def cut(text: str, *, has_headings: bool) -> Iterator[Cut]:
    """Yield the passages of a text; blank ones are left out."""
    lines = text.split("\n")
    sections = _sections(lines) if has_headings else [(0, len(lines), "")]
    for start, end, heading in sections:
        yield from _windows(lines, start, end, heading)


def _sections(lines: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return where each section begins and ends, and under which headings it stands."""
    starts: list[tuple[int, str]] = [(0, "")]
    above: dict[int, str] = {}
    is_code = False
    for number, line in enumerate(lines):
        is_code ^= bool(_FENCE.match(line))
        if is_code or not (found := _HEADING.match(line)):
            continue
        level, heading = len(found[1]), _heading_text(line[found.end() :])
        start = number
        if level > max(above, default=0) and _is_short(lines[starts[-1][0] : number]):
            start, _ = starts.pop()
        above = {known: text for known, text in above.items() if known < level} | {level: heading}
        starts.append((start, " > ".join(above.values())[-HEADING_MAX_CHARS:]))
    ends = [start for start, _ in starts[1:]] + [len(lines)]
    return [(start, end, heading) for (start, heading), end in zip(starts, ends, strict=True)]


def _heading_text(rest: str) -> str:
    """Return what a heading says, without the marks that may close it. Linear, however long the line is."""
    text = rest.strip()
    bare = text.rstrip("#")
    return (text if bare and not bare[-1].isspace() else bare.rstrip())[:HEADING_MAX_CHARS]


def _is_short(section: Sequence[str]) -> bool:
    return sum(bool(line.strip()) and not _HEADING.match(line) for line in section) <= INTRODUCTION_LINES


def _windows(lines: Sequence[str], start: int, end: int, heading: str) -> Iterator[Cut]:
    """Yield some lines at a time; where more follow, the next passage repeats the last few."""
    while start < end:
        stop = _stop(lines, start, end)
        yield from _pieces(lines, start, stop, heading)
        start = stop if stop >= end or stop - start <= OVERLAP_LINES else stop - OVERLAP_LINES


def _stop(lines: Sequence[str], start: int, end: int) -> int:
    """Return where a passage ends: before it is too long, rather at a blank line than in a paragraph."""
    chars, stop = 0, start
    while stop < min(end, start + PASSAGE_LINES) and chars + len(lines[stop]) <= PASSAGE_MAX_CHARS:
        chars += len(lines[stop]) + 1
        stop += 1
    if stop >= end or stop == start:
        return max(stop, start + 1)
    blank = next(
        (at for at in range(stop - 1, start + PASSAGE_LINES // 2, -1) if not lines[at].strip()), stop
    )
    return max(blank, start + 1)


def _pieces(lines: Sequence[str], start: int, stop: int, heading: str) -> Iterator[Cut]:
    """Yield one passage without blank lines around it, or several of a line that is too long for one."""
    while start < stop and not lines[start].strip():
        start += 1
    while stop > start and not lines[stop - 1].strip():
        stop -= 1
    text = "\n".join(lines[start:stop])
    for at in range(0, len(text), PASSAGE_MAX_CHARS):
        yield Cut(start + 1, stop, heading, text[at : at + PASSAGE_MAX_CHARS])
