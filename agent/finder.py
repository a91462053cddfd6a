"""Finds tools for requests: keeps an index for each catalogue in use, and what use has taught."""

from collections.abc import Collection, Sequence

from agent.index import ToolIndex
from agent.learned import Learned
from agent.ranking import Ranking, ranking
from agent.request import Request
from tools.spec import ToolSpec

INDEXES_KEPT = 8
"""Catalogues differ by the clients that are attached."""


class ToolFinder:
    def __init__(self, learned: Learned | None = None) -> None:
        self.learned = Learned() if learned is None else learned
        self._indexes: list[ToolIndex] = []

    def rank(self, tools: Sequence[ToolSpec], request: Request, *, carried: Collection[str] = ()) -> Ranking:
        """Rank a catalogue for a request."""
        return ranking(self.index(tools), request, self.learned, carried=carried)

    def index(self, tools: Sequence[ToolSpec]) -> ToolIndex:
        """Return the index of exactly these tools; a copy with the same content finds it again."""
        catalogue = tuple(tools)
        known = next((index for index in self._indexes if index.tools == catalogue), None)
        if known is not None:
            self._indexes.remove(known)
        index = ToolIndex(catalogue) if known is None else known
        self.keep(index)
        return index

    def keep(self, index: ToolIndex) -> None:
        """Keep an index that was built elsewhere; the one not used for longest goes."""
        self._indexes.append(index)
        del self._indexes[:-INDEXES_KEPT]
