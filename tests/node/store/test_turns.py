import asyncio
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.desk import CallRecord, TurnOutcome
from agent.models.base import Usage
from node.store.db import Database
from node.store.errors import QueueFull, TurnIdReused
from node.store.messages import Draft, Role
from node.store.sessions import SessionStore
from node.store.turn import ATTEMPTS, ClaimedTurn, Ending, NewTurn, Source, Submitted, TurnState
from node.store.turns import TurnStore
from tests.mission import requirement
from tests.node.store.claims import claim_one
from tests.node.store.clock import Clock


async def ask(turns: TurnStore, turn_id: str, session_id: str = "s", **facts: Any) -> Submitted:
    return await turns.submit(
        NewTurn(turn_id=turn_id, session_id=session_id, prompt=f"prompt of {turn_id}", **facts)
    )


async def claim(turns: TurnStore) -> ClaimedTurn:
    turn = await claim_one(turns)
    assert turn is not None
    return turn


def answer(turn: ClaimedTurn, text: str = "an answer") -> TurnOutcome:
    return TurnOutcome(turn_id=turn.turn_id, text=text)


def failure(turn: ClaimedTurn, *, transient: bool) -> TurnOutcome:
    return TurnOutcome(turn_id=turn.turn_id, text="", error="503 from the server", transient=transient)


async def test_a_submitted_prompt_is_a_stored_message_and_a_waiting_turn_at_a_growing_position(
    turns: TurnStore, sessions: SessionStore
) -> None:
    first = await ask(turns, "t1")
    second = await ask(turns, "t2")
    assert (first.opened_session, second.opened_session) == (True, False)
    assert (first.ahead, second.ahead) == (0, 1)
    assert first.turn.state is second.turn.state is TurnState.PENDING
    assert first.turn.position < second.turn.position
    assert [m.content for m in await sessions.messages("s")] == ["prompt of t1", "prompt of t2"]


async def test_an_ask_without_a_session_opens_one_that_begins_with_the_history_it_brings(
    turns: TurnStore, sessions: SessionStore
) -> None:
    before = (Draft(role=Role.USER, content="earlier"), Draft(role=Role.AGENT, content="indeed"))
    submitted = await turns.submit(NewTurn(turn_id="t", prompt="and now?", history=before))
    session = await sessions.get(submitted.turn.session_id)
    assert session.title == "and now?"
    texts = [message.content for message in await sessions.messages(session.id)]
    assert texts == ["earlier", "indeed", "and now?"]
    assert [m.content for m in await turns.history(await claim(turns))] == ["earlier", "indeed"]


async def test_history_brought_to_a_session_that_exists_is_ignored(
    turns: TurnStore, sessions: SessionStore
) -> None:
    await ask(turns, "t1")
    await ask(turns, "t2", history=(Draft(role=Role.USER, content="forged"),))
    assert "forged" not in [message.content for message in await sessions.messages("s")]


async def test_the_same_turn_id_twice_is_one_message(turns: TurnStore, sessions: SessionStore) -> None:
    first = await ask(turns, "t")
    again = await ask(turns, "t")
    assert first.is_new
    assert not again.is_new
    assert again.turn == first.turn
    assert len(await sessions.messages("s")) == 1


async def test_a_turn_id_that_comes_again_with_another_prompt_is_refused(turns: TurnStore) -> None:
    await ask(turns, "t")
    with pytest.raises(TurnIdReused, match="use a new turn id"):
        await turns.submit(NewTurn(turn_id="t", session_id="s", prompt="something else"))


async def test_two_sessions_may_use_the_same_turn_id(turns: TurnStore) -> None:
    await ask(turns, "t", "a")
    assert (await ask(turns, "t", "b")).is_new


async def test_a_prompt_with_half_a_surrogate_pair_is_stored_and_known_again(turns: TurnStore) -> None:
    new = NewTurn(turn_id="t", session_id="s", prompt="broken \ud800 text")
    assert (await turns.submit(new)).is_new
    assert not (await turns.submit(new)).is_new


@requirement("H2")
async def test_two_workers_on_one_file_claim_two_hundred_turns_once_each(
    turns: TurnStore, tmp_path: Path, clock: Clock
) -> None:
    for number in range(200):
        await ask(turns, f"t{number}", f"session {number}")
    other_db = await Database.open(tmp_path / "palaver.db")
    claimed: list[str] = []

    async def work(worker: TurnStore) -> None:
        while turn := await claim_one(worker):
            assert turn.attempts == 1
            claimed.append(turn.session_id)

    try:
        await asyncio.gather(work(turns), work(TurnStore(other_db, clock=clock)))
    finally:
        await other_db.close()
    assert sorted(claimed) == sorted(f"session {number}" for number in range(200))


