"""One round: ask the model once, pass on what it says as it says it, and keep the whole."""

import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from agent.calls import Caller
from agent.context import cut_notice
from agent.desk import Desk, RoundRecord
from agent.errors import ReplyTooLongError
from agent.events import Reasoning, Round, Status, Token, UsageEvent
from agent.history import AssistantMessage, Call, Message
from agent.limits import Limits, idle_limit
from agent.models.base import (
    CallDelta,
    Calling,
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
from agent.pulse import pulse
from agent.transcript import Transcript
from tools.spec import ToolSpec

CALLING_MAX_CHARS = 80
"""Of a tool's name that is shown while its call is written: the model's word, perhaps no tool's at all."""


@dataclass(slots=True)
class Reply:
    """What a model said in one round; grows while it streams."""

    texts: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    cut: bool = False
    """The reply ended at the length limit."""
    chars: int = 0
    """Of text and reasoning."""
    began: float = field(default_factory=time.monotonic)
    calling: str | None = None
    """The tool of a call that the model is writing now."""
    last_written: float = 0.0
    """When the last text came; monotonic seconds."""

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def message(self) -> AssistantMessage:
        return AssistantMessage(text=self.text, reasoning="".join(self.reasoning), calls=tuple(self.calls))

    def activity(self, now: float, every_s: float) -> str | None:
        """Say what the model does while it writes nothing; None while its text itself shows that."""
        if now - self.last_written < every_s:
            return None
        if self.calling is not None:
            return f"writing a call of {self.calling or 'a tool'}, {now - self.began:.0f} s"
        if self.texts:
            return f"the model pauses, {now - self.last_written:.0f} s"
        doing = "thinking" if self.reasoning else "waiting for the model"
        return f"{doing}, {now - self.began:.0f} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    desk: Desk
    model: Model
    caller: Caller
    limits: Limits
    options: Options
    transcript: Transcript
    own_name: Callable[[str], str]
    """The name that we know a tool by; a server's own is restored only for what the model was shown."""

    async def hear(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, must_call: bool = False
    ) -> Reply:
        """Play one round; raises `ModelError`, or `TurnError` for silence or a reply without an end."""
        request = ModelRequest(
            messages=tuple(messages), tools=tools, options=self.options, must_call=must_call
        )
        reply = Reply()

        async def still_there() -> None:
            if text := reply.activity(time.monotonic(), self.limits.status_s):
                await self.say(text)

        failed = True
        try:
            async with (
                pulse(self.limits.status_s, still_there),
                idle_limit(self.limits.idle_s) as seen,
                aclosing(self.model.stream(request)) as deltas,
            ):
                async for delta in deltas:
                    await self._take(delta, reply)
                    seen()
            failed = False
        finally:
            ended = self.transcript.add_round(reply.began, reply.usage, reply.calls, failed=failed)
        await self._report(request, ended)
        return reply

    async def _take(self, delta: Delta, reply: Reply) -> None:
        match delta:
            case TextDelta(text):
                await self._take_text(text, reply)
            case ReasoningDelta(text):
                await self._take_reasoning(text, reply)
            case Calling(name):
                reply.calling = name[:CALLING_MAX_CHARS]
            case CallDelta(call):
                reply.calls.append(replace(call, name=self.own_name(call.name)))
            case Usage():
                reply.usage = delta
            case Notice(text):
                await self._notice(text)
            case Finish(FinishReason.LENGTH):
                reply.cut = True
                await self.say("the reply reached its length limit")

    async def _take_text(self, text: str, reply: Reply) -> None:
        text = self._within(text, reply)
        reply.texts.append(text)
        reply.last_written = time.monotonic()
        self.transcript.add_text(text)
        await self.desk.emit(
            Token(turn_id=self.caller.turn_id, session_id=self.caller.session_id, delta=text)
        )
        self._check_length(reply)

    async def _take_reasoning(self, text: str, reply: Reply) -> None:
        text = self._within(text, reply)
        reply.reasoning.append(text)
        self.transcript.add_reasoning(text)
        await self.desk.emit(
            Reasoning(turn_id=self.caller.turn_id, session_id=self.caller.session_id, delta=text)
        )
        self._check_length(reply)

    def _within(self, text: str, reply: Reply) -> str:
        """Count a piece and return what of it stays within the reply's bound."""
        room = self.limits.reply_chars - reply.chars
        reply.chars += len(text)
        return text[:room]

    def _check_length(self, reply: Reply) -> None:
        if reply.chars > self.limits.reply_chars:
            raise ReplyTooLongError(self.limits.reply_chars)

    async def _notice(self, text: str) -> None:
        """Tell the owner, and keep it with the message."""
        self.transcript.add_notice(text)
        await self.say(text)

    async def say(self, text: str) -> None:
        """Tell the owner, not the model."""
        await self.desk.emit(
            Status(turn_id=self.caller.turn_id, session_id=self.caller.session_id, text=text)
        )

    async def _report(self, request: ModelRequest, ended: RoundRecord) -> None:
        usage = ended.usage
        if cut := cut_notice(request, usage.prompt, self.model.facts.context_window):
            await self._notice(cut)
        total = self.transcript.add_usage(usage)
        await self.desk.emit(
            UsageEvent(
                turn_id=self.caller.turn_id,
                session_id=self.caller.session_id,
                prompt_tokens=total.prompt,
                completion_tokens=total.completion,
                context_window=self.model.facts.context_window,
                model=self.model.facts.name,
                round=round_shown(ended),
            )
        )


def round_shown(record: RoundRecord) -> Round:
    return Round(
        started_ms=record.started_ms,
        duration_ms=record.duration_ms,
        prompt_tokens=record.usage.prompt,
        completion_tokens=record.usage.completion,
        calls=list(record.calls),
        failed=record.failed,
    )
