"""`/api/commands`: the slash commands, and running a line of them."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeAlias

from aiohttp import web
from pydantic import ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

from node.api.errors import ApiError
from node.api.pouring import NDJSON_HEADERS, Readers, pour
from node.api.requests import Body, body_of
from node.client import NodeClient
from node.replies import NodeError
from node.slash.call import Progress, Step, Tell
from node.slash.commands import COMMANDS, LINE_MAX_CHARS, UsageError
from node.slash.outcome import Outcome, outcome_json
from node.slash.run import run

LINES_MAX = 64
"""Lines that wait for a reader; after these the command waits, too."""
Lines: TypeAlias = asyncio.Queue[bytes | None]

logger = logging.getLogger(__name__)


class TypedLine(Body):
    model_config = ConfigDict(alias_generator=to_camel)

    line: str = Field(min_length=1, max_length=LINE_MAX_CHARS)
    session_id: str | None = Field(default=None, min_length=1, max_length=128)
    """Where it was typed; left out: before a session's first message."""
    folder: Path | None = None
    """Where relative paths in the line begin; left out: nowhere."""
    stream: bool = False
    """One line of JSON, `{step}`, for what is told on the way; the last line, `{outcome}`, is the end."""

    @field_validator("folder")
    @classmethod
    def _is_whole(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_absolute():
            raise ValueError("a folder is a whole path")
        return folder


@dataclass(frozen=True, slots=True)
class CommandsApi:
    """What a command shows is said to who asked alone: it is neither stored nor read by the model."""

    node: Callable[[], NodeClient]
    """Opens a client of this very node."""
    _readers: Readers = field(default_factory=Readers)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/commands", self.list)
        app.router.add_post("/api/commands", self.run)
        app.on_shutdown.append(self._readers.say_goodbye)

    async def list(self, _: web.Request) -> web.Response:
        return web.json_response([asdict(command) for command in COMMANDS])

    async def run(self, request: web.Request) -> web.StreamResponse:
        """Run a line; one that hung up while it streams stops the command."""
        typed = await body_of(request, TypedLine)
        if typed.stream:
            with self._readers.one() as reader:
                response = web.StreamResponse(headers=NDJSON_HEADERS)
                await pour(request, response, reader, self._lines(typed))
            return response
        return web.json_response(await self._whole(typed))

    async def _whole(self, typed: TypedLine) -> dict[str, object]:
        """Return the outcome with everything that was shown before it."""
        shown: list[object] = []

        async def keep(step: Step) -> None:
            if not isinstance(step, Progress):
                shown.append(asdict(step))

        try:
            outcome = outcome_json(await self._run(typed, keep))
        except UsageError as error:
            raise ApiError(400, "usage", str(error)) from None
        except NodeError as error:
            raise ApiError(409, error.code, str(error)) from None
        return outcome | {"shown": [*shown, *outcome["shown"]]}

    async def _lines(self, typed: TypedLine) -> AsyncGenerator[bytes, None]:
        """Yield each step when it is there, then the outcome; leaving early stops the command."""
        lines: Lines = asyncio.Queue(LINES_MAX)
        running = asyncio.create_task(self._write(typed, lines), name="slash command")
        try:
            while (line := await lines.get()) is not None:
                yield line
        finally:
            running.cancel()

    async def _write(self, typed: TypedLine, lines: Lines) -> None:
        async def write(step: Step) -> None:
            await lines.put(_line({"step": asdict(step)}))

        await lines.put(_line(await self._end(typed, write)))
        await lines.put(None)

    async def _end(self, typed: TypedLine, tell: Tell) -> dict[str, object]:
        try:
            return {"outcome": outcome_json(await self._run(typed, tell))}
        except UsageError as error:
            return {"error": str(error), "code": "usage"}
        except NodeError as error:
            return {"error": str(error), "code": error.code}
        except Exception:
            logger.exception("a slash command failed")
            return {"error": "internal error; the node's log has the details", "code": "internal"}

    async def _run(self, typed: TypedLine, tell: Tell) -> Outcome:
        async with self.node() as node:
            return await run(node, typed.line, session_id=typed.session_id, folder=typed.folder, tell=tell)


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"