@requirement("H3")
async def test_the_database_refuses_a_second_running_turn_of_a_session(
    turns: TurnStore, db: Database
) -> None:
    await ask(turns, "t1")
    await ask(turns, "t2")
    await claim(turns)
    with pytest.raises(sqlite3.IntegrityError):
        await db.write("UPDATE turns SET state = 'dispatching' WHERE id = 't2'")


async def test_a_session_with_a_running_turn_waits_while_another_session_runs(turns: TurnStore) -> None:
    await ask(turns, "a1", "a")
    await ask(turns, "a2", "a")
    await ask(turns, "b1", "b")
    first = await claim(turns)
    assert (await claim(turns)).turn_id == "b1"
    assert await claim_one(turns) is None
    await turns.conclude(first, answer(first))
    assert (await claim(turns)).turn_id == "a2"


@requirement("H8", "H10")
async def test_turns_run_by_priority_then_users_first_then_in_the_order_they_came(turns: TurnStore) -> None:
    await ask(turns, "app", source=Source.APP)
    for turn_id in ("one", "two", "three"):
        await ask(turns, turn_id)
    assert (await ask(turns, "urgent", priority=5)).ahead == 0
    assert (await ask(turns, "four")).ahead == 4
    view = [turn.turn_id for turn in await turns.unended("s")]
    order = []
    while turn := await claim_one(turns):
        order.append(turn.turn_id)
        await turns.conclude(turn, answer(turn))
    assert order == view == ["urgent", "one", "two", "three", "four", "app"]
    app = await turns.get("s", "app")
    assert app is not None
    assert app.source is Source.APP


async def test_of_five_callers_at_once_one_runs_three_wait_and_one_is_told_that_the_queue_is_full(
    turns: TurnStore,
) -> None:
    for number in range(4):
        await ask(turns, f"t{number}", source=Source.APP)
    with pytest.raises(QueueFull, match="Agent queue is full") as full:
        await ask(turns, "t4", source=Source.APP)
    assert (full.value.queue_length, full.value.retry_after) == (3, 30)
    await claim(turns)
    with pytest.raises(QueueFull):
        await ask(turns, "t4", source=Source.APP)


async def test_the_owner_may_have_thirty_two_turns_waiting_behind_the_one_that_runs(turns: TurnStore) -> None:
    for number in range(33):
        await ask(turns, f"t{number}")
    with pytest.raises(QueueFull) as full:
        await ask(turns, "one more")
    assert full.value.queue_length == 32
    assert (await ask(turns, "t0")).is_new is False, "a repeated send key is no new turn"


@requirement("B18", "G9", "G8")
async def test_an_answer_is_stored_with_its_action_log_and_figures(
    turns: TurnStore, sessions: SessionStore
) -> None:
    await ask(turns, "t")
    turn = await claim(turns)
    record = CallRecord(
        call_id="c1", name="notes.read", arguments={"a": 1}, ok=True, result="r", duration_ms=7,
        started_ms=2, permission="it only reads",
    )  # fmt: skip
    outcome = TurnOutcome(
        turn_id="t", text="done", reasoning="hm", calls=(record,), usage=Usage(prompt=900, completion=40),
        context_window=8192, model="qwen3:8b", duration_ms=1234,
    )  # fmt: skip
    assert (await turns.conclude(turn, outcome)).ending is Ending.ANSWERED
    question, reply = await sessions.messages("s")
    assert (question.role, reply.role) == (Role.USER, Role.AGENT)
    assert (reply.content, reply.reasoning, reply.state) == ("done", "hm", "complete")
    assert reply.tool_calls == [
        {
            "callId": "c1",
            "name": "notes.read",
            "arguments": {"a": 1},
            "ok": True,
            "result": "r",
            "durationMs": 7,
            "startedMs": 2,
            "permission": "it only reads",
            "denied": False,
            "reused": False,
        }
    ]
    assert (reply.tokens_in, reply.tokens_out, reply.context_used, reply.context_max) == (900, 40, 900, 8192)
    assert (reply.execution_time_ms, reply.model, reply.turn_id) == (1234, "qwen3:8b", "t")


async def test_a_turn_ends_once(turns: TurnStore, sessions: SessionStore) -> None:
    await ask(turns, "t")
    turn = await claim(turns)
    assert (await turns.conclude(turn, answer(turn, "first"))).ending is Ending.ANSWERED
    late = TurnOutcome(turn_id="t", text="", cancelled=True)
    again = await turns.conclude(turn, late)
    assert (again.ending, again.has_effect) == (Ending.ANSWERED, False)
    assert [message.content for message in await sessions.messages("s")] == ["prompt of t", "first"]


