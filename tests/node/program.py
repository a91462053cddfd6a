"""`palaver` as its users run it: a process with arguments, stdin, two streams and an exit code."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIMIT_S = 40.0


@dataclass(frozen=True, slots=True)
class Finished:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return stdout as the one line of JSON that it must be."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)


@asynccontextmanager
async def started(
    *arguments: str,
    data: Path,
    more: Mapping[str, str] | None = None,
    module: str = "node.cli",
    before: Sequence[str] = (),
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start `palaver`; `more` adds to its environment, which holds nothing of ours.

    `before` is a command that becomes it, such as one that enters a namespace.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PALAVER_")}
    process = await asyncio.create_subprocess_exec(
        *before, sys.executable, "-m", module, *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**environment, "PALAVER_DATA_DIR": str(data), **(more or {})},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def palaver(
    *arguments: str, data: Path, stdin: str | bytes = "", before: Sequence[str] = ()
) -> Finished:
    """Run `palaver` to its end."""
    async with asyncio.timeout(LIMIT_S), started(*arguments, data=data, before=before) as process:
        out, err = await process.communicate(stdin if isinstance(stdin, bytes) else stdin.encode())
        assert process.returncode is not None
        return Finished(process.returncode, out.decode(), err.decode())
