"""A model on an Ollama server.

Chat goes through our own reader, because the `ollama` package loses schema keys and call ids.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

from agent.models import failure, ollama_chat
from agent.models.base import Delta, ErrorKind, ModelError, ModelFacts, ModelRequest, Notice
from agent.models.http import Answer, ModelServer
from agent.models.joined import joined
from agent.models.ollama_chat import OllamaReply
from agent.models.ollama_control import LABEL, PROVIDER, OllamaControl
from agent.models.recorder import UNRECORDED, Recorder
from agent.models.wire import LineReader, received
from tools.spec import JsonObject

CHAT = "/api/chat"
_WINDOW_TIMEOUT_S = 1.0


class OllamaModel:
    """One model; what its server refuses once (thinking, tools) is remembered and not sent again."""

    def __init__(
        self,
        address: str,
        name: str,
        *,
        facts: ModelFacts | None = None,
        allow_remote: bool = False,
        recorder: Recorder = UNRECORDED,
    ) -> None:
        self._server = ModelServer(address, LABEL, allow_remote=allow_remote, recorder=recorder)
        self._control = OllamaControl(address, allow_remote=allow_remote, recorder=recorder)
        self._facts = facts or ModelFacts(
            provider=PROVIDER, name=name, label=f"{name} on {LABEL}", address=self._server.address
        )
        self._window_known_for: tuple[int | None] | None = None
        """The `num_ctx` with which the loaded window was asked for."""

    @property
    def facts(self) -> ModelFacts:
        return self._facts

    async def learn(self) -> ModelFacts:
        """Ask the server what this model can do and how large its window is; raises `ModelError`."""
        self._facts = await self._control.facts(self._facts.name)
        return self._facts

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        reply = OllamaReply(str(self._server), request)
        async with AsyncExitStack() as stack:
            response, notices = await self._send(stack, request)
            for notice in notices:
                yield notice
            batches = await stack.enter_async_context(aclosing(received(response, LineReader())))
            async for lines in batches:
                for delta in joined(_deltas(reply, lines)):
                    if reply.is_done:
                        await self._learn_window(request.options.context_size)
                    yield delta
                if reply.is_done:
                    return
        raise failure.cut_short(str(self._server))

    async def close(self) -> None:
        await self._server.close()

    async def _send(self, stack: AsyncExitStack, request: ModelRequest) -> tuple[Answer, list[Notice]]:
        """Send the request, again without what the server says it does not support."""
        notices: list[Notice] = []
        while True:
            body = self._payload(request)
            try:
                return await stack.enter_async_context(self._server.post(CHAT, body)), notices
            except ModelError as error:
                notices += self._give_up_feature(error, body)

    def _payload(self, request: ModelRequest) -> dict[str, object]:
        facts, think = self._facts, request.options.think
        if facts.thinks is False:
            think = None
        elif think is None:
            think = True  # left out, newer servers think and older ones do not
        return ollama_chat.payload(facts.name, request, think=think, tools=facts.calls_tools is not False)

    def _give_up_feature(self, error: ModelError, body: JsonObject) -> list[Notice]:
        """Remember what the server does not support; an error about anything else is raised."""
        text = str(error) if error.kind is ErrorKind.REFUSED else ""
        if body.get("think") and "does not support thinking" in text:
            self._facts = replace(self._facts, thinks=False)
            return []
        if "tools" in body and "does not support tools" in text:
            self._facts = replace(self._facts, calls_tools=False)
            return [Notice(f"{self._facts.label} cannot call tools; it answers from what it knows.")]
        raise error

    async def _learn_window(self, wanted: int | None) -> None:
        """Ask for the window that the model is loaded with, after the first round with each wanted one."""
        if self._window_known_for == (wanted,):
            return
        self._window_known_for = (wanted,)
        try:
            async with asyncio.timeout(_WINDOW_TIMEOUT_S):
                window = await self._control.loaded_window(self._facts.name)
        except (ModelError, TimeoutError):
            return
        if window is not None:
            self._facts = replace(self._facts, context_window=window)


def _deltas(reply: OllamaReply, lines: Iterable[bytes]) -> Iterator[Delta]:
    for line in lines:
        yield from reply.receive(line)
        if reply.is_done:
            return
