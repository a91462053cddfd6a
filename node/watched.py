"""A server's model that says at once when nothing answered it, so that nobody is told it is ready."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from agent.models.base import Delta, ErrorKind, Model, ModelError, ModelFacts, ModelRequest


class WatchedModel:
    def __init__(self, model: Model, on_unreachable: Callable[[ModelError], None]) -> None:
        self._model = model
        self._on_unreachable = on_unreachable

    @property
    def facts(self) -> ModelFacts:
        return self._model.facts

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        try:
            async with aclosing(self._model.stream(request)) as deltas:
                async for delta in deltas:
                    yield delta
        except ModelError as error:
            if error.kind is ErrorKind.UNREACHABLE:
                self._on_unreachable(error)
            raise

    async def close(self) -> None:
        await self._model.close()
