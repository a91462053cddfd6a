import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.desk import TurnOutcome
from agent.models.base import ErrorKind, ModelError
from node import queue as queue_module
from node.queue import Cancelled, Run, Tell, TurnQueue
from node.store.db import Database
from node.store.sessions import SessionStore
from node.store.turn import ClaimedTurn, Claims, Conclusion, Ending, NewTurn, Turn, TurnState
from node.store.turns import TurnStore
from tests.mission import requirement
from tests.node.store.claims import claim_one

ENDED = {TurnState.SENT, TurnState.FAILED, TurnState.CANCELLED}


class WatchedTurns(TurnStore):
    """Tells when a turn was concluded or given back."""

    def __init__(self, db: Database) -> None:
        super().__init__(db, pause=lambda _: 0.0)
        self.conclusions: asyncio.Queue[Conclusion] = asyncio.Queue()

    async def conclude(self, turn: ClaimedTurn, outcome: TurnOutcome) -> Conclusion:
        conclusion = await super().conclude(turn, outcome)
        self.conclusions.put_nowait(conclusion)
        return conclusion

    async def ask(self, turn_id: str, session_id: str = "s") -> None:
        await self.submit(NewTurn(turn_id=turn_id, session_id=session_id, prompt=turn_id))

    async def ended(self, turn_id: str, session_id: str = "s") -> Turn:
        async with asyncio.timeout(10):
            while True:
                await self.conclusions.get()
                turn = await self.get(session_id, turn_id)
                assert turn is not None
                if turn.state in ENDED:
                    return turn


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "palaver.db")
    yield database
    await database.close()


@pytest.fixture
def turns(db: Database) -> WatchedTurns:
    return WatchedTurns(db)


@asynccontextmanager
async def queue_of(
    turns: TurnStore, run: Run, *, tell: Tell | None = None, running_max: int = 64
) -> AsyncIterator[TurnQueue]:
    queue = TurnQueue(turns, run, tell=tell, running_max=running_max)
    await queue.open()
    try:
        yield queue
    finally:
        await queue.close()


def answered(turn: ClaimedTurn) -> TurnOutcome:
    return TurnOutcome(turn_id=turn.turn_id, text=f"answer to {turn.prompt}")


