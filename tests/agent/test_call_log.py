"""A turn that runs again: what its log hands out, and what the model and the owner see of it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.call_log import Earlier, EarlierCalls, KeptCall, canonical
from agent.desk import Approval
from agent.events import Status, ToolCallEvent, ToolDone
from agent.history import Call
from agent.models.base import ErrorKind, ModelError
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
from tools.spec import Effect, JsonObject, ToolResult

YES = Approval(allowed=True, reason="allowed by the owner")


class Kept:
    """A log that outlives the runs of one turn, as a store does."""

    is_kept = True

    def __init__(self) -> None:
        self.calls: list[KeptCall] = []
        self.start()

    def start(self) -> None:
        self._earlier = EarlierCalls(self.calls)

    def earlier(self, call: Call) -> Earlier | None:
        return self._earlier.take(call)

    async def started(self, call: Call, effect: Effect) -> int:
        self.calls.append(
            KeptCall(name=call.name, arguments=canonical(call), writes=effect is Effect.WRITE, ok=None)
        )
        return len(self.calls) - 1

    async def finished(self, number: int, *, ok: bool, text: str) -> None:
        kept = self.calls[number]
        self.calls[number] = KeptCall(
            name=kept.name, arguments=kept.arguments, writes=kept.writes, ok=ok, text=text
        )


def made(name: str, arguments: JsonObject | None = None) -> Call:
    return Call(id="c", name=name, arguments=arguments or {})


def kept(name: str, *, ok: bool | None, writes: bool = True, text: str = "") -> KeptCall:
    return KeptCall(name=name, arguments="{}", writes=writes, ok=ok, text=text)


async def test_a_finished_call_is_not_made_again_when_its_turn_runs_again() -> None:
    log, act, desk = Kept(), Recorder({"n": 1}), RecordingDesk(approval=YES)
    tools = [writer("a.act", act)]
    busy = ModelError(ErrorKind.BUSY, "the server is busy")
    first = await run_turn(desk, a_turn(scripted([call("a.act", x=1)], busy), tools=tools, log=log))
    assert first.transient
    log.start()
    again = scripted([call("a.act", id_="c2", x=1)], says("done"))
    outcome = await run_turn(desk, a_turn(again, tools=tools, log=log))
    assert outcome.text == "done"
    assert act.calls == [{"x": 1}]
    assert len(desk.asked) == 1
    assert [(done.reused, done.ok, done.result) for done in desk.of(ToolDone)] == [
        (False, True, '{"n": 1}'),
        (True, True, '{"n": 1}'),
    ]
    assert outcome.calls[0].reused


async def test_a_turn_without_a_lasting_log_is_not_tried_again_after_its_calls() -> None:
    busy = ModelError(ErrorKind.BUSY, "the server is busy")
    turn = a_turn(scripted([call("a.look")], busy), tools=[reader("a.look")])
    outcome = await run_turn(RecordingDesk(), turn)
    assert outcome.error
    assert not outcome.transient


async def test_a_write_whose_end_nobody_saw_stays_unrun_however_often_the_model_asks() -> None:
    log, act, desk = Kept(), Recorder(), RecordingDesk(approval=YES)
    log.calls = [kept("a.act", ok=None)]
    log.start()
    model = scripted([call("a.act")], [call("a.act", id_="c2")], says("I cannot tell."))
    await run_turn(desk, a_turn(model, tools=[writer("a.act", act)], log=log))
    assert act.calls == []
    assert all("unknown whether a.act happened" in done.result for done in desk.of(ToolDone))
    assert any("unknown" in status.text for status in desk.of(Status))


async def test_a_read_whose_end_nobody_saw_runs_again() -> None:
    log, look = Kept(), Recorder("seen")
    log.calls = [kept("a.look", ok=None, writes=False)]
    log.start()
    await run_turn(
        RecordingDesk(),
        a_turn(scripted([call("a.look")], says("ok")), tools=[reader("a.look", look)], log=log),
    )
    assert len(look.calls) == 1


async def test_a_reused_call_of_a_client_needs_no_client_and_is_not_sent_to_one() -> None:
    log, desk = Kept(), RecordingDesk()
    log.calls = [kept("panes.open", ok=True, text="opened")]
    log.start()
    model = scripted([call("panes.open")], says("open"))
    await run_turn(desk, a_turn(model, log=log))
    assert [event.relay for event in desk.of(ToolCallEvent)] == [False]
    assert desk.of(ToolDone)[0].result == "opened"


async def test_tools_are_loaded_again_by_every_run() -> None:
    log = Kept()
    for _ in range(2):
        log.start()
        model = scripted([call("load_tools", groups=["files"])], says("ok"))
        await run_turn(RecordingDesk(), a_turn(model, tools=[writer("files.write")], log=log, prompt="hi"))
        assert "files.write" in [tool.name for tool in model.requests[1].tools]


async def test_a_client_tool_is_in_the_log_before_the_client_is_told() -> None:
    log, seen = Kept(), []

    class Watching(RecordingDesk):
        async def emit(self, event: object) -> None:
            if isinstance(event, ToolCallEvent):
                seen.append([kept.ok for kept in log.calls])

    tool = client_tool("panes.look")
    await run_turn(
        Watching(client_tools=[tool], relay=_answer),
        a_turn(scripted([call("panes.look")], says("ok")), log=log),
    )
    assert seen == [[None]]
    assert log.calls[0].ok is True


async def _answer(_: Call) -> ToolResult:
    return ToolResult.success("there")


@pytest.mark.parametrize("same", [{"a": 1, "b": [2]}, {"b": [2], "a": 1}])
def test_arguments_are_the_same_in_any_order(same: JsonObject) -> None:
    assert canonical(made("x", same)) == '{"a":1,"b":[2]}'


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([True, False, None]), st.booleans())))
def test_every_kept_call_is_handed_out_once_in_order_until_an_unknown_end(
    rows: Sequence[tuple[str, bool | None, bool]],
) -> None:
    calls = [
        kept(name, ok=ok, writes=writes, text=str(place)) for place, (name, ok, writes) in enumerate(rows)
    ]
    earlier = EarlierCalls(calls)
    for name in "ab":
        mine = [one for one in calls if one.name == name and (one.writes or one.ok is not None)]
        for one in mine:
            taken = earlier.take(made(name))
            assert taken is not None
            if one.ok is None:
                assert not taken.is_known
                assert earlier.take(made(name)) == taken
                break
            assert (taken.ok, taken.text) == (one.ok, one.text)
        else:
            assert earlier.take(made(name)) is None
