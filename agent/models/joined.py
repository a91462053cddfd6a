"""Neighbouring pieces of text as one: what a server sent together is passed on together."""

from collections.abc import Iterable, Iterator

from agent.models.base import Calling, Delta, ReasoningDelta, TextDelta

JOINED_MAX_CHARS = 4_000
"""Longer pieces are passed on as they are, so that no event grows without bound."""


def joined(deltas: Iterable[Delta]) -> Iterator[Delta]:
    """Join neighbours of one kind. What came before a failure is passed on before it is raised."""
    held: Delta | None = None
    try:
        for delta in deltas:
            both = None if held is None else _both(held, delta)
            if held is not None and both is None:
                yield held
            held = both or delta
    except Exception:
        if held is not None:
            yield held
        raise
    if held is not None:
        yield held


def _both(before: Delta, after: Delta) -> Delta | None:
    """Return two pieces as one, or None when they have to stay apart."""
    match before, after:
        case TextDelta(first), TextDelta(second) if len(first) + len(second) <= JOINED_MAX_CHARS:
            return TextDelta(first + second)
        case ReasoningDelta(first), ReasoningDelta(second) if len(first) + len(second) <= JOINED_MAX_CHARS:
            return ReasoningDelta(first + second)
        case Calling(), Calling():
            return after
    return None
