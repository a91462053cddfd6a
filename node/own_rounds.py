"""Whose turn it is at the node's model: rounds of its owner go before those of borrowers."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from agent.models.base import Delta, Model, ModelFacts, ModelRequest


class OwnRounds:
    def __init__(self) -> None:
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def counted(self, model: Model) -> Model:
        """Return the model with each of its rounds counted as one of the owner's."""
        return _Counted(model, self)

    async def over(self) -> None:
        """Wait until no round of the owner's runs."""
        while self._running:
            await self._idle.wait()

    def enter(self) -> None:
        self._running += 1
        self._idle.clear()

    def leave(self) -> None:
        self._running -= 1
        if not self._running:
            self._idle.set()


class _Counted:
    def __init__(self, model: Model, rounds: OwnRounds) -> None:
        self._model = model
        self._rounds = rounds

    @property
    def facts(self) -> ModelFacts:
        return self._model.facts

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        self._rounds.enter()
        try:
            async with aclosing(self._model.stream(request)) as deltas:
                async for delta in deltas:
                    yield delta
        finally:
            self._rounds.leave()

    async def close(self) -> None:
        await self._model.close()
