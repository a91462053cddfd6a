"""What a call would change, for the eyes of an owner who is asked about it."""

import asyncio
import logging

from tools.spec import JsonObject, ToolError, ToolSpec

CHANGE_MAX_CHARS = 40_000
CHANGE_LIMIT_S = 3.0

logger = logging.getLogger(__name__)


async def change_of(tool: ToolSpec, arguments: JsonObject) -> str:
    """Return a diff, cut where it is long; blank where there is none. It does not hold the question up."""
    if tool.change is None:
        return ""
    try:
        async with asyncio.timeout(CHANGE_LIMIT_S):
            change = await asyncio.to_thread(tool.change, arguments)
    except (ToolError, OSError, TimeoutError) as error:
        logger.info("what %s would change cannot be shown: %s", tool.name, error)
        return ""
    if len(change) <= CHANGE_MAX_CHARS:
        return change
    return change[:CHANGE_MAX_CHARS] + f"\n[cut: {len(change) - CHANGE_MAX_CHARS} more characters]"
