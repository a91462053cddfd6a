"""A model on a server that speaks the OpenAI dialect: LM Studio, vLLM, llama-server, and others like them."""

from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

from agent.models import openai_chat
from agent.models.base import Delta, ModelError, ModelFacts, ModelRequest, Notice
from agent.models.catalogue import LABELS
from agent.models.http import Answer, ModelServer, read_text
from agent.models.joined import joined
from agent.models.names import SafeNames
from agent.models.openai_chat import OpenAIReply
from agent.models.recorder import UNRECORDED, Recorder
from agent.models.wire import EventReader, ServerEvent, received
from tools.spec import JsonObject

CHAT = "/v1/chat/completions"
_NO_TOOLS = (
    "tool choice requires",
    "does not support tools",
    "tools param requires",
    "tools are not supported",
)
_NO_USAGE = ("stream_options", "include_usage")


class OpenAIModel:
    """One model; what its server refuses once (tools, stream options) is remembered and not sent again."""

    def __init__(
        self,
        facts: ModelFacts,
        *,
        allow_remote: bool = False,
        key: str = "",
        recorder: Recorder = UNRECORDED,
    ) -> None:
        """`facts.provider` says which server this is, `facts.address` where it is, without `/v1`."""
        label = LABELS.get(facts.provider, facts.provider)
        self._server = ModelServer(
            facts.address, label, allow_remote=allow_remote, key=key, recorder=recorder
        )
        self._facts = facts
        self._reports_usage = True

    @property
    def facts(self) -> ModelFacts:
        return self._facts

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        names = openai_chat.safe_names(request)
        reply = OpenAIReply(str(self._server), names)
        async with AsyncExitStack() as stack:
            response, notices = await self._send(stack, request, names)
            for notice in notices:
                yield notice
            batches = await stack.enter_async_context(aclosing(_events(response)))
            async for events in batches:
                for delta in joined(_deltas(reply, events)):
                    yield delta
                if reply.is_done:
                    break
        for delta in reply.end():
            yield delta

    async def close(self) -> None:
        await self._server.close()

    async def _send(
        self, stack: AsyncExitStack, request: ModelRequest, names: SafeNames
    ) -> tuple[Answer, list[Notice]]:
        """Send the request, again without what the server says it does not support."""
        notices: list[Notice] = []
        while True:
            body = self._payload(request, names)
            try:
                return await stack.enter_async_context(self._server.post(CHAT, body)), notices
            except ModelError as error:
                notices += self._give_up_feature(error, body)

    def _payload(self, request: ModelRequest, names: SafeNames) -> dict[str, object]:
        return openai_chat.payload(
            self._facts.name,
            self._facts.provider,
            request,
            names,
            tools=self._facts.calls_tools is not False,
            usage=self._reports_usage,
        )

    def _give_up_feature(self, error: ModelError, body: JsonObject) -> list[Notice]:
        """Remember what the server does not support; an error about anything else is raised."""
        text = str(error)
        if "stream_options" in body and any(mark in text for mark in _NO_USAGE):
            self._reports_usage = False
            return []
        if "tools" in body and any(mark in text for mark in _NO_TOOLS):
            self._facts = replace(self._facts, calls_tools=False)
            return [Notice(f"{self._facts.label} cannot call tools; it answers from what it knows.")]
        raise error


def _deltas(reply: OpenAIReply, events: Iterable[ServerEvent]) -> Iterator[Delta]:
    for event in events:
        yield from reply.receive(event)
        if reply.is_done:
            return


async def _events(answer: Answer) -> AsyncGenerator[list[ServerEvent], None]:
    """Read the events, those that came together; one JSON body is read as if it were the only event."""
    if answer.content_type == "application/json":
        yield [ServerEvent("", (await read_text(answer)).encode())]
        return
    async with aclosing(received(answer, EventReader())) as batches:
        async for events in batches:
            yield events
