"""A model on an Ollama server.

Chat goes through our own reader, because the `ollama` package loses schema keys and call ids.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

from agent.history import ToolMessage
from agent.models import failure, ollama_chat
from agent.models.base import Delta, ErrorKind, Finish, ModelError, ModelFacts, ModelRequest, Notice
from agent.models.http import Answer, ModelServer
from agent.models.joined import joined
from agent.models.ollama_chat import OllamaReply
from agent.models.ollama_control import LABEL, PROVIDER, OllamaControl, loaded_window
from agent.models.recorder import UNRECORDED, Recorder
from agent.models.wire import LineReader, received
from tools.spec import JsonObject

CHAT = "/api/chat"
RUNNING = "/api/ps"
WINDOW_TIMEOUT_S = 1.0
"""For the window, asked for beside a reply; one that is over sooner ends as much later at most."""


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
            look: asyncio.Task[None] | None = None
            async for lines in batches:
                for delta in joined(_deltas(reply, lines)):
                    if look is not None and isinstance(delta, Finish):
                        await look
                    yield delta
                    if look is None and _begins_a_turn(request):
                        look = self._look_for_window(stack)
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

    def _look_for_window(self, stack: AsyncExitStack) -> asyncio.Task[None]:
        """Begin to ask how large the window is, which ends with the stack at the latest.

        A model that writes is loaded. Others may have it loaded anew at any time, with another window.
        """
        look = asyncio.create_task(self._learn_window(), name="look for the window")
        stack.push_async_callback(_ended, look)
        return look

    async def _learn_window(self) -> None:
        """Take the window over that the model is loaded with; the last known one stays if none is told."""
        try:
            running = await self._server.get(RUNNING, limit_s=WINDOW_TIMEOUT_S)
        except ModelError:
            return
        if (window := loaded_window(running, self._facts.name)) is not None:
            self._facts = replace(self._facts, context_window=window)


def _begins_a_turn(request: ModelRequest) -> bool:
    """Whether no tool of the turn has answered yet: once a turn is often enough to look at its server."""
    return not isinstance(request.messages[-1], ToolMessage)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _deltas(reply: OllamaReply, lines: Iterable[bytes]) -> Iterator[Delta]:
    for line in lines:
        yield from reply.receive(line)
        if reply.is_done:
            return
