"""Where a judgement is made: most at once, those that may take their time beside the loop."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from tools.spec import SpecifierKind, ToolSpec

T = TypeVar("T")


async def beside(tool: ToolSpec, decide: Callable[[], T]) -> T:
    """Decide about a call of a tool: paths look at the disk, lines may be long; names are the loop's."""
    if tool.specifier_kind in {SpecifierKind.TEXT, SpecifierKind.NAMES}:
        return decide()
    return await asyncio.to_thread(decide)
