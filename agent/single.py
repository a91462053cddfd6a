"""One round for itself: no session, no tools, nobody watching; what the model says as one text."""

import asyncio
from contextlib import aclosing

from agent.errors import TurnLimitError
from agent.limits import Limits, idle_limit
from agent.models.base import Model, ModelRequest, TextDelta


async def single_reply(model: Model, request: ModelRequest, *, limits: Limits, max_chars: int) -> str:
    """Return what the model says, cut at `max_chars`; raises `ModelError` or `TurnError`.

    It is streamed all the same: no server stops an unstreamed reply when its client goes away.
    """
    texts: list[str] = []
    size = 0
    try:
        async with (
            asyncio.timeout(limits.total_s) as cap,
            idle_limit(limits.idle_s) as seen,
            aclosing(model.stream(request)) as deltas,
        ):
            async for delta in deltas:
                seen()
                if isinstance(delta, TextDelta):
                    texts.append(delta.text)
                    size += len(delta.text)
                if size >= max_chars:
                    break
    except TimeoutError:
        if cap.expired():
            raise TurnLimitError(limits.total_s) from None
        raise
    return "".join(texts)[:max_chars]
