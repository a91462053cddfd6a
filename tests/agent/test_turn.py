"""How a turn ends: what it tells, in which order, and what it leaves behind, also when it dies."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from agent.desk import Approval, TurnOutcome
from agent.events import (
    Answer,
    Done,
    ErrorEvent,
    FocusedContext,
    Reasoning,
    Status,
    Token,
    ToolCallEvent,
    ToolDone,
    TurnEvent,
    UsageEvent,
)
from agent.gate import Judgement, Mode
from agent.history import Call, UserMessage
from agent.limits import Limits
from agent.models.base import (
    CallDelta,
    Delta,
    ErrorKind,
    Finish,
    FinishReason,
    ModelError,
    ModelRequest,
    Notice,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from agent.models.scripted import ScriptedModel
from agent.rules import Rules
from agent.turn import Turn, run_turn
from tests.agent.fakes import (
    Never,
    Recorder,
    RecordingDesk,
    a_turn,
    call,
    client_tool,
    reader,
    says,
    scripted,
    writer,
)
from tests.mission import requirement
from tools.spec import JsonObject, ToolContext, ToolResult, ToolSpec

PATIENCE_S = 5


async def ended(desk: RecordingDesk, turn: Turn) -> TurnOutcome:
    async with asyncio.timeout(PATIENCE_S):
        return await run_turn(desk, turn)


# --- a turn that goes well -----------------------------------------------------------------------


@requirement("A5", "A7")
async def test_reasoning_and_tokens_stream_then_the_outcome_is_kept_then_answer_and_done() -> None:
    desk = RecordingDesk()
    await ended(desk, a_turn(scripted([ReasoningDelta("hm"), TextDelta("Par"), TextDelta("is.")])))
    assert desk.kinds == ["Reasoning", "Token", "Token", "UsageEvent", "TurnOutcome", "Answer", "Done"]
    assert [event.delta for event in desk.of(Reasoning)] == ["hm"]
    assert [event.text for event in desk.of(Answer)] == ["Paris."]
    assert [event.reason for event in desk.of(Done)] == ["answered"]


@requirement("A6")
async def test_a_token_is_shown_before_the_model_makes_the_next() -> None:
    desk = RecordingDesk()
    seen_when_made: list[int] = []

    async def speak() -> AsyncGenerator[Delta]:
        for word in ("one ", "two ", "three"):
            seen_when_made.append(len(desk.of(Token)))
            yield TextDelta(word)

    await ended(desk, a_turn(scripted(lambda _: speak())))
    assert seen_when_made == [0, 1, 2]


@requirement("A7")
async def test_only_the_last_rounds_words_are_the_answer() -> None:
    desk = RecordingDesk()
    model = scripted([TextDelta("Let me look. "), call("a.b")], says("It is 3."))
    outcome = await ended(desk, a_turn(model, tools=[reader("a.b")]))
    assert outcome.text == "It is 3."
    assert [event.text for event in desk.of(Answer)] == ["It is 3."]


@requirement("B18")
async def test_the_outcome_holds_what_the_turn_did() -> None:
    desk = RecordingDesk()
    model = scripted(
        [ReasoningDelta("look"), call("files.read", path="a"), Usage(prompt=10, completion=5)],
        [TextDelta("Three."), Usage(prompt=20, completion=2)],
    )
    await ended(desk, a_turn(model, tools=[reader("files.read", Recorder("3 lines"))]))
    [outcome] = desk.outcomes
    [record] = outcome.calls
    assert (record.name, record.arguments, record.ok, record.result) == (
        "files.read",
        {"path": "a"},
        True,
        "3 lines",
    )
    assert outcome.reasoning == "look"
    assert outcome.usage == Usage(prompt=20, completion=7)
    assert (outcome.model, outcome.context_window) == ("scripted", 8_192)
    assert outcome.groups == ("files",)


@requirement("C11")
async def test_usage_is_told_each_round_and_unreported_is_none_not_zero() -> None:
    desk = RecordingDesk()
    model = scripted([call("a.b"), Usage(prompt=10, completion=5)], says("done"))
    await ended(desk, a_turn(model, tools=[reader("a.b")]))
    assert [(event.prompt_tokens, event.completion_tokens) for event in desk.of(UsageEvent)] == [
        (10, 5),
        (None, None),
    ]


async def test_a_notice_of_the_model_reaches_the_owner() -> None:
    desk = RecordingDesk()
    await ended(desk, a_turn(scripted([Notice("the server cut your prompt"), TextDelta("ok")])))
    assert [event.text for event in desk.of(Status)] == ["the server cut your prompt"]


# --- failures ------------------------------------------------------------------------------------


@requirement("A8")
@pytest.mark.parametrize(
    ("kind", "code", "transient"),
    [
        (ErrorKind.BUSY, "model_busy", True),
        (ErrorKind.UNREACHABLE, "model_unreachable", False),
        (ErrorKind.BROKEN, "model_broken", False),
    ],
)
async def test_a_models_error_ends_in_error_then_done(kind: ErrorKind, code: str, transient: bool) -> None:
    desk = RecordingDesk()
    outcome = await ended(desk, a_turn(scripted(ModelError(kind, "what the server said"))))
    assert desk.kinds == ["TurnOutcome", "ErrorEvent", "Done"]
    [event] = desk.of(ErrorEvent)
    assert (event.code, event.message) == (code, "what the server said")
    assert [done.reason for done in desk.of(Done)] == ["failed"]
    assert (outcome.error, outcome.code, outcome.transient) == ("what the server said", code, transient)


@requirement("A8")
async def test_what_was_streamed_before_a_break_is_kept() -> None:
    async def breaks() -> AsyncGenerator[Delta]:
        yield TextDelta("Half an ans")
        raise ModelError(ErrorKind.BROKEN, "the stream broke off")

    desk = RecordingDesk()
    outcome = await ended(desk, a_turn(scripted(lambda _: breaks())))
    assert outcome.text == "Half an ans"
    assert desk.of(Answer) == []


@requirement("A8")
async def test_an_unforeseen_error_says_internal_error_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(request: ModelRequest) -> list[Delta]:
        raise ZeroDivisionError("secret detail")

    desk = RecordingDesk()
    outcome = await ended(desk, a_turn(scripted(fail)))
    assert desk.kinds == ["TurnOutcome", "ErrorEvent", "Done"]
    assert outcome.error is not None
    assert "secret detail" not in outcome.error
    assert "internal error" in outcome.error
    assert "secret detail" in caplog.text


async def test_a_model_that_says_nothing_at_all_is_a_failure_that_says_so() -> None:
    outcome = await ended(RecordingDesk(), a_turn(scripted([])))
    assert outcome.error is not None
    assert "without a word" in outcome.error
    cut = await ended(RecordingDesk(), a_turn(scripted([ReasoningDelta("…"), Finish(FinishReason.LENGTH)])))
    assert cut.error is not None
    assert "length limit" in cut.error


async def test_a_turn_that_ran_tools_is_never_called_transient() -> None:
    model = scripted([call("a.b")], ModelError(ErrorKind.BUSY, "gone"))
    outcome = await ended(RecordingDesk(), a_turn(model, tools=[reader("a.b")]))
    assert (outcome.error, outcome.transient) == ("gone", False)


@requirement("B22")
async def test_a_silent_model_is_stopped_and_the_message_names_the_idle_limit() -> None:
    desk = RecordingDesk()
    outcome = await ended(desk, a_turn(scripted(lambda _: silence()), limits=Limits(idle_s=0.05)))
    assert outcome.error is not None
    assert "0.05 s (idle limit)" in outcome.error
    assert desk.kinds[-2:] == ["ErrorEvent", "Done"]


@requirement("B22")
async def test_a_turn_that_never_ends_is_stopped_and_the_message_names_the_hard_limit() -> None:
    async def chatter() -> AsyncGenerator[Delta]:
        while True:
            yield TextDelta("and ")
            await asyncio.sleep(0)

    outcome = await ended(RecordingDesk(), a_turn(scripted(lambda _: chatter()), limits=Limits(total_s=0.05)))
    assert outcome.error is not None
    assert "0.05 s in all (hard limit)" in outcome.error


@requirement("A10")
async def test_a_tool_without_an_answer_becomes_an_error_result_and_the_turn_goes_on() -> None:
    never = Never()
    model = scripted([call("a.b")], says("It did not answer."))
    outcome = await ended(
        RecordingDesk(), a_turn(model, tools=[reader("a.b", never)], limits=Limits(tool_s=0.05))
    )
    assert outcome.text == "It did not answer."
    assert "no result within 0.05 s" in outcome.calls[0].result
    assert never.cancelled


@requirement("A10")
async def test_a_client_that_never_answers_becomes_an_error_result() -> None:
    async def never(call_: Call) -> ToolResult:
        await asyncio.Event().wait()
        raise AssertionError

    desk = RecordingDesk(client_tools=[client_tool("open_pane")], relay=never)
    model = scripted([call("open_pane")], says("No answer."))
    outcome = await ended(desk, a_turn(model, limits=Limits(tool_s=0.05)))
    assert outcome.text == "No answer."
    assert not outcome.calls[0].ok


async def silence() -> AsyncGenerator[Delta]:
    await asyncio.Event().wait()
    yield TextDelta("too late")


# --- cancelling ----------------------------------------------------------------------------------


@requirement("A13")
async def test_a_cancelled_turn_closes_the_models_stream_keeps_its_text_and_says_done() -> None:
    speaking, closed = asyncio.Event(), asyncio.Event()

    async def speak() -> AsyncGenerator[Delta]:
        try:
            yield TextDelta("So far")
            speaking.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    desk = RecordingDesk()
    task = asyncio.create_task(run_turn(desk, a_turn(scripted(lambda _: speak()))))
    async with asyncio.timeout(PATIENCE_S):
        await speaking.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert closed.is_set()
    [outcome] = desk.outcomes
    assert (outcome.cancelled, outcome.text, outcome.error) == (True, "So far", None)
    assert [done.reason for done in desk.of(Done)] == ["cancelled"]
    assert desk.of(Answer) == []
    assert desk.of(ErrorEvent) == []


@requirement("A15")
@pytest.mark.parametrize("how", ["cancelled", "too long"])
async def test_calls_that_are_open_when_a_turn_dies_get_a_result(how: str) -> None:
    never = Never()
    desk = RecordingDesk()
    calls: list[Delta] = [call("a.slow", "c1"), call("a.later", "c2")]
    tools = [writer("a.slow", never), writer("a.later")]
    limits = Limits(total_s=0.05 if how == "too long" else 60)
    turn = a_turn(scripted(calls), tools=tools, mode=Mode.AUTONOMOUS, limits=limits)
    task = asyncio.create_task(run_turn(desk, turn))
    async with asyncio.timeout(PATIENCE_S):
        await never.started.wait()
        if how == "cancelled":
            task.cancel()
        await asyncio.wait({task})
    assert [(event.call_id, event.ok) for event in desk.of(ToolDone)] == [("c1", False), ("c2", False)]
    assert [record.ok for record in desk.outcomes[0].calls] == [False, False]
    assert desk.kinds[-1] == "Done"
    assert task.cancelled() is (how == "cancelled")


async def test_a_cancel_while_the_end_is_told_still_tells_the_whole_end() -> None:
    class SlowDesk(RecordingDesk):
        def __init__(self) -> None:
            super().__init__()
            self.keeping, self.go_on = asyncio.Event(), asyncio.Event()

        async def conclude(self, outcome: TurnOutcome) -> None:
            self.keeping.set()
            await self.go_on.wait()
            await super().conclude(outcome)

    desk = SlowDesk()
    task = asyncio.create_task(run_turn(desk, a_turn(scripted(says("Paris.")))))
    async with asyncio.timeout(PATIENCE_S):
        await desk.keeping.wait()
        task.cancel()
        await asyncio.sleep(0)
        desk.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert desk.kinds[-3:] == ["TurnOutcome", "Answer", "Done"]
    assert [done.reason for done in desk.of(Done)] == ["answered"]


# --- desks that break ----------------------------------------------------------------------------


class DeafDesk(RecordingDesk):
    """Fails to show one kind of event."""

    def __init__(self, deaf_to: type[TurnEvent]) -> None:
        super().__init__()
        self._deaf_to = deaf_to

    async def emit(self, event: TurnEvent) -> None:
        if isinstance(event, self._deaf_to):
            raise ConnectionError("nobody listens")
        await super().emit(event)


@requirement("A8")
async def test_a_desk_that_cannot_show_tokens_ends_the_turn_in_words() -> None:
    desk = DeafDesk(Token)
    outcome = await ended(desk, a_turn(scripted(says("Paris."))))
    assert desk.kinds == ["TurnOutcome", "ErrorEvent", "Done"]
    assert outcome.error is not None


async def test_a_desk_that_cannot_show_the_answer_still_gets_done() -> None:
    desk = DeafDesk(Answer)
    await ended(desk, a_turn(scripted(says("Paris."))))
    assert desk.kinds[-2:] == ["TurnOutcome", "Done"]


async def test_an_answer_that_cannot_be_kept_is_told_as_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    class FullDesk(RecordingDesk):
        async def conclude(self, outcome: TurnOutcome) -> None:
            raise OSError("disk full")

    desk = FullDesk()
    outcome = await ended(desk, a_turn(scripted(says("Paris."))))
    assert desk.kinds[-2:] == ["ErrorEvent", "Done"]
    assert outcome.error is not None
    assert "disk full" in caplog.text


async def test_a_desk_that_hangs_at_the_end_does_not_hang_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    class StuckDesk(RecordingDesk):
        async def emit(self, event: TurnEvent) -> None:
            if isinstance(event, Done):
                await asyncio.Event().wait()
            await super().emit(event)

    monkeypatch.setattr("agent.ending.ENDING_TIMEOUT_S", 0.05)
    desk = StuckDesk()
    assert (await ended(desk, a_turn(scripted(says("Paris."))))).text == "Paris."
    assert desk.kinds[-1] == "Answer"


# --- calls side by side --------------------------------------------------------------------------


async def test_reads_of_one_round_run_together_and_keep_their_order() -> None:
    meeting = asyncio.Barrier(2)

    def meets(name: str) -> ToolSpec:
        async def handler(context: ToolContext, arguments: JsonObject) -> object:
            await meeting.wait()
            return name

        return ToolSpec(name=name, description="Meet.", effect=reader("x.y").effect, handler=handler)

    model = scripted([call("a.one", "c1"), call("a.two", "c2")], says("ok"))
    await ended(RecordingDesk(), a_turn(model, tools=[meets("a.one"), meets("a.two")]))
    assert [message.text for message in model.requests[1].messages[-2:]] == ["a.one", "a.two"]


async def test_writes_of_one_round_run_one_after_the_other_and_reads_wait_for_them() -> None:
    log: list[str] = []

    def logs(spec: ToolSpec) -> ToolSpec:
        async def handler(context: ToolContext, arguments: JsonObject) -> object:
            log.append(f"{spec.name} starts")
            await asyncio.sleep(0)
            log.append(f"{spec.name} ends")
            return None

        return ToolSpec(name=spec.name, description=spec.description, effect=spec.effect, handler=handler)

    tools = [logs(writer("a.one")), logs(writer("a.two")), logs(reader("a.three"))]
    calls: list[Delta] = [call(tool.name, tool.name) for tool in tools]
    await ended(RecordingDesk(), a_turn(scripted(calls, says("ok")), tools=tools, mode=Mode.AUTONOMOUS))
    assert log == [f"{tool.name} {what}" for tool in tools for what in ("starts", "ends")]


# --- a peer's turn -------------------------------------------------------------------------------


def a_peers_turn(model: ScriptedModel, **more: object) -> Turn:
    more = {"mode": Mode.PLAN, "rights": lambda: {"shared"}, **more}
    return a_turn(model, remote="bob", **more)


@requirement("F15")
@pytest.mark.parametrize(
    "name", ["files.write", "list_peers", "agent.ask_peer", "load_tools", "no.such_tool"]
)
async def test_a_name_that_a_peers_turn_does_not_have_is_refused_and_nothing_happens(name: str) -> None:
    handler = Recorder()
    private = [
        writer("files.write", handler),
        reader("list_peers", handler, core=True),
        writer("agent.ask_peer", handler),
    ]
    desk = RecordingDesk(client_tools=[client_tool("open_pane")])
    model = scripted([call(name)], says("I cannot."))
    await ended(desk, a_peers_turn(model, tools=private))
    assert handler.calls == []
    assert desk.of(ToolCallEvent) == []
    [done] = desk.of(ToolDone)
    assert done.result == f"error: {name!r} cannot be used in a peer's turn: it has no tools"


@requirement("F15", "C18")
async def test_a_peers_turn_without_shared_tools_offers_none() -> None:
    model = scripted(says("Hello Bob."))
    desk = RecordingDesk(client_tools=[client_tool("open_pane", core=True)])
    await ended(desk, a_peers_turn(model, tools=[writer("files.write"), reader("list_peers", core=True)]))
    assert list(model.requests[0].tools) == []


@requirement("F15")
async def test_a_tool_declared_for_peers_runs_in_a_peers_turn() -> None:
    handler, origin = Recorder("found"), object()
    model = scripted([call("share.search")], says("Found."))
    turn = a_peers_turn(model, tools=[reader("share.search", handler, remote="shared")], origin=origin)
    await ended(RecordingDesk(), turn)
    assert [context.origin for context in handler.contexts] == [origin]


@requirement("E14")
@pytest.mark.parametrize("mode", list(Mode))
async def test_what_would_ask_is_denied_in_a_peers_turn_at_once(mode: Mode) -> None:
    handler = Recorder()
    tool = reader("share.read", handler, remote="shared", specifier="{path}")
    desk = RecordingDesk(approval=Approval(allowed=True, reason="a desk that would say yes"))
    model = scripted([call("share.read", path="private/diary")], says("No."))
    outcome = await ended(
        desk,
        a_peers_turn(model, tools=[tool], rules=lambda: Rules.read(ask=["share.read(private/*)"]), mode=mode),
    )
    assert handler.calls == []
    assert desk.asked == []
    assert "nobody is there to ask" in outcome.calls[0].result


@requirement("F29", "F30")
async def test_a_peers_turn_sees_who_asks_and_nothing_of_the_owner() -> None:
    model = scripted(says("Hello."))
    turn = a_peers_turn(
        model,
        prompt="What do you know?",
        history=[UserMessage(text="my secret plan")],
        context=FocusedContext(uri="file:///diary", title="diary", content="dear diary"),
        tools=[writer("files.write")],
    )
    await ended(RecordingDesk(), turn)
    system, asked = model.requests[0].messages
    assert 'peer node "bob"' in str(system)
    assert "text from outside" in str(system)
    assert asked == UserMessage(text="What do you know?")
    assert not any(
        private in str(model.requests[0]) for private in ("secret plan", "dear diary", "files.write")
    )


@requirement("E14")
async def test_the_loop_itself_never_asks_a_desk_without_a_person() -> None:
    class Strict(RecordingDesk):
        async def approve(self, call: Call, tool: ToolSpec, specifier: str, judgement: Judgement) -> Approval:
            raise AssertionError("a peer's turn asked for a person")

    handler = Recorder()
    tool = writer("share.note", handler, remote="shared")
    model = scripted([CallDelta(Call(id="c", name="share.note", arguments={}))], says("No."))
    outcome = await ended(Strict(), a_peers_turn(model, tools=[tool], mode=Mode.DEFAULT))
    assert handler.calls == []
    assert outcome.error is None
