"""The rounds of a turn, seen through `run_turn`: what the model was asked, and what came of its calls."""

from types import SimpleNamespace

import pytest

from agent.calls import Caller
from agent.desk import Approval
from agent.events import FocusedContext, HistoryItem, ToolCallEvent, ToolDone
from agent.gate import Judgement, Mode
from agent.history import (
    AssistantMessage,
    Call,
    SystemMessage,
    ToolMessage,
    UserMessage,
    sanitised,
)
from agent.limits import MAX_CALLS_PER_ROUND, Limits
from agent.loop import run_agent_loop
from agent.models.base import (
    CallDelta,
    Delta,
    Finish,
    FinishReason,
    ModelRequest,
    Options,
    ReasoningDelta,
    TextDelta,
)
from agent.models.scripted import Round, ScriptedModel
from agent.nudge import NUDGE
from agent.prompt import BUDGET_ENDED
from agent.rules import Rules
from agent.turn import run_turn
from tests.agent.fakes import (
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
from tools.spec import ToolError, ToolResult, ToolSpec


async def played(
    *rounds: Round, desk: RecordingDesk | None = None, **more: object
) -> tuple[str, ScriptedModel]:
    model = scripted(*rounds)
    outcome = await run_turn(desk or RecordingDesk(), a_turn(model, **more))
    assert outcome.error is None
    return outcome.text, model


def results(model: ScriptedModel) -> list[str]:
    """Return what the model read as results in its last request."""
    return [message.text for message in model.requests[-1].messages if isinstance(message, ToolMessage)]


def shown(request: ModelRequest) -> list[str]:
    return [tool.name for tool in request.tools]


# --- what the model reads ------------------------------------------------------------------------


@requirement("B4")
async def test_the_model_reads_system_history_context_user_in_this_order() -> None:
    history = sanitised(
        [HistoryItem(role="user", content="hi"), HistoryItem(role="assistant", content="hello")]
    )
    context = FocusedContext(uri="file:///a.py", title="a.py", content="print(1)")
    _, model = await played(says("ok"), prompt="explain", history=history, context=context)
    system, *middle, buffer, user = model.requests[0].messages
    assert isinstance(system, SystemMessage)
    assert middle == history
    assert isinstance(buffer, UserMessage)
    assert "print(1)" in buffer.text
    assert user == UserMessage(text="explain")


@requirement("B19")
async def test_reasoning_is_replayed_inside_the_turn_only() -> None:
    past = AssistantMessage(text="Paris.", reasoning="old thoughts")
    tool = reader("clock.now")
    _, model = await played(
        [ReasoningDelta("new thoughts"), call("clock.now")], says("noon"), history=[past], tools=[tool]
    )
    reasoning = [m.reasoning for m in model.requests[1].messages if isinstance(m, AssistantMessage)]
    assert reasoning == ["", "new thoughts"]


async def test_a_history_with_an_open_call_is_repaired() -> None:
    open_call = AssistantMessage(text="", calls=(Call(id="x", name="a.b", arguments={}),))
    _, model = await played(says("ok"), history=[UserMessage(text="go"), open_call])
    assert [m.ok for m in model.requests[0].messages if isinstance(m, ToolMessage)] == [False]


@requirement("B6")
async def test_the_temperature_is_zero_unless_set() -> None:
    _, model = await played(says("ok"))
    assert model.requests[0].options.temperature == 0.0
    _, model = await played(says("ok"), options=Options(temperature=0.7))
    assert model.requests[0].options.temperature == 0.7


# --- rounds --------------------------------------------------------------------------------------


@requirement("B11")
@pytest.mark.parametrize("text", ["Paris.", "I'll be happy to help.", "You can open it with files.read."])
async def test_a_plain_reply_is_one_request(text: str) -> None:
    answer, model = await played(says(text), tools=[reader("files.read", core=True)])
    assert answer == text
    assert len(model.requests) == 1


@requirement("B10")
async def test_a_narrated_call_gets_one_nudge_that_asks_for_a_call() -> None:
    tool = writer("open_pane", Recorder("opened"), core=True)
    answer, model = await played(
        says("I'll call open_pane."),
        [call("open_pane")],
        says("It is open."),
        tools=[tool],
        mode=Mode.AUTONOMOUS,
    )
    assert answer == "It is open."
    assert [request.must_call for request in model.requests] == [False, True, False]
    assert model.requests[1].messages[-1] == UserMessage(text=NUDGE)


@requirement("B10")
async def test_a_second_narration_is_the_answer() -> None:
    answer, model = await played(
        says("I'll call open_pane."), says("I will call open_pane."), tools=[writer("open_pane", core=True)]
    )
    assert answer == "I will call open_pane."
    assert len(model.requests) == 2


@requirement("B10")
async def test_babble_up_to_the_limit_after_a_nudge_does_not_become_the_answer() -> None:
    answer, _ = await played(
        says("I'll call open_pane."),
        [TextDelta("blah " * 100), Finish(FinishReason.LENGTH)],
        tools=[writer("open_pane", core=True)],
    )
    assert answer == "I'll call open_pane."


@requirement("B1", "B3", "C18")
async def test_out_of_rounds_one_request_without_tools_answers_and_is_told_so() -> None:
    rounds = [[call("files.read", f"c{n}", path=f"{n}.txt")] for n in range(3)]
    answer, model = await played(
        *rounds,
        says("I found two, then the budget ended."),
        tools=[reader("files.read")],
        limits=Limits(rounds=3),
    )
    assert answer == "I found two, then the budget ended."
    assert [bool(request.tools) for request in model.requests] == [True, True, True, False]
    assert model.requests[-1].messages[-1] == UserMessage(text=BUDGET_ENDED)


@requirement("B2")
async def test_rounds_of_only_meta_tools_are_free_six_times() -> None:
    rounds = [[call("load_tools", f"c{n}", groups=["files"])] for n in range(6 + 2)]
    _, model = await played(*rounds, says("enough"), tools=[reader("files.read")], limits=Limits(rounds=2))
    assert len(model.requests) == 6 + 2 + 1


async def test_a_call_in_the_round_without_tools_is_refused_and_the_words_are_the_answer() -> None:
    handler = Recorder()
    desk = RecordingDesk()
    answer, _ = await played(
        [call("files.read", "c1")],
        [TextDelta("This far."), call("files.read", "c2")],
        tools=[reader("files.read", handler)],
        limits=Limits(rounds=1),
        desk=desk,
    )
    assert answer == "This far."
    assert len(handler.calls) == 1
    assert [event.ok for event in desk.of(ToolDone)] == [True, False]


async def test_a_turn_that_acted_without_a_word_says_what_it_did() -> None:
    answer, _ = await played([call("files.read")], [], tools=[reader("files.read")])
    assert "files.read" in answer


# --- calls ---------------------------------------------------------------------------------------


@requirement("B14")
async def test_a_failed_tool_is_an_error_result_and_the_model_goes_on() -> None:
    broken = reader("files.read", Recorder(error=ToolError("a.txt does not exist")))
    answer, model = await played([call("files.read")], says("Sorry, it is not there."), tools=[broken])
    assert answer == "Sorry, it is not there."
    assert results(model) == ["error: a.txt does not exist"]


async def test_an_unforeseen_failure_of_a_tool_stays_inside(caplog: pytest.LogCaptureFixture) -> None:
    broken = reader("files.read", Recorder(error=ZeroDivisionError("secret detail")))
    _, model = await played([call("files.read")], says("Sorry."), tools=[broken])
    assert results(model) == ["error: files.read failed: internal error"]
    assert "secret detail" in caplog.text


async def test_a_result_that_is_not_json_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    _, model = await played([call("a.b")], says("Sorry."), tools=[reader("a.b", Recorder(object()))])
    assert results(model) == ["error: a.b failed: internal error"]
    assert "not JSON" in caplog.text


@requirement("B14")
async def test_a_denied_call_is_an_error_result_with_the_reason() -> None:
    handler = Recorder()
    desk = RecordingDesk(approval=Approval(allowed=False, reason="denied by the owner"))
    _, model = await played([call("a.b")], says("I may not."), tools=[writer("a.b", handler)], desk=desk)
    assert handler.calls == []
    assert results(model) == ["error: a.b is not permitted: denied by the owner"]
    assert desk.of(ToolCallEvent) == []


@requirement("E6")
async def test_an_approval_shows_the_specifier_and_the_reason_and_then_the_call_runs() -> None:
    handler = Recorder({"sent": True})
    desk = RecordingDesk(approval=Approval(allowed=True, reason="allowed by the owner"))
    tool = writer(
        "agent.tell", handler, specifier="{peerId}", parameters={"type": "object", "properties": {}}
    )
    _, model = await played([call("agent.tell", peerId="bob")], says("Told."), tools=[tool], desk=desk)
    [(asked, specifier, judgement)] = desk.asked
    assert (asked.name, specifier) == ("agent.tell", "bob")
    assert "default" in judgement.reason
    assert handler.calls == [{"peerId": "bob"}]
    assert results(model) == ['{"sent": true}']


@requirement("E1")
async def test_a_deny_rule_stops_a_read() -> None:
    handler = Recorder("SECRET=1")
    tool = reader("files.read", handler, specifier="{path}")
    _, model = await played(
        [call("files.read", "c1", path="app/.env"), call("files.read", "c2", path="app/main.py")],
        says("Only one."),
        tools=[tool],
        rules=lambda: Rules.read(deny=["files.read(**/.env)"]),
    )
    assert handler.calls == [{"path": "app/main.py"}]
    assert "deny files.read(**/.env)" in results(model)[0]


@requirement("E4")
async def test_plan_mode_reads_and_never_writes() -> None:
    wrote = Recorder()
    _, model = await played(
        [call("a.read", "c1"), call("a.write", "c2")],
        says("Read only."),
        tools=[reader("a.read", Recorder("text")), writer("a.write", wrote)],
        mode=Mode.PLAN,
        rules=lambda: Rules.read(allow=["*"]),
    )
    assert wrote.calls == []
    assert results(model)[0] == "text"
    assert "mode `plan`" in results(model)[1]


@requirement("E13")
async def test_the_time_that_an_owner_takes_to_answer_is_not_the_tools(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = 0.0

    class Slow(RecordingDesk):
        async def approve(self, call: Call, tool: ToolSpec, specifier: str, judgement: Judgement) -> Approval:
            nonlocal seconds
            seconds += 60
            return Approval(allowed=True, reason="allowed by the owner")

    monkeypatch.setattr("agent.calls.time", SimpleNamespace(monotonic=lambda: seconds))
    desk = Slow()
    await played([call("files.write")], says("Done."), desk=desk, tools=[writer("files.write")])
    assert [done.duration_ms for done in desk.of(ToolDone)] == [0]


async def test_a_client_tool_without_a_declared_effect_is_asked_about() -> None:
    async def run(call_: Call) -> ToolResult:
        return ToolResult.success("ok")

    tool = ToolSpec(name="widget.poke", description="Poke.")
    desk = RecordingDesk(approval=Approval(allowed=True, reason=""), client_tools=[tool], relay=run)
    await played([call("widget.poke")], says("Poked."), desk=desk)
    assert [asked.name for asked, _, _ in desk.asked] == ["widget.poke"]


@requirement("B15")
async def test_unreadable_arguments_are_reported_back_and_nothing_runs() -> None:
    handler = Recorder()
    torn = CallDelta(Call(id="c1", name="a.b", arguments=None, raw='{"path": "a.t'))
    _, model = await played(
        [torn], says("I try again."), tools=[writer("a.b", handler)], mode=Mode.AUTONOMOUS
    )
    assert handler.calls == []
    assert '{"path": "a.t' in results(model)[0]


async def test_arguments_that_do_not_fit_are_reported_and_small_slips_repaired() -> None:
    handler = Recorder()
    schema = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}
    tool = reader("a.b", handler, parameters=schema)
    _, model = await played([call("a.b", "c1"), call("a.b", "c2", count="3")], says("ok"), tools=[tool])
    assert handler.calls == [{"count": 3}]
    assert "count is missing" in results(model)[0]


async def test_a_call_cut_at_the_length_limit_is_not_run() -> None:
    handler = Recorder()
    cut: list[Delta] = [call("a.b"), Finish(FinishReason.LENGTH)]
    _, model = await played(cut, says("ok"), tools=[reader("a.b", handler)])
    assert handler.calls == []
    assert "length limit" in results(model)[0]


async def test_a_flood_of_calls_in_one_reply_is_run_only_so_far() -> None:
    handler = Recorder()
    flood: list[Delta] = [call("a.b", f"c{n}", n=n) for n in range(100)]
    _, model = await played(flood, says("ok"), tools=[reader("a.b", handler)])
    assert len(handler.calls) == MAX_CALLS_PER_ROUND
    assert len(results(model)) == 100
    assert results(model)[-1].startswith("error: not run")


@requirement("B16")
async def test_an_unknown_tool_is_answered_with_near_names_and_goes_to_nobody() -> None:
    desk = RecordingDesk(client_tools=[client_tool("open_pane", core=True)])
    _, model = await played([call("openPane")], says("Oh."), desk=desk)
    assert "did you mean open_pane?" in results(model)[0]
    assert desk.of(ToolCallEvent) == []


@requirement("A9")
async def test_a_client_runs_its_own_tool_and_the_model_reads_the_result() -> None:
    async def run(call_: Call) -> ToolResult:
        return ToolResult.success({"opened": call_.arguments})

    desk = RecordingDesk(client_tools=[client_tool("open_pane", core=True)], relay=run)
    _, model = await played([call("open_pane", id="notes")], says("Open."), desk=desk)
    [event] = desk.of(ToolCallEvent)
    assert (event.relay, event.args) == (True, {"id": "notes"})
    assert results(model) == ['{"opened": {"id": "notes"}}']


@requirement("D19")
async def test_a_tool_of_the_node_runs_with_no_client_attached() -> None:
    handler = Recorder(["bob"])
    desk = RecordingDesk()
    _, model = await played(
        [call("list_peers")], says("Bob."), tools=[reader("list_peers", handler, core=True)], desk=desk
    )
    assert results(model) == ['["bob"]']
    assert [event.relay for event in desk.of(ToolCallEvent)] == [False]


@requirement("D20")
async def test_a_call_to_a_client_tool_without_a_client_fails_at_once() -> None:
    _, model = await played([call("open_pane")], says("No screen here."))
    assert "open_pane" not in shown(model.requests[0])
    assert results(model)[0].startswith("error: open_pane arranges the owner's cockpit")


async def test_a_tool_learns_whose_turn_it_runs_in() -> None:
    handler, origin = Recorder(), object()
    await played([call("a.b", "c7")], says("ok"), tools=[reader("a.b", handler)], origin=origin)
    [context] = handler.contexts
    assert (context.turn_id, context.call_id, context.session_id) == ("t1", "c7", "s1")
    assert context.origin is origin


# --- a model that is stuck -----------------------------------------------------------------------


async def test_the_third_same_call_in_a_row_asks_and_a_yes_lets_it_run_and_counts_anew() -> None:
    handler = Recorder("noon")
    desk = RecordingDesk(approval=Approval(allowed=True, reason="allowed by the owner"))
    same: list[Round] = [[call("clock.now", f"c{n}", zone="here")] for n in range(5)]
    await played(*same, says("It is noon."), tools=[reader("clock.now", handler)], desk=desk)
    assert len(handler.calls) == 5
    [(asked, _, judgement)] = desk.asked
    assert asked.id == "c2"
    assert "the same call 3 times in a row" in judgement.reason


async def test_other_calls_and_other_arguments_between_are_no_repetition() -> None:
    handler = Recorder("noon")
    rounds: list[Round] = [[call("clock.now", f"c{n}", zone=f"{n % 2}")] for n in range(6)]
    rounds += [
        [call("clock.now", "x1")],
        [call("a.b", "x2")],
        [call("clock.now", "x3")],
        [call("clock.now", "x4")],
    ]
    await played(*rounds, says("ok"), tools=[reader("clock.now", handler), reader("a.b")])
    assert len(handler.calls) == 9


@pytest.mark.parametrize("name", ["clock.now", "no.such_tool"])
async def test_the_same_call_after_its_refusal_ends_the_turn_with_a_plain_reason(name: str) -> None:
    handler = Recorder("noon")
    desk = RecordingDesk(approval=Approval(allowed=False, reason="denied by the owner"))
    model = scripted(*[[call(name, f"c{n}")] for n in range(9)])
    outcome = await run_turn(desk, a_turn(model, tools=[reader("clock.now", handler)]))
    assert len(model.requests) == 4
    assert len(handler.calls) == (2 if name == "clock.now" else 0)
    assert outcome.code == "repeated_call"
    assert f"the same call of {name} again and again" in str(outcome.error)


async def test_a_model_that_does_something_else_after_the_refusal_goes_on() -> None:
    desk = RecordingDesk(approval=Approval(allowed=False, reason="denied by the owner"))
    same: list[Round] = [[call("clock.now", f"c{n}")] for n in range(3)]
    tools = [reader("clock.now"), reader("a.b")]
    answer, _ = await played(
        *same, [call("a.b", "x")], [call("clock.now", "y")], says("ok"), tools=tools, desk=desk
    )
    assert answer == "ok"


async def test_nobody_is_asked_about_a_repeated_call_in_a_peers_turn_and_it_is_an_error() -> None:
    desk = RecordingDesk()
    tools = [reader("clock.now", remote="shared")]
    rounds: list[Round] = [[call("clock.now", f"c{n}")] for n in range(3)]
    _, model = await played(
        *rounds, says("ok"), tools=tools, desk=desk, remote="bob", rights=lambda: {"shared"}
    )
    assert desk.asked == []
    assert "3 times in a row, and nobody is there to ask" in results(model)[-1]


# --- disclosure ----------------------------------------------------------------------------------

MANY = [
    reader("files.read"),
    writer("files.write"),
    reader("notes.search"),
    reader("list_peers", core=True),
    *(reader(f"zoo.animal{n}") for n in range(15)),
]
META = ["search_tools", "load_tools", "list_tool_groups"]


@requirement("D2", "D5")
async def test_the_first_round_shows_the_core_and_what_the_prompt_speaks_of() -> None:
    _, model = await played(says("ok"), tools=MANY, prompt="please read the file")
    assert shown(model.requests[0]) == [*META, "list_peers", "files.read", "files.write"]


async def test_few_tools_are_all_shown_whatever_the_prompt() -> None:
    few = MANY[:4]
    _, model = await played(says("ok"), tools=few, prompt="hello")
    assert {tool.name for tool in few} | {*META} == set(shown(model.requests[0]))


@requirement("U11")
async def test_tools_that_a_search_finds_can_be_called_in_the_next_round() -> None:
    _, model = await played(
        [call("search_tools", query="write something into a file")],
        [call("files.write", "c2", path="a")],
        says("ok"),
        tools=MANY,
        prompt="hello",
        desk=RecordingDesk(approval=Approval(allowed=True, reason="")),
    )
    before, after = shown(model.requests[0]), shown(model.requests[1])
    assert "files.write" not in before
    assert after[: len(before)] == before
    assert after[len(before)] == "files.write"
    assert '"name": "files.write", "group": "files"' in results(model)[0]
    assert '"parameters": {"type": "object"' in results(model)[0]


@requirement("U11")
async def test_a_search_that_finds_nothing_names_groups() -> None:
    _, model = await played(
        [call("search_tools", query="zebra crossing")], says("ok"), tools=MANY, prompt="hello"
    )
    assert results(model) == ['{"tools": [], "groups": ["files", "notes", "zoo"]}']
    assert shown(model.requests[1]) == shown(model.requests[0])


@requirement("D4")
async def test_loaded_tools_appear_in_the_next_round_after_those_before() -> None:
    _, model = await played(
        [call("load_tools", groups=["notes", "nope"])], says("ok"), tools=MANY, prompt="hello"
    )
    before, after = map(shown, model.requests)
    assert after == [*before, "notes.search"]
    assert '"unknown": ["nope"]' in results(model)[0]


@requirement("D3")
async def test_groups_are_listed_with_their_counts() -> None:
    _, model = await played([call("list_tool_groups")], says("ok"), tools=MANY)
    assert '"name": "files"' in results(model)[0]
    assert '"count": 2' in results(model)[0]


@requirement("D6")
async def test_a_tool_of_an_unloaded_group_runs_gated_and_its_group_stays() -> None:
    desk = RecordingDesk(approval=Approval(allowed=True, reason=""))
    _, model = await played([call("files.write")], says("ok"), tools=MANY, prompt="hello", desk=desk)
    assert "files.write" not in shown(model.requests[0])
    assert [asked.name for asked, _, _ in desk.asked] == ["files.write"]
    assert {"files.read", "files.write"} <= set(shown(model.requests[1]))


@requirement("B10", "D6")
async def test_a_tool_out_of_view_that_the_model_says_it_calls_is_in_view_when_it_is_nudged() -> None:
    _, model = await played(
        says("I'll call files.read now."), [call("files.read")], says("ok"), tools=MANY, prompt="hello"
    )
    first, nudged, _ = model.requests
    assert "files.read" not in shown(first)
    assert (nudged.must_call, nudged.messages[-1]) == (True, UserMessage(text=NUDGE))
    assert "files.read" in shown(nudged)


@requirement("B11", "D6")
@pytest.mark.parametrize("text", ["I'll read the file, then.", "I can call files.write if you like."])
async def test_words_about_what_tools_out_of_view_do_are_an_answer(text: str) -> None:
    answer, model = await played(says(text), tools=MANY, prompt="hello")
    assert (answer, len(model.requests)) == (text, 1)


@requirement("D7")
async def test_no_more_than_38_tools_are_shown_and_the_model_hears_of_the_rest() -> None:
    tools = [reader(f"g{n % 4}.tool{n}") for n in range(120)]
    groups = [f"g{n}" for n in range(4)]
    _, model = await played(
        [call("load_tools", groups=groups)], says("ok"), tools=[*tools, *MANY], prompt="hello"
    )
    assert len(model.requests[1].tools) == 38
    assert shown(model.requests[1])[:4] == [*META, "list_peers"]
    assert "not shown for want of room" in results(model)[0]


@requirement("D8")
async def test_groups_of_the_last_turn_are_there_in_the_next() -> None:
    first = scripted([call("files.read")], says("There."))
    outcome = await run_turn(RecordingDesk(), a_turn(first, tools=MANY))
    _, model = await played(says("ok"), tools=MANY, prompt="delete it", groups=outcome.groups)
    assert "files.write" in shown(model.requests[0])
    _, model = await played(says("ok"), tools=MANY, prompt="delete it")
    assert "files.write" not in shown(model.requests[0])


@requirement("B13")
async def test_an_owners_and_a_peers_turn_take_the_same_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    callers: list[object] = []

    async def counted(*args: object, caller: Caller, **more: object) -> str:
        callers.append(caller.turn_id)
        return await run_agent_loop(*args, caller=caller, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("agent.turn.run_agent_loop", counted)
    await played(says("ok"))
    await played(says("ok"), remote="bob")
    assert callers == ["t1", "t1"]
