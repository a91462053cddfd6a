"""A model that plays rounds written down beforehand, for tests and for the demo."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TypeAlias

from agent.models.base import (
    CallDelta,
    Delta,
    ErrorKind,
    Finish,
    FinishReason,
    ModelError,
    ModelFacts,
    ModelRequest,
)

Deltas: TypeAlias = Sequence[Delta] | AsyncGenerator[Delta]
Round: TypeAlias = Sequence[Delta] | ModelError | Callable[[ModelRequest], Deltas]
"""What to stream, what to raise, or a function that looks at the request and decides."""

SCRIPTED_FACTS = ModelFacts(
    provider="scripted",
    name="scripted",
    label="Scripted",
    context_window=8_192,
    calls_tools=True,
    thinks=True,
)


class ScriptedModel:
    """Play one round per request, in order, and remember every request.

    A `Finish` is added where a round has none. A request after the last round raises `ModelError`,
    so that a loop which runs on is seen instead of hidden.
    """

    def __init__(self, rounds: Sequence[Round], *, facts: ModelFacts = SCRIPTED_FACTS) -> None:
        self._rounds = tuple(rounds)
        self.facts = facts
        self.requests: list[ModelRequest] = []
        self.closed = False

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        reason = FinishReason.STOP
        async with aclosing(_each(self._take(request))) as deltas:
            async for delta in deltas:
                yield delta
                if isinstance(delta, Finish):
                    return
                if isinstance(delta, CallDelta):
                    reason = FinishReason.CALLS
        yield Finish(reason)

    async def close(self) -> None:
        self.closed = True

    def _take(self, request: ModelRequest) -> Deltas:
        played = len(self.requests)
        if played > len(self._rounds):
            text = f"the script has {len(self._rounds)} rounds, and this is request {played}"
            raise ModelError(ErrorKind.REFUSED, text)
        script = self._rounds[played - 1]
        if isinstance(script, ModelError):
            raise script
        return script(request) if callable(script) else script


async def _each(deltas: Deltas) -> AsyncGenerator[Delta, None]:
    if isinstance(deltas, AsyncGenerator):
        async with aclosing(deltas):
            async for delta in deltas:
                yield delta
    else:
        for delta in deltas:
            yield delta
