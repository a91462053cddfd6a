"""Shared folders that lie in one another: who reads the inner one's files through the outer alone. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from node.store.shares import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    inner: Share
    outer: Share
    peers: frozenset[str] | None
    """Those that the inner one is not shared with; None: every peer that may read what is shared."""


def overlaps(shares: Sequence[Share]) -> list[Overlap]:
    """Return each folder that lies in one that more peers may read."""
    known = {PurePath(share.folder): share for share in shares}
    pairs = (
        (inner, known[above])
        for inner in shares
        for above in PurePath(inner.folder).parents
        if above in known and inner.peers is not None
    )
    found = (Overlap(inner=inner, outer=outer, peers=_more(inner, outer)) for inner, outer in pairs)
    return [each for each in found if each.peers is None or each.peers]


def _more(inner: Share, outer: Share) -> frozenset[str] | None:
    return None if outer.peers is None else outer.peers - (inner.peers or frozenset())
