"""`palaver` with one tool more: the crane lifts slowly, and each lift leaves a line in the file that counts."""

import asyncio
import sys
from functools import partial
from os import environ
from pathlib import Path
from typing import Any

from node import cli
from node.wiring import tools
from tools.registry import Registry, tool
from tools.spec import ToolSpec

LIFTS = "CRANE_LIFTS"
"""The variable that names the file."""
LIFT_S = 0.04


def crane(lifts: Path) -> ToolSpec:
    @tool(name="crane.lift")
    async def lift(load: str) -> str:
        """Lift a load."""
        await asyncio.to_thread(note, lifts, load)
        await asyncio.sleep(LIFT_S)
        return f"{load} is up"

    return lift


def note(file: Path, line: str) -> None:
    with file.open("a", encoding="utf-8") as lines:
        lines.write(line + "\n")


def main() -> int:
    usual = partial(tools.add_tools)

    def add_tools(registry: Registry, *rest: Any, **more: Any) -> Any:
        registry.add(crane(Path(environ[LIFTS])))
        return usual(registry, *rest, **more)

    tools.add_tools = add_tools
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