class Gate:
    """A run that says when it has begun and ends when told."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.stopped = False

    async def run(self, turn: ClaimedTurn) -> TurnOutcome:
        self.begun.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.stopped = True
            raise
        return answered(turn)


class Told:
    """Notes what the queue told because no desk did."""

    def __init__(self) -> None:
        self.endings: list[tuple[str, Ending]] = []

    async def __call__(self, turn: ClaimedTurn, outcome: TurnOutcome, conclusion: Conclusion) -> None:
        self.endings.append((turn.turn_id, conclusion.ending))


async def within(awaitable: Awaitable[object]) -> None:
    async with asyncio.timeout(10):
        await awaitable


@requirement("B24")
async def test_twenty_parallel_asks_of_a_session_run_one_at_a_time_in_order(turns: WatchedTurns) -> None:
    running = 0
    overlap = 0
    order = []

    async def run(turn: ClaimedTurn) -> TurnOutcome:
        nonlocal running, overlap
        running += 1
        overlap = max(overlap, running)
        order.append(turn.turn_id)
        await asyncio.sleep(0)
        running -= 1
        return answered(turn)

    async with queue_of(turns, run) as queue:

        async def ask(turn_id: str) -> None:
            await turns.ask(turn_id)
            queue.wake()

        await asyncio.gather(*(ask(f"t{number}") for number in range(20)))
        await turns.ended("t19")
    assert overlap == 1
    assert order == [f"t{number}" for number in range(20)]


async def test_sessions_run_side_by_side_up_to_the_bound(turns: WatchedTurns) -> None:
    most = 3
    running = 0
    overlap = 0
    full = asyncio.Event()

    async def run(turn: ClaimedTurn) -> TurnOutcome:
        nonlocal running, overlap
        running += 1
        overlap = max(overlap, running)
        if running == most:
            full.set()
        await within(full.wait())
        running -= 1
        return answered(turn)

    for number in range(10):
        await turns.ask("t", f"session {number}")
    async with queue_of(turns, run, running_max=most):
        async with asyncio.timeout(10):
            endings = [(await turns.conclusions.get()).ending for _ in range(10)]
    assert endings == [Ending.ANSWERED] * 10
    assert overlap == most


@requirement("H4")
async def test_a_server_that_answers_503_five_times_fails_the_turn_with_that_reason(
    turns: WatchedTurns,
) -> None:
    attempts = []

    async def run(turn: ClaimedTurn) -> TurnOutcome:
        attempts.append(turn.attempts)
        return TurnOutcome(turn_id=turn.turn_id, text="", error="the server said 503", transient=True)

    await turns.ask("t")
    async with queue_of(turns, run):
        turn = await turns.ended("t")
    assert attempts == [1, 2, 3, 4, 5]
    assert (turn.state, turn.last_error) == (TurnState.FAILED, "the server said 503")


async def test_a_retry_that_succeeds_answers(turns: WatchedTurns) -> None:
    async def run(turn: ClaimedTurn) -> TurnOutcome:
        if turn.attempts < 3:
            return TurnOutcome(turn_id=turn.turn_id, text="", error="busy", transient=True)
        return answered(turn)

    await turns.ask("t")
    async with queue_of(turns, run):
        turn = await turns.ended("t")
    assert (turn.state, turn.attempts, turn.last_error) == (TurnState.SENT, 3, None)


@requirement("H5")
async def test_an_error_that_will_not_pass_is_tried_once(turns: WatchedTurns) -> None:
    attempts = 0

    async def run(turn: ClaimedTurn) -> TurnOutcome:
        nonlocal attempts
        attempts += 1
        return TurnOutcome(turn_id=turn.turn_id, text="", error="no model is installed")

    await turns.ask("t")
    async with queue_of(turns, run):
        assert (await turns.ended("t")).state is TurnState.FAILED
    assert attempts == 1


async def test_a_run_that_breaks_fails_its_turn_and_the_next_one_runs(
    turns: WatchedTurns, db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def run(turn: ClaimedTurn) -> TurnOutcome:
        if turn.turn_id == "bad":
            raise ZeroDivisionError("secret detail")
        return answered(turn)

    await turns.ask("bad")
    await turns.ask("good")
    told = Told()
    async with queue_of(turns, run, tell=told):
        assert (await turns.ended("good")).state is TurnState.SENT
    _, reply, *_ = await SessionStore(db).messages("s")
    assert reply.error == "internal error; the node's log says more"
    assert told.endings == [("bad", Ending.FAILED), ("good", Ending.ANSWERED)]
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(
    ("kind", "attempts"), [(ErrorKind.NO_MODEL, 1), (ErrorKind.NOT_LOCAL, 1), (ErrorKind.BUSY, 5)]
)
async def test_a_model_that_cannot_even_be_asked_fails_the_turn_with_its_own_words(
    turns: WatchedTurns, kind: ErrorKind, attempts: int
) -> None:
    async def run(turn: ClaimedTurn) -> TurnOutcome:
        raise ModelError(kind, "what the owner can do")

    await turns.ask("t")
    told = Told()
    async with queue_of(turns, run, tell=told):
        turn = await turns.ended("t")
    assert (turn.state, turn.attempts, turn.last_error) == (
        TurnState.FAILED,
        attempts,
        "what the owner can do",
    )
    assert [ending for _, ending in told.endings] == [Ending.RETRYING] * (attempts - 1) + [Ending.FAILED]


async def test_what_the_desk_concluded_is_not_concluded_again(turns: WatchedTurns, db: Database) -> None:
    async def run(turn: ClaimedTurn) -> TurnOutcome:
        await turns.conclude(turn, answered(turn))
        raise ZeroDivisionError("after the answer was stored")

    await turns.ask("t")
    told = Told()
    async with queue_of(turns, run, tell=told):
        assert (await turns.ended("t")).state is TurnState.SENT
    assert [message.content for message in await SessionStore(db).messages("s")] == ["t", "answer to t"]
    assert told.endings == []


async def test_a_running_turn_is_really_stopped(turns: WatchedTurns) -> None:
    gate = Gate()
    await turns.ask("t")
    async with queue_of(turns, gate.run) as queue:
        await within(gate.begun.wait())
        running = queue.running("s")
        assert running is not None
        assert running.turn_id == "t"
        assert await queue.cancel("other", "t") is Cancelled.NOT_FOUND
        assert await queue.cancel("s", "t") is Cancelled.STOPPING
        assert (await turns.ended("t")).state is TurnState.CANCELLED
    assert gate.stopped


async def test_stopping_a_turn_stops_the_next_attempt_too_when_the_last_one_is_still_winding_up(
    turns: WatchedTurns,
) -> None:
    gate = Gate()

    async def run(turn: ClaimedTurn) -> TurnOutcome:
        # As a desk does, before the events of the end are shown.
        await turns.conclude(turn, TurnOutcome(turn_id=turn.turn_id, text="", error="busy", transient=True))
        return await gate.run(turn)

    await turns.ask("t")
    async with queue_of(turns, run) as queue, asyncio.timeout(10):
        await gate.begun.wait()
        queue.wake()
        await claimed(turns, "t")
        async with queue._claiming:
            assert len(queue._running) == 2
        assert await queue.cancel("s", "t") is Cancelled.STOPPING
        assert (await turns.ended("t")).state is TurnState.CANCELLED


async def test_a_waiting_turn_is_withdrawn_and_never_runs(turns: WatchedTurns) -> None:
    gate = Gate()
    await turns.ask("first")
    await turns.ask("second")
    async with queue_of(turns, gate.run) as queue:
        await within(gate.begun.wait())
        assert await queue.cancel("s", "second") is Cancelled.WITHDRAWN
        assert await queue.cancel("s", "second") is Cancelled.NOT_FOUND
        gate.go.set()
        await turns.ended("first")
    second = await turns.get("s", "second")
    assert second is not None
    assert (second.state, second.attempts) == (TurnState.CANCELLED, 0)


async def test_a_turn_stopped_before_its_first_step_ends(turns: WatchedTurns) -> None:
    """The claim is made and the task is there, but nothing of it has run yet."""
    gate = Gate()
    await turns.ask("t")
    queue = TurnQueue(turns, gate.run)
    turn = await claim_one(turns)
    assert turn is not None
    queue._start(turn)
    [work] = queue._running
    work.cancel()
    assert (await turns.ended("t")).state is TurnState.CANCELLED
    assert not gate.begun.is_set()
    await queue.close()


async def test_closing_leaves_running_turns_to_the_next_start(turns: WatchedTurns, db: Database) -> None:
    endings: list[Ending] = []

    async def run(turn: ClaimedTurn) -> TurnOutcome:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            # As a desk does when its turn is stopped.
            outcome = TurnOutcome(turn_id=turn.turn_id, text="half", cancelled=True)
            endings.append((await turns.conclude(turn, outcome)).ending)
            raise
        return answered(turn)

    begun = asyncio.Event()
    await turns.ask("t")
    async with queue_of(turns, run):
        await within(begun.wait())
    assert endings == [Ending.INTERRUPTED]
    left = await turns.get("s", "t")
    assert left is not None
    assert left.state is TurnState.PENDING

    async def finish(turn: ClaimedTurn) -> TurnOutcome:
        return answered(turn)

    async with queue_of(turns, finish):
        assert (await turns.ended("t")).state is TurnState.SENT
    assert [message.content for message in await SessionStore(db).messages("s")] == ["t", "answer to t"]


async def test_closing_does_not_wait_for_a_turn_that_will_not_stop(
    turns: WatchedTurns, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queue_module, "CLOSE_TIMEOUT_S", 0.05)
    begun, over = asyncio.Event(), asyncio.Event()

    async def stubborn(turn: ClaimedTurn) -> TurnOutcome:
        begun.set()
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue
        return answered(turn)

    await turns.ask("t")
    queue = TurnQueue(turns, stubborn)
    await queue.open()
    await within(begun.wait())
    [work] = queue._running
    with caplog.at_level(logging.WARNING):
        await within(queue.close())
    assert "did not stop" in caplog.text
    over.set()
    await within(asyncio.wait([work]))


@requirement("H6")
async def test_what_a_killed_node_left_running_is_finished_once_at_the_next_start(
    turns: WatchedTurns, db: Database
) -> None:
    await turns.ask("t")
    assert await claim_one(turns)
    runs = []

    async def run(turn: ClaimedTurn) -> TurnOutcome:
        runs.append(turn.attempts)
        return answered(turn)

    told = Told()
    async with queue_of(turns, run, tell=told):
        assert (await turns.ended("t")).state is TurnState.SENT
    assert runs == [2]
    assert told.endings == [("t", Ending.RETRYING), ("t", Ending.ANSWERED)]
    assert len(await SessionStore(db).messages("s")) == 2


async def test_a_turn_stuck_without_its_worker_is_taken_back_while_the_node_runs(
    turns: WatchedTurns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "RECOVERY_EVERY_S", 0.01)
    monkeypatch.setattr(queue_module, "RECOVERY_STUCK_S", 0.0)
    gate = Gate()
    await turns.ask("t", "other")
    async with queue_of(turns, gate.run, running_max=1):
        await within(gate.begun.wait())
        await turns.ask("t")
        assert await claim_one(turns), "a worker takes it, and is never heard of again"
        gate.go.set()
        assert (await turns.ended("t")).attempts == 2


async def test_a_session_deleted_and_opened_again_waits_for_its_old_turn_to_end(
    turns: WatchedTurns, db: Database
) -> None:
    begun: asyncio.Queue[str] = asyncio.Queue()
    go = asyncio.Event()

    async def run(turn: ClaimedTurn) -> TurnOutcome:
        begun.put_nowait(turn.turn_id)
        await go.wait()
        return answered(turn)

    await turns.ask("old")
    async with queue_of(turns, run) as queue, asyncio.timeout(10):
        assert await begun.get() == "old"
        await SessionStore(db).delete("s")
        await turns.ask("new")
        queue.wake()
        await claimed(turns, "new")
        assert begun.empty()
        go.set()
        assert await begun.get() == "new"


async def claimed(turns: TurnStore, turn_id: str) -> None:
    while True:
        turn = await turns.get("s", turn_id)
        assert turn is not None
        if turn.state is TurnState.DISPATCHING:
            return


async def test_the_store_failing_once_does_not_stop_the_queue(
    turns: WatchedTurns, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate()
    gate.go.set()
    claim: Callable[[int], Awaitable[Claims]] = turns.claim
    failed = asyncio.Event()

    async def flaky(limit: int) -> Claims:
        if not failed.is_set():
            failed.set()
            raise OSError("disk full")
        return await claim(limit)

    monkeypatch.setattr(turns, "claim", flaky)
    async with queue_of(turns, gate.run) as queue:
        await within(failed.wait())
        await turns.ask("t")
        queue.wake()
        assert (await turns.ended("t")).state is TurnState.SENT
    assert "disk full" in caplog.text


@requirement("H11")
async def test_a_turn_that_will_not_stop_is_left_behind_and_the_next_one_runs(
    turns: WatchedTurns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "RELEASE_TIMEOUT_S", 0.05)
    begun, let_go = asyncio.Event(), asyncio.Event()

    async def run(turn: ClaimedTurn) -> TurnOutcome:
        if turn.turn_id == "stubborn":
            begun.set()
            while not let_go.is_set():
                try:
                    await let_go.wait()
                except asyncio.CancelledError:
                    pass  # as a tool that swallows it
        return answered(turn)

    await turns.ask("stubborn")
    await turns.ask("next")
    told = Told()
    async with queue_of(turns, run, tell=told) as queue:
        await within(begun.wait())
        assert [turn.turn_id for turn in await queue.release("s")] == ["stubborn"]
        assert (await turns.ended("next")).state is TurnState.SENT
        stubborn = await turns.get("s", "stubborn")
        assert stubborn is not None
        assert stubborn.state is TurnState.CANCELLED
        let_go.set()
    assert told.endings == [("stubborn", Ending.CANCELLED), ("next", Ending.ANSWERED)]
