"""One round: ask the model once, pass on what it says as it says it, and keep the whole."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from agent.calls import Caller
from agent.desk import Desk
from agent.events import Reasoning, Status, Token, UsageEvent
from agent.history import AssistantMessage, Call, Message
from agent.limits import Limits, idle_limit
from agent.models.base import (
    CallDelta,
    Delta,
    Finish,
    FinishReason,
    Model,
    ModelRequest,
    Notice,
    Options,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from agent.transcript import Transcript
from tools.spec import ToolSpec


@dataclass(slots=True)
class Reply:
    """What a model said in one round; grows while it streams."""

    texts: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    cut: bool = False
    """The reply ended at the length limit."""

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def message(self) -> AssistantMessage:
        return AssistantMessage(text=self.text, reasoning="".join(self.reasoning), calls=tuple(self.calls))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    desk: Desk
    model: Model
    caller: Caller
    limits: Limits
    options: Options
    transcript: Transcript

    async def hear(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, must_call: bool = False
    ) -> Reply:
        """Play one round; raises `ModelError`, or `IdleLimitError` when the model falls silent."""
        request = ModelRequest(
            messages=tuple(messages), tools=tools, options=self.options, must_call=must_call
        )
        reply = Reply()
        async with idle_limit(self.limits.idle_s) as seen, aclosing(self.model.stream(request)) as deltas:
            async for delta in deltas:
                await self._take(delta, reply)
                seen()
        await self._report(reply.usage)
        return reply

    async def _take(self, delta: Delta, reply: Reply) -> None:
        match delta:
            case TextDelta(text):
                reply.texts.append(text)
                self.transcript.add_text(text)
                await self.desk.emit(
                    Token(turn_id=self.caller.turn_id, session_id=self.caller.session_id, delta=text)
                )
            case ReasoningDelta(text):
                reply.reasoning.append(text)
                self.transcript.add_reasoning(text)
                await self.desk.emit(
                    Reasoning(turn_id=self.caller.turn_id, session_id=self.caller.session_id, delta=text)
                )
            case CallDelta(call):
                reply.calls.append(call)
            case Usage():
                reply.usage = delta
            case Notice(text):
                await self.say(text)
            case Finish(FinishReason.LENGTH):
                reply.cut = True
                await self.say("the reply reached its length limit")

    async def say(self, text: str) -> None:
        """Tell the owner, not the model."""
        await self.desk.emit(
            Status(turn_id=self.caller.turn_id, session_id=self.caller.session_id, text=text)
        )

    async def _report(self, usage: Usage) -> None:
        total = self.transcript.add_usage(usage)
        await self.desk.emit(
            UsageEvent(
                turn_id=self.caller.turn_id,
                session_id=self.caller.session_id,
                prompt_tokens=total.prompt,
                completion_tokens=total.completion,
                context_window=self.model.facts.context_window,
                model=self.model.facts.name,
            )
        )