async def test_an_answer_stands_beside_its_question_when_more_questions_came_in(
    turns: TurnStore, sessions: SessionStore
) -> None:
    await ask(turns, "t1")
    await ask(turns, "t2")
    first = await claim(turns)
    await turns.conclude(first, answer(first, "one"))
    second = await claim(turns)
    assert [message.content for message in await turns.history(second)] == ["prompt of t1", "one"]
    await turns.conclude(second, answer(second, "two"))
    transcript = [message.content for message in await sessions.messages("s")]
    assert transcript == ["prompt of t1", "one", "prompt of t2", "two"]


async def test_history_has_neither_waiting_nor_withdrawn_prompts(turns: TurnStore) -> None:
    for turn_id in ("withdrawn", "running", "waiting"):
        await ask(turns, turn_id)
    assert await turns.withdraw("s", "withdrawn")
    turn = await claim(turns)
    assert turn.turn_id == "running"
    assert await turns.history(turn) == []


async def test_the_groups_in_use_at_the_end_reach_the_sessions_next_turn(turns: TurnStore) -> None:
    await ask(turns, "t1")
    await ask(turns, "t2")
    first = await claim(turns)
    assert first.groups == ()
    await turns.conclude(first, TurnOutcome(turn_id="t1", text="x", groups=("notes", "files")))
    assert (await claim(turns)).groups == ("notes", "files")


async def test_mode_and_context_reach_the_run(turns: TurnStore) -> None:
    await ask(turns, "t", mode="plan", context={"uri": "file:a.py", "content": "x"})
    turn = await claim(turns)
    assert (turn.prompt, turn.mode) == ("prompt of t", "plan")
    assert turn.context == {"uri": "file:a.py", "content": "x"}


async def test_a_failure_that_may_pass_is_tried_five_times_with_growing_pauses_then_fails(
    turns: TurnStore, sessions: SessionStore, clock: Clock
) -> None:
    await ask(turns, "t")
    await ask(turns, "behind")
    pauses = []
    for attempt in range(1, ATTEMPTS):
        turn = await claim(turns)
        assert (turn.turn_id, turn.attempts) == ("t", attempt)
        conclusion = await turns.conclude(turn, failure(turn, transient=True))
        assert conclusion.ending is Ending.RETRYING
        pauses.append(conclusion.retry_in_s)
        claims = await turns.claim(1)
        assert not claims.turns, "the turn behind must not overtake"
        assert claims.next_due_in == pytest.approx(conclusion.retry_in_s)
        clock.now += conclusion.retry_in_s
    assert pauses == [2, 4, 8, 16]
    turn = await claim(turns)
    assert (await turns.conclude(turn, failure(turn, transient=True))).ending is Ending.FAILED
    stored = await turns.get("s", "t")
    assert stored is not None
    assert (stored.state, stored.attempts, stored.last_error) == (TurnState.FAILED, 5, "503 from the server")
    _, reply, _ = await sessions.messages("s")
    assert (reply.state, reply.error) == ("failed", "503 from the server")
    assert (await claim(turns)).turn_id == "behind"


async def test_a_failure_that_will_not_pass_ends_the_turn_at_its_first_attempt(turns: TurnStore) -> None:
    await ask(turns, "t")
    turn = await claim(turns)
    assert (await turns.conclude(turn, failure(turn, transient=False))).ending is Ending.FAILED
    stored = await turns.get("s", "t")
    assert stored is not None
    assert (stored.state, stored.attempts) == (TurnState.FAILED, 1)


async def test_what_was_streamed_before_a_stop_is_kept(turns: TurnStore, sessions: SessionStore) -> None:
    await ask(turns, "t")
    turn = await claim(turns)
    outcome = TurnOutcome(turn_id="t", text="half an ans", cancelled=True)
    assert (await turns.conclude(turn, outcome)).ending is Ending.CANCELLED
    _, reply = await sessions.messages("s")
    assert (reply.content, reply.state) == ("half an ans", "cancelled")


async def test_only_a_waiting_turn_can_be_withdrawn(turns: TurnStore) -> None:
    await ask(turns, "runs")
    await ask(turns, "waits")
    await claim(turns)
    assert await turns.withdraw("s", "waits")
    assert not await turns.withdraw("s", "waits")
    assert not await turns.withdraw("s", "runs")
    assert [turn.turn_id for turn in await turns.unended()] == ["runs"]


