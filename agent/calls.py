"""Answer the calls of one round: check, judge, ask, run; every call gets a result."""

import asyncio
import itertools
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from agent.beside import beside
from agent.call_log import CallLog, Earlier
from agent.desk import CallRecord, Desk
from agent.events import Status, ToolCallEvent, ToolDone
from agent.gate import NOWHERE, Judgement, Mode, Verdict, judge, refused_names, specifier_of, unattended
from agent.history import Call, ToolMessage
from agent.limits import Limits
from agent.paths import Places
from agent.repeats import REPEATS_MAX, Repeats, wary
from agent.rules import Rules
from agent.toolbox import Toolbox
from agent.transcript import Transcript
from tools.meta import META_TOOLS
from tools.schema import checked
from tools.spec import Effect, ToolContext, ToolError, ToolResult, ToolSpec

logger = logging.getLogger(__name__)

RAW_SHOWN_CHARS = 200


class NotPermitted(ToolError):
    """The owner, a rule or the mode kept a call from running."""

    def __init__(self, call: Call, reason: str) -> None:
        super().__init__(f"{call.name} is not permitted: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """What holds for every call of a turn."""

    mode: Mode
    rules: Callable[[], Rules]
    places: Places = NOWHERE
    """What path rules begin at."""
    attended: bool = True
    """False where no person can be asked: ASK is DENY."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose turn it is, as tools and events name it."""

    turn_id: str
    session_id: str | None = None
    asker: str | None = None
    """Node id of the peer whose turn it is; None in the owner's own."""
    origin: object | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRunner:
    desk: Desk
    caller: Caller
    toolbox: Toolbox
    permissions: Permissions
    limits: Limits
    transcript: Transcript
    log: CallLog
    repeats: Repeats = field(default_factory=Repeats)

    async def answer(self, calls: Sequence[Call]) -> list[ToolMessage]:
        """Run neighbouring reads at the same time and all else in order; results keep the calls' order."""
        self.transcript.opened(calls)
        results: list[ToolMessage] = []
        for reads, neighbours in itertools.groupby(calls, key=self._reads):
            if reads:
                results += await self._together(tuple(neighbours))
            else:
                results += [await self._each(call) for call in neighbours]
        return results

    async def refuse(self, calls: Sequence[Call], error: str) -> list[ToolMessage]:
        """Answer calls that must not run."""
        self.transcript.opened(calls)
        return [await self._told(call, ToolResult.failure(error), started=time.monotonic()) for call in calls]

    def _reads(self, call: Call) -> bool:
        tool = self.toolbox.find(call.name)
        return tool is not None and tool.effect is Effect.READ

    async def _together(self, calls: Sequence[Call]) -> list[ToolMessage]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._each(call)) for call in calls]
        return [task.result() for task in tasks]

    async def _each(self, call: Call) -> ToolMessage:
        """Run one call if everything allows it; what stands against it is the result."""
        if earlier := self.log.earlier(call):
            return await self._reused(call, earlier)
        asked, started, number, times = call, time.monotonic(), None, self.repeats.count(call)
        note, denied = "", False
        try:
            tool = self._tool_of(call, times)
            call = _with_arguments(call, tool)
            permitted = await self._permitted(call, tool, times)
            note, call = _edit_note(call, permitted), permitted
            started = time.monotonic()  # what its owner took to answer is not the tool's time
            number = await self._logged(asked, tool)
            await self._shown(call, relay=tool.handler is None)
            result = await self._ran(call, tool)
        except ToolError as error:
            result, denied = ToolResult.failure(str(error)), isinstance(error, NotPermitted)
        return await self._told(call, result, started=started, number=number, note=note, denied=denied)

    async def _logged(self, call: Call, tool: ToolSpec) -> int | None:
        """Write down that a call runs. Meta tools change this run of the turn, so every run needs its own."""
        return None if call.name in META_TOOLS else await self.log.started(call, tool.effect)

    async def _reused(self, call: Call, earlier: Earlier) -> ToolMessage:
        """Answer a call with what an earlier run of the turn made of it; nothing runs."""
        if tool := self.toolbox.find(call.name):
            self.toolbox.use(tool)
        await self._shown(call, relay=False)
        if not earlier.is_known:
            await self.desk.emit(
                Status(
                    turn_id=self.caller.turn_id,
                    session_id=self.caller.session_id,
                    text=f"{call.name} was not run again: it is unknown whether it happened before",
                )
            )
        record = CallRecord(
            call_id=call.id,
            name=call.name,
            arguments=call.arguments,
            ok=earlier.ok,
            result=earlier.text,
            duration_ms=0,
            started_ms=self.transcript.duration_ms,
            reused=True,
        )
        return await self._closed(call, record)

    def _tool_of(self, call: Call, times: int) -> ToolSpec:
        if times > REPEATS_MAX:
            raise ToolError(f"not run: this is the same call {times} times in a row; do something else")
        tool = self.toolbox.find(call.name)
        if tool is None:
            raise ToolError(self.toolbox.refusal(call.name))
        self.toolbox.use(tool)
        return tool

    async def _permitted(self, call: Call, tool: ToolSpec, times: int) -> Call:
        """Return the call as it may run, which the owner may have changed; raises `ToolError`.

        A changed call is judged again: what is denied stays denied, and what is ruinous asks again.
        """
        specifier, judgement = await self._judged(call, tool)
        judgement = wary(judgement, times)
        self.transcript.decided(call, judgement.reason)
        while judgement.verdict is Verdict.ASK and self.permissions.attended:
            approval = await self.desk.approve(call, tool, specifier, judgement)
            self.transcript.decided(call, f"{approval.reason}; asked because {judgement.reason}")
            if not approval.allowed:
                raise NotPermitted(call, approval.reason)
            self.repeats.forgive()
            if approval.arguments is None:
                return call
            call = replace(call, arguments=approval.arguments)
            specifier, judgement = await self._judged(call, tool)
            if judgement.verdict is Verdict.ASK and not judgement.is_ruinous:
                return call
        if judgement.verdict is not Verdict.ALLOW:
            raise NotPermitted(call, unattended(judgement).reason)
        return call

    async def _judged(self, call: Call, tool: ToolSpec) -> tuple[str, Judgement]:
        specifier = specifier_of(tool, call.arguments or {})
        judged = partial(
            judge,
            tool,
            specifier,
            mode=self.permissions.mode,
            rules=self.permissions.rules(),
            places=self.permissions.places,
        )
        return specifier, await beside(tool, judged)

    async def _shown(self, call: Call, *, relay: bool) -> None:
        await self.desk.emit(
            ToolCallEvent(
                turn_id=self.caller.turn_id,
                session_id=self.caller.session_id,
                call_id=call.id,
                name=call.name,
                args=dict(call.arguments or {}),
                relay=relay,
                started_ms=self.transcript.duration_ms,
            )
        )

    async def _ran(self, call: Call, tool: ToolSpec) -> ToolResult:
        seconds = self.limits.tool_timeout(call.name)
        try:
            async with asyncio.timeout(seconds) as limit:
                return await self._started(call, tool)
        except TimeoutError:
            if not limit.expired():
                raise ToolError(f"{call.name} timed out") from None
            raise ToolError(f"{call.name} gave no result within {seconds:g} s") from None
        except ToolError:
            raise
        except Exception as error:
            logger.exception("tool %s failed", call.name)
            raise ToolError(f"{call.name} failed: internal error") from error

    async def _started(self, call: Call, tool: ToolSpec) -> ToolResult:
        if tool.handler is None:
            return await self.desk.relay(call, tool)
        arguments = call.arguments or {}
        context = ToolContext(
            turn_id=self.caller.turn_id,
            call_id=call.id,
            session_id=self.caller.session_id,
            refused=refused_names(tool, specifier_of(tool, arguments), self.permissions.rules()),
            asker=self.caller.asker,
            origin=self.caller.origin,
        )
        return ToolResult.success(await tool.handler(context, arguments))

    async def _told(
        self,
        call: Call,
        result: ToolResult,
        *,
        started: float,
        number: int | None = None,
        note: str = "",
        denied: bool = False,
    ) -> ToolMessage:
        """Keep a result, under the number of a call that was logged; the note stands before it."""
        ok, text = _readable(call, result)
        text = f"{note}{text}"
        if number is not None:
            await self.log.finished(number, ok=ok, text=text)
        record = CallRecord(
            call_id=call.id,
            name=call.name,
            arguments=call.arguments,
            ok=ok,
            result=text,
            duration_ms=round((time.monotonic() - started) * 1000),
            started_ms=self.transcript.at_ms(started),
            permission=self.transcript.permission(call),
            denied=denied,
        )
        return await self._closed(call, record)

    async def _closed(self, call: Call, record: CallRecord) -> ToolMessage:
        """Write a result down, show it, and make the message for the model."""
        self.transcript.closed(record)
        await self.desk.emit(tool_done(self.caller, record))
        return ToolMessage(call=call, text=record.result, ok=record.ok)


