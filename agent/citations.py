"""What an answer rests on, as far as its turn can show it. A source that the model made up is none. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from agent.desk import CallRecord, Citation
from tools.peers import sources_in
from tools.shared import Passage, passages_in, place_in

CITATIONS_MAX = 8
QUOTE_MAX_CHARS = 240
MENTIONS_MAX = 200
"""Of one file in one answer; a model that repeats itself says nothing new."""


def citations(answer: str, calls: Sequence[CallRecord]) -> tuple[Citation, ...]:
    """Return what the answer cites of what its turn read, in its order; then the sources that peers gave.

    A citation is a file's name with lines, as `[handbook/opening.md:12-31]`; of lines that were not read only
    the part that was read counts. What the answers of peers rest on they have said themselves.
    """
    read = [passage for call in calls if call.ok for passage in passages_in(call.name, call.result)]
    cited = sorted(_cited(answer, read), key=lambda found: found[0])
    own = [citation for _, citation in cited]
    return tuple(dict.fromkeys([*own, *_of_peers(calls)]))[:CITATIONS_MAX]


def _of_peers(calls: Sequence[CallRecord]) -> Iterator[Citation]:
    for call in calls:
        for peer, source in sources_in(call.name, call.result) if call.ok else ():
            if (where := place_in(source)) is not None:
                file, first, last, unit = where
                yield Citation(peer=peer, file=file, first=first, last=last, unit=unit)


def _cited(answer: str, read: Sequence[Passage]) -> Iterator[tuple[int, Citation]]:
    """Yield each citation with the place where it stands in the answer."""
    files = dict.fromkeys(passage.file for passage in read)
    names = [_name(file) for file in files]
    for file in files:
        passages = [passage for passage in read if passage.file == file]
        mentions = _mentions(file, alone=names.count(_name(file)) == 1).finditer(answer)
        for found in islice(mentions, MENTIONS_MAX):
            first = int(found["first"])
            last = int(found["last"] or first)
            if (best := _most_covered(passages, first, last)) is not None:
                yield found.start(), _clipped(best, first, last)


def _name(file: str) -> str:
    return file.rpartition("/")[2]


def _mentions(file: str, *, alone: bool) -> re.Pattern[str]:
    """Return what finds a file with lines, also as `lines 3 to 5`, and `alone` without its folder.

    Every repetition in it is short, so that no answer takes long to read.
    """
    folder = re.escape(file.removesuffix(_name(file)))
    path = (rf"(?:{folder})?" if alone else folder) + re.escape(_name(file))
    return re.compile(
        rf"(?<![\w/.-]){path}[\s`'\"*]{{0,5}}[:,#]?\s{{0,2}}(?:lines?|pages?|L|p\.?)?\s{{0,2}}"
        r"(?P<first>\d{1,8})(?:\s{0,2}(?:-|\u2013|to)\s{0,2}(?:L|p\.?)?(?P<last>\d{1,8}))?",
        re.IGNORECASE,
    )


def _most_covered(passages: Sequence[Passage], first: int, last: int) -> Passage | None:
    """Return the passage with most of these lines; None when none has any."""

    def covered(passage: Passage) -> int:
        return min(last, passage.last) - max(first, passage.first)

    best = max(passages, key=covered)
    return best if covered(best) >= 0 else None


def _clipped(passage: Passage, first: int, last: int) -> Citation:
    first, last = max(first, passage.first), min(last, passage.last)
    lines = passage.text.split("\n")
    # A passage of lines has as many as it says, but for a page and for a piece of one long line.
    whole = passage.unit == "line" and len(lines) == passage.last - passage.first + 1
    cited = lines[first - passage.first : last - passage.first + 1] if whole else lines
    return Citation(
        file=passage.file,
        first=first,
        last=last,
        unit=passage.unit,
        quote=" ".join(" ".join(cited).split())[:QUOTE_MAX_CHARS],
    )
