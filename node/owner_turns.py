"""The owner's turns: from a message to its stored answer, whoever brought the message."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from uuid import uuid4

from agent.desk import TurnOutcome
from agent.events import Done, ErrorEvent, FocusedContext, Queued, TurnEvent
from agent.turn import Turn, run_turn
from node.approvals import Approvals
from node.choices import limits_of, mode_of, options_of, rules_of
from node.compaction import Compaction
from node.desks import OwnerDesk, told
from node.model_choice import ModelChoice
from node.past import told_before
from node.queue import Cancelled, TurnQueue
from node.relays import Relays
from node.settings import Settings
from node.store.turn import ClaimedTurn, Conclusion, Ending, NewTurn, Submitted
from node.store.turns import TurnStore
from node.streams import Streams
from node.telemetry import Telemetry
from tools.registry import Registry


class OwnerTurns:
    def __init__(
        self,
        *,
        turns: TurnStore,
        streams: Streams,
        approvals: Approvals,
        relays: Relays,
        settings: Settings,
        models: ModelChoice,
        registry: Registry,
        name: Callable[[], str],
        telemetry: Telemetry,
        compaction: Compaction,
    ) -> None:
        self.approvals = approvals
        self.relays = relays
        self.queue = TurnQueue(turns, self.run, tell=self.tell, running_max=settings.whole("chat.maxRunning"))
        self._turns = turns
        self._streams = streams
        self._settings = settings
        self._models = models
        self._registry = registry
        self._name = name
        self._telemetry = telemetry
        self._compaction = compaction
        self._endings: dict[tuple[str, str], asyncio.Future[TurnOutcome]] = {}

    async def submit(self, new: NewTurn) -> Submitted:
        """Store a message and let it wait for its turn; raises `QueueFull` or `TurnIdReused`."""
        submitted = await self._turns.submit(new)
        turn = submitted.turn
        if submitted.is_new:
            queued = Queued(
                turn_id=turn.turn_id, session_id=turn.session_id, position=submitted.ahead, prompt=turn.prompt
            )
            await self._streams.publish(turn.session_id, queued)
            self.queue.wake()
        return submitted

    async def ask(self, new: NewTurn) -> tuple[Submitted, TurnOutcome]:
        """Submit a message under a turn id of its own and wait for what it comes to, through every retry."""
        new = replace(new, session_id=new.session_id or uuid4().hex)
        key = (str(new.session_id), new.turn_id)
        ending = self._endings[key] = asyncio.get_running_loop().create_future()
        try:
            return await self.submit(new), await ending
        finally:
            del self._endings[key]

    async def run(self, claimed: ClaimedTurn) -> TurnOutcome:
        """Run one attempt of a stored turn; the queue calls this."""
        with self._telemetry.during(
            "client", "turn", "ask", claimed.session_id, received=claimed.prompt
        ) as call:
            await self._compaction.make_room(claimed, await self._models.current())
            outcome = await run_turn(self._desk_of(claimed), await self._turn_of(claimed))
            call.answered("cancelled" if outcome.cancelled else outcome.code if outcome.error else "answered")
            call.replied(outcome.text.encode())
            return outcome

    async def tell(self, claimed: ClaimedTurn, outcome: TurnOutcome, conclusion: Conclusion) -> None:
        """Tell an ending that no desk told: the turn could not begin, or a killed node left it behind."""
        for event in ending_events(claimed, outcome):
            if shown := told(event, conclusion):
                await self._streams.publish(claimed.session_id, shown)
        self._settle(claimed, outcome, conclusion)

    async def cancel(self, session_id: str, turn_id: str) -> bool:
        """Stop a turn, running or waiting; False when there is nothing to stop."""
        cancelled = await self.queue.cancel(session_id, turn_id)
        if cancelled is Cancelled.WITHDRAWN:
            done = Done(turn_id=turn_id, session_id=session_id, reason="cancelled")
            await self._streams.publish(session_id, done)
            self._answer_waiter(session_id, TurnOutcome(turn_id=turn_id, text="", cancelled=True))
        return cancelled is not Cancelled.NOT_FOUND

    async def _turn_of(self, claimed: ClaimedTurn) -> Turn:
        return Turn(
            turn_id=claimed.turn_id,
            session_id=claimed.session_id,
            prompt=claimed.prompt,
            history=told_before(await self._turns.history(claimed)),
            context=FocusedContext.model_validate(claimed.context) if claimed.context else None,
            mode=mode_of(claimed.mode, self._settings),
            rules=partial(rules_of, self._settings),
            tools=tuple(self._registry),
            groups=claimed.groups,
            model=await self._models.current(),
            options=options_of(self._settings),
            limits=limits_of(self._settings),
            node_name=self._name(),
            today=date.today(),  # noqa: DTZ011  the owner's own day
        )

    def _desk_of(self, claimed: ClaimedTurn) -> OwnerDesk:
        async def keep(outcome: TurnOutcome) -> Conclusion:
            conclusion = await self._turns.conclude(claimed, outcome)
            self._settle(claimed, outcome, conclusion)
            return conclusion

        return OwnerDesk(
            session_id=claimed.session_id,
            turn_id=claimed.turn_id,
            mode=mode_of(claimed.mode, self._settings),
            streams=self._streams,
            approvals=self.approvals,
            relays=self.relays,
            keep=keep,
            approval_timeout_s=self._settings.number("agent.approvalTimeoutS"),
            tool_timeout_s=self._settings.number("agent.toolTimeoutS"),
        )

    def _settle(self, claimed: ClaimedTurn, outcome: TurnOutcome, conclusion: Conclusion) -> None:
        if conclusion.ending not in {Ending.RETRYING, Ending.INTERRUPTED}:
            self._answer_waiter(claimed.session_id, outcome)

    def _answer_waiter(self, session_id: str, outcome: TurnOutcome) -> None:
        ending = self._endings.get((session_id, outcome.turn_id))
        if ending is not None and not ending.done():
            ending.set_result(outcome)


def ending_events(claimed: ClaimedTurn, outcome: TurnOutcome) -> list[TurnEvent]:
    turn_id, session_id = claimed.turn_id, claimed.session_id
    if outcome.cancelled:
        return [Done(turn_id=turn_id, session_id=session_id, reason="cancelled")]
    return [
        ErrorEvent(turn_id=turn_id, session_id=session_id, message=outcome.error or "", code=outcome.code),
        Done(turn_id=turn_id, session_id=session_id, reason="failed"),
    ]