def tool_done(caller: Caller, record: CallRecord) -> ToolDone:
    return ToolDone(
        turn_id=caller.turn_id,
        session_id=caller.session_id,
        call_id=record.call_id,
        name=record.name,
        ok=record.ok,
        result=record.result,
        duration_ms=record.duration_ms,
        started_ms=record.started_ms,
        permission=record.permission,
        denied=record.denied,
        reused=record.reused,
    )


def _readable(call: Call, result: ToolResult) -> tuple[bool, str]:
    try:
        return result.ok, result.text()
    except (TypeError, ValueError):
        logger.exception("tool %s returned something that is not JSON", call.name)
        return False, ToolResult.failure(f"{call.name} failed: internal error").text()


def _with_arguments(call: Call, tool: ToolSpec) -> Call:
    """Return the call with arguments that fit the tool; what cannot be read never runs as an empty object."""
    if call.arguments is None:
        raise ToolError(
            f"the arguments of {call.name} are not a JSON object: {call.raw[:RAW_SHOWN_CHARS]!r}."
            " Nothing was run; make the call again with correct JSON"
        )
    return replace(call, arguments=tool.fit(checked(call.arguments, tool.parameters)))


def _edit_note(asked: Call, permitted: Call) -> str:
    """Tell the model, which remembers its own version, what ran instead."""
    if permitted.arguments == asked.arguments:
        return ""
    arguments = json.dumps(permitted.arguments, ensure_ascii=False, default=dict)
    return f"[the owner changed the arguments before it ran, to: {arguments}]\n"