async def test_a_released_claim_is_void_and_the_turn_waits_again(turns: TurnStore) -> None:
    await ask(turns, "t")
    old = await claim(turns)
    await turns.release([old])
    late = TurnOutcome(turn_id="t", text="", cancelled=True)
    assert (await turns.conclude(old, late)).ending is Ending.INTERRUPTED
    new = await claim(turns)
    assert new.attempts == 2
    assert (await turns.conclude(old, answer(old))).ending is Ending.INTERRUPTED
    assert (await turns.conclude(new, answer(new))).ending is Ending.ANSWERED


async def test_recovery_takes_back_what_is_stuck_but_not_what_runs_or_is_young(
    turns: TurnStore, clock: Clock
) -> None:
    await ask(turns, "stuck", "a")
    await ask(turns, "running", "b")
    lost, running = await claim(turns), await claim(turns)
    clock.now += 899
    assert await turns.recover(stuck_s=900, running=[running]) == []
    clock.now += 1
    [recovered] = await turns.recover(stuck_s=900, running=[running])
    assert (recovered.turn.turn_id, recovered.conclusion.ending) == (lost.turn_id, Ending.RETRYING)
    assert (await claim(turns)).turn_id == "stuck"


async def test_a_turn_that_kills_the_node_each_time_fails_in_the_end(
    turns: TurnStore, sessions: SessionStore
) -> None:
    await ask(turns, "t")
    endings = []
    for _ in range(ATTEMPTS):
        await claim(turns)
        [recovered] = await turns.recover(stuck_s=0)
        endings.append(recovered.conclusion.ending)
    assert endings == [Ending.RETRYING] * 4 + [Ending.FAILED]
    assert await claim_one(turns) is None
    _, reply = await sessions.messages("s")
    assert (reply.state, reply.error) == ("failed", "the node stopped during this turn")


async def test_a_turn_whose_session_is_deleted_ends_without_a_trace(
    turns: TurnStore, sessions: SessionStore
) -> None:
    await ask(turns, "t")
    turn = await claim(turns)
    assert await sessions.delete("s")
    assert (await turns.conclude(turn, answer(turn))).ending is Ending.CANCELLED
    assert await sessions.messages("s") == []


CHILD = """
import asyncio, sys
from pathlib import Path
from node.store.db import Database
from node.store.turn import NewTurn
from node.store.turns import TurnStore

async def main():
    turns = TurnStore(await Database.open(Path(sys.argv[1])))
    await turns.submit(NewTurn(turn_id="t", session_id="s", prompt="remember me"))
    assert (await turns.claim(1)).turns
    print("claimed", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@requirement("G1", "G4", "H6")
async def test_a_prompt_outlives_a_node_killed_in_the_middle_of_its_turn(tmp_path: Path) -> None:
    path = tmp_path / "killed.db"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    async with asyncio.timeout(20):
        assert child.stdout is not None
        assert await child.stdout.readline() == b"claimed\n"
        child.kill()
        await child.wait()
    db = await Database.open(path)
    try:
        turns = TurnStore(db)
        assert [message.content for message in await SessionStore(db).messages("s")] == ["remember me"]
        assert await claim_one(turns) is None
        assert len(await turns.recover(stuck_s=0)) == 1
        again = await claim(turns)
        assert (again.prompt, again.attempts) == ("remember me", 2)
        assert (await turns.conclude(again, answer(again))).ending is Ending.ANSWERED
        assert await claim_one(turns) is None
        transcript = [message.content for message in await SessionStore(db).messages("s")]
        assert transcript == ["remember me", "an answer"]
    finally:
        await db.close()


SENDER = """
import asyncio, sys
from pathlib import Path
from node.store.db import Database
from node.store.turn import NewTurn
from node.store.turns import TurnStore

async def main():
    turns = TurnStore(await Database.open(Path(sys.argv[1])))
    for number in range(100_000):
        await turns.submit(NewTurn(turn_id=f"t{number}", session_id=f"s{number}", prompt=f"prompt {number}"))
        print(number, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("moment", [1, 13, 60])
async def test_every_prompt_that_was_taken_is_there_after_a_kill_in_the_middle_of_the_next(
    tmp_path: Path, moment: int
) -> None:
    path = tmp_path / "killed.db"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SENDER, str(path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    async with asyncio.timeout(20):
        assert child.stdout is not None
        for _ in range(moment):
            await child.stdout.readline()
        child.kill()
        taken = moment + len((await child.stdout.read()).splitlines())
        await child.wait()
    db = await Database.open(path)
    try:
        turns = TurnStore(db)
        waiting = [turn.prompt for turn in await turns.unended()]
        # The last one may have been stored without its sender hearing of it.
        assert waiting in ([f"prompt {n}" for n in range(taken)], [f"prompt {n}" for n in range(taken + 1)])
    finally:
        await db.close()
