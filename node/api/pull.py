"""`/api/agent/pull`: fetching a model, with its progress as NDJSON and on the socket."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from aiohttp import web
from pydantic import Field

from agent.models.base import ErrorKind, ModelError
from agent.models.catalogue import LABELS
from agent.models.find import Server, identify
from agent.models.ollama_control import PROVIDER as OLLAMA
from agent.models.ollama_control import OllamaControl, PullProgress
from agent.models.recorder import Recorder
from node.api.errors import ApiError
from node.api.pouring import NDJSON_HEADERS, Readers, pour
from node.api.requests import Body, body_of
from node.channels.models import Pull
from node.model_choice import ModelChoices
from node.settings import Settings

WHY_NOT = {
    "lmstudio": "LM Studio fetches models itself: `lms get NAME`, or its window",
    "vllm": "vLLM serves the model that it was started with: `vllm serve NAME`",
    "llama-server": "llama-server serves the file that it was started with: `llama-server -m FILE`",
}
SUCCESS = "success"

State: TypeAlias = Literal["running", "done", "failed", "cancelled"]


class PullRequest(Body):
    model: str = Field(min_length=1, max_length=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullApi:
    models: ModelChoices
    settings: Settings
    recorder: Recorder
    tell: Callable[[Pull], None]
    _readers: Readers = field(default_factory=Readers)

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/api/agent/pull", self.pull)
        app.on_shutdown.append(self._readers.say_goodbye)

    async def pull(self, request: web.Request) -> web.StreamResponse:
        """Fetch a model; every line says how far it is, the last one how it ended. Hanging up stops it."""
        wanted = await body_of(request, PullRequest)
        remote = self.settings.flag("models.allowRemote")
        control = OllamaControl(await self._ollama(), allow_remote=remote, recorder=self.recorder)
        async with aclosing(control.pull(wanted.model)) as parts:
            first = await anext(
                parts, PullProgress(status="")
            )  # what fails at once is an error with a status
            with self._readers.one() as reader:
                response = web.StreamResponse(headers=NDJSON_HEADERS)
                await pour(request, response, reader, self._lines(wanted.model, first, parts))
        return response

    async def _ollama(self) -> str:
        """Return the address of the server that can pull; raises `ApiError` or `ModelError`."""
        chosen = self.settings.text("models.url")
        addresses = (chosen,) if chosen else self.models.for_turns.addresses()
        remote = self.settings.flag("models.allowRemote")
        looks = (identify(address, allow_remote=remote, recorder=self.recorder) for address in addresses)
        answers = await asyncio.gather(*looks, return_exceptions=True)
        servers = [answer for answer in answers if isinstance(answer, Server)]
        for server in servers:
            if server.provider == OLLAMA:
                return server.address
        if servers:
            raise cannot_pull(servers[0])
        raise ModelError(
            ErrorKind.UNREACHABLE, "no Ollama answers, which could fetch a model; start it first"
        )

    async def _lines(
        self, model: str, first: PullProgress, parts: AsyncGenerator[PullProgress, None]
    ) -> AsyncGenerator[bytes, None]:
        state: State = "cancelled"
        said = Told(model, self.tell)
        part = first
        try:
            yield line(part)
            said.progress(part)
            async for part in parts:
                yield line(part)
                said.progress(part)
            check_whole(part)
            state = "done"
            await self.models.look_afresh()
        except ModelError as error:
            state, part = "failed", PullProgress(status=str(error))
            yield json.dumps({"error": str(error), "code": f"model_{error.kind}"}).encode() + b"\n"
        finally:
            said.end(state, part.status)


class Told:
    """What all clients are told of a pull: every whole percent, not every piece."""

    def __init__(self, model: str, tell: Callable[[Pull], None]) -> None:
        self._model = model
        self._tell = tell
        self._last: tuple[str, int] | None = None

    def progress(self, part: PullProgress) -> None:
        now = (part.status, 100 * (part.completed or 0) // (part.total or 1))
        if now != self._last:
            self._last = now
            self._say("running", part.status, part)

    def end(self, state: State, status: str) -> None:
        self._say(state, status, PullProgress(status=status))

    def _say(self, state: State, status: str, part: PullProgress) -> None:
        event = Pull(
            model=self._model, state=state, status=status, total=part.total, completed=part.completed
        )
        self._tell(event)


def line(part: PullProgress) -> bytes:
    numbers = {} if part.total is None else {"total": part.total, "completed": part.completed or 0}
    return json.dumps({"status": part.status, **numbers}).encode() + b"\n"


def check_whole(last: PullProgress) -> None:
    if last.status != SUCCESS:
        raise ModelError(ErrorKind.BROKEN, "the server ended the pull before it was complete")


def cannot_pull(server: Server) -> ApiError:
    label = LABELS[server.provider]
    reason = WHY_NOT.get(server.provider, f"{label} fetches no models")
    return ApiError(501, "pull_unsupported", f"{reason}; only Ollama pulls for its clients")
