"""Learns from the owner's answered turns which words go with which tools; nothing is learned from peers."""

import logging

from agent.desk import TurnOutcome
from agent.learned import Learned
from agent.request import words_to_learn
from node.settings import Settings
from node.store.errors import StoreError
from node.store.learned import LearnedStore
from node.store.turn import ClaimedTurn, Source
from tools.meta import META_TOOLS

logger = logging.getLogger(__name__)


class Learning:
    def __init__(self, store: LearnedStore, learned: Learned, settings: Settings) -> None:
        self.learned = learned
        self._store = store
        self._settings = settings

    async def after(self, claimed: ClaimedTurn, outcome: TurnOutcome) -> None:
        """Count the words of a request for each tool whose call worked; only whole words, never the text."""
        if claimed.source is not Source.USER or outcome.error or outcome.cancelled:
            return
        if not self._settings.flag("agent.tools.learn"):
            return
        tools = dict.fromkeys(call.name for call in outcome.calls if call.ok and call.name not in META_TOOLS)
        words = words_to_learn(claimed.prompt)
        if tools and words:
            await self._count(tuple(tools), words)

    async def forget(self) -> int:
        """Forget everything and say of how many tools."""
        known = len(self.learned)
        await self._store.clear()
        self.learned.clear()
        return known

    async def _count(self, tools: tuple[str, ...], words: list[str]) -> None:
        bags = {tool: self.learned.bag(tool).with_request(words) for tool in tools}
        forgotten = [old for tool, bag in bags.items() for old in self.learned.put(tool, bag)]
        try:
            await self._store.put(bags, forgotten=forgotten)
        except StoreError as error:
            # The turn is over and kept; a habit that is lost at the next start is no reason to fail.
            logger.warning("what a turn taught could not be stored: %s", error)
