"""The node's own engine: a model file that runs in a child process, as a model like any other."""

import asyncio
import logging
import os
import secrets
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from agent.models.base import Delta, ErrorKind, ModelError, ModelFacts, ModelRequest, Notice
from agent.models.engine_server import KEY_VARIABLE
from agent.models.openai import OpenAIModel
from agent.models.recorder import UNRECORDED, Recorder
from node.child import ChildError
from node.engine_child import EngineChild
from node.engine_file import ModelFile, open_file

logger = logging.getLogger(__name__)

LOAD_LIMIT_S = 600.0
NOTICE_EVERY_S = 2.0
"""How often a turn that waits for the model is told so."""
RESTARTS = 1
"""How often in a row the engine is started again without having answered in between."""
END_GRACE_S = 1.0
"""A connection breaks a moment before the end of its process is known."""
SLOTS = 2
"""Replies at once, each with a window of its own in memory; others wait."""


class EngineModel:
    """Runs from `start` until `close`. Ended by itself it is started again with the next turn, once."""

    def __init__(self, file: ModelFile, *, recorder: Recorder = UNRECORDED) -> None:
        self.file = file
        self.facts = ModelFacts(
            provider="engine", name=file.name, label=f"{file.name} in this node", context_window=file.window
        )
        self.problem: ModelError | None = None
        """Why it cannot answer now; one that is loading says so."""
        self._recorder = recorder
        self._starting: asyncio.Task[OpenAIModel] | None = None
        self._model: OpenAIModel | None = None
        self._child: EngineChild | None = None
        self._watch: asyncio.Task[None] | None = None
        self._ends = 0
        """How often in a row it ended by itself."""
        self._rounds = 0
        self._retired = False

    def start(self) -> asyncio.Task[OpenAIModel]:
        """Load the model, or go on with what is loaded or being loaded."""
        is_up = self._child is not None and self._child.is_running
        if self._starting is None or (self._starting.done() and not is_up):
            self._starting = asyncio.create_task(self._load())
            self._starting.add_done_callback(_heard)
        return self._starting

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        self._rounds += 1
        try:
            starting, began = self.start(), time.monotonic()
            while not starting.done():
                yield Notice(f"loading {self.facts.name}, {time.monotonic() - began:.0f} s so far")
                await asyncio.wait({starting}, timeout=NOTICE_EVERY_S)
            async with aclosing(starting.result().stream(request)) as deltas:
                async for delta in deltas:
                    yield delta
            self._ends = 0
        except ModelError as error:
            if (explained := await self._explained(error)) is not None:
                raise explained from error
            raise
        finally:
            self._rounds -= 1
            if self._retired:
                await self.retire()

    async def retire(self) -> None:
        """Give the memory back as soon as no turn is using the model: another one was chosen."""
        self._retired = True
        if not self._rounds:
            await self.close()

    async def close(self) -> None:
        child, starting, self._child, self._starting = self._child, self._starting, None, None
        if starting is not None:
            starting.cancel()
            await asyncio.wait({starting})
        if child is not None:
            await child.stop()
        if self._watch is not None:
            await self._watch
        await self._let_go()

    async def _load(self) -> OpenAIModel:
        if self._ends > RESTARTS:
            assert self.problem is not None
            raise self.problem
        await self._let_go()
        self.problem = ModelError(ErrorKind.LOADING, f"{self.facts.name} is loading")
        key = secrets.token_hex(16)
        try:
            self._child = child = await EngineChild.start(self._command(), more={KEY_VARIABLE: key})
            self._watch = asyncio.create_task(self._watched(child))
            async with asyncio.timeout(LOAD_LIMIT_S):
                address = await child.address()
        except (ChildError, TimeoutError) as error:
            reason = str(error) or f"it took longer than {LOAD_LIMIT_S:.0f} s to load"
            raise await self._failed(reason) from error
        if address is None:
            await self._watch
            raise self.problem
        self.problem = None
        facts = replace(self.facts, provider="llama-server", address=address)
        self._model = OpenAIModel(facts, key=key, recorder=self._recorder)
        return self._model

    async def _let_go(self) -> None:
        """Close what belongs to an engine that is no more."""
        model, self._model = self._model, None
        if model is not None:
            await model.close()

    async def _failed(self, reason: str) -> ModelError:
        child, self._child = self._child, None
        if child is not None:
            await child.stop()
        self._ends += 1
        self.problem = self._sentence(f"could not be started: {reason}")
        return self.problem

    async def _watched(self, child: EngineChild) -> None:
        """Notice when the child ends by itself, also between turns."""
        code = await child.ended()
        if child is self._child:
            self._ends += 1
            what = "ended" if child.is_loaded else "could not be loaded"
            self.problem = self._sentence(f"{what} ({manner(code)}): {child.last_words()}")
            logger.warning("%s", self.problem)

    async def _explained(self, error: ModelError) -> ModelError | None:
        """Say that the engine ended, where that is what broke the reply."""
        if self._watch is None or error.kind not in BREAKS:
            return None
        ended, _ = await asyncio.wait({self._watch}, timeout=END_GRACE_S)
        return self.problem if ended else None

    def _sentence(self, what: str) -> ModelError:
        hope = (
            "It is started again with the next turn."
            if self._ends <= RESTARTS
            else "It is not started again by itself; choose another model, or start the node anew."
        )
        return ModelError(ErrorKind.NO_MODEL, f"{self.facts.name} in this node {what.rstrip('.')}. {hope}")

    def _command(self) -> list[str]:
        file = self.file
        return [
            sys.executable, "-P", "-m", "agent.models.engine_server", str(file.path), "--name", file.name,
            "--context", str(file.window), "--slots", str(SLOTS), "--threads", str(threads()),
        ]  # fmt: skip


