"""What the tests of a turn stand on: a desk that writes everything down, and short ways to say things."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import TypeVar

from agent.desk import Approval, TurnOutcome
from agent.events import TurnEvent
from agent.gate import Judgement
from agent.history import Call
from agent.models.base import CallDelta, Model, TextDelta
from agent.models.scripted import Round, ScriptedModel
from agent.turn import Turn
from tools.spec import Effect, JsonObject, ToolContext, ToolResult, ToolSpec

TODAY = date(2026, 11, 20)
E = TypeVar("E", bound=TurnEvent)


class RecordingDesk:
    """Write down, in one list and in order, whatever a turn does at its desk."""

    def __init__(
        self,
        *,
        approval: Approval | None = None,
        client_tools: Sequence[ToolSpec] = (),
        relay: Callable[[Call], Awaitable[ToolResult]] | None = None,
    ) -> None:
        self.seen: list[object] = []
        self.asked: list[tuple[Call, str, Judgement]] = []
        self.outcomes: list[TurnOutcome] = []
        self._approval = approval
        self._client_tools = client_tools
        self._relay = relay

    async def emit(self, event: TurnEvent) -> None:
        self.seen.append(event)

    async def approve(self, call: Call, tool: ToolSpec, specifier: str, judgement: Judgement) -> Approval:
        self.asked.append((call, specifier, judgement))
        assert self._approval is not None, f"nobody was to be asked about {call.name}"
        return self._approval

    async def relay(self, call: Call, tool: ToolSpec) -> ToolResult:
        assert self._relay is not None, f"{call.name} was not to be relayed"
        return await self._relay(call)

    def client_tools(self) -> Sequence[ToolSpec]:
        return self._client_tools

    async def conclude(self, outcome: TurnOutcome) -> None:
        self.seen.append(outcome)
        self.outcomes.append(outcome)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.seen if isinstance(event, kind)]

    @property
    def kinds(self) -> list[str]:
        """Name what happened, in order, as a reader would."""
        return [type(each).__name__ for each in self.seen]


class Recorder:
    """A tool's handler that remembers its calls."""

    def __init__(self, result: object = "done", error: Exception | None = None) -> None:
        self.calls: list[JsonObject] = []
        self.contexts: list[ToolContext] = []
        self._result = result
        self._error = error

    async def __call__(self, context: ToolContext, arguments: JsonObject) -> object:
        self.contexts.append(context)
        self.calls.append(arguments)
        if self._error is not None:
            raise self._error
        return self._result


class Never:
    """A handler that runs until it is cancelled."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.cancelled = False

    async def __call__(self, context: ToolContext, arguments: JsonObject) -> object:
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return None


def reader(name: str, handler: Recorder | Never | None = None, **more: object) -> ToolSpec:
    return _tool(name, Effect.READ, handler, **more)


def writer(name: str, handler: Recorder | Never | None = None, **more: object) -> ToolSpec:
    return _tool(name, Effect.WRITE, handler, **more)


def _tool(name: str, effect: Effect, handler: Recorder | Never | None, **more: object) -> ToolSpec:
    fields: dict[str, object] = {"description": f"Does {name}."} | more
    return ToolSpec(name=name, effect=effect, handler=handler or Recorder(), **fields)  # type: ignore[arg-type]


def client_tool(name: str, effect: Effect = Effect.READ, **more: object) -> ToolSpec:
    return ToolSpec(name=name, description=f"Does {name}.", effect=effect, **more)  # type: ignore[arg-type]


def call(name: str, id_: str = "c1", **arguments: object) -> CallDelta:
    return CallDelta(Call(id=id_, name=name, arguments=arguments))


def says(text: str) -> list[TextDelta]:
    return [TextDelta(text)]


def scripted(*rounds: Round) -> ScriptedModel:
    return ScriptedModel(rounds)


def a_turn(model: Model, **more: object) -> Turn:
    fields: dict[str, object] = {
        "turn_id": "t1",
        "session_id": "s1",
        "prompt": "hello",
        "model": model,
        "node_name": "anna",
        "today": TODAY,
    }
    return Turn(**fields | more)  # type: ignore[arg-type]