class Engines:
    """The engines of a node, each model file loaded once for all that use it."""

    def __init__(self, recorder: Recorder = UNRECORDED) -> None:
        self._recorder = recorder
        self._users: dict[ModelFile, int] = {}
        self._running: dict[ModelFile, EngineModel] = {}

    async def open(self, wanted: str, context: int | None) -> EngineModel:
        """Return the model for one more user, already loading; raises `ModelError` for what cannot run."""
        file = await asyncio.to_thread(open_file, wanted, context)
        self._users[file] = self._users.get(file, 0) + 1
        if file not in self._running:
            self._running[file] = EngineModel(file, recorder=self._recorder)
            self._running[file].start()
        return self._running[file]

    async def leave(self, engine: EngineModel) -> None:
        """Count one user less; the last one's leaving ends the engine."""
        self._users[engine.file] -= 1
        if not self._users[engine.file]:
            del self._users[engine.file], self._running[engine.file]
            await engine.retire()

    async def close(self) -> None:
        for engine in self._running.values():
            await engine.close()


def _heard(loading: asyncio.Task[OpenAIModel]) -> None:
    """Take the error of a load that no turn waits for: `problem` tells it."""
    if not loading.cancelled():
        loading.exception()


BREAKS = frozenset({ErrorKind.BROKEN, ErrorKind.UNREACHABLE})
"""What a reply looks like whose engine ended."""


def threads() -> int:
    """Return how many threads an engine takes: half the processors.

    The other half are mostly second threads of the same cores, and the node and its owner want some, too:
    a thread that has to wait for its processor makes all others wait.
    """
    if sys.platform == "linux":
        return max(1, len(os.sched_getaffinity(0)) // 2)
    return max(1, (os.cpu_count() or 1) // 2)


def manner(code: int) -> str:
    """Say how a process ended."""
    if code == -9:
        return "killed, perhaps for want of memory"
    return f"by signal {-code}" if code < 0 else f"with exit code {code}"
