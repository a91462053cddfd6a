"""The owner's turns: from a message to its stored answer, whoever brought the message."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from uuid import uuid4
from weakref import WeakValueDictionary

from agent.desk import TurnOutcome
from agent.events import Done, ErrorEvent, FocusedContext, Status, TurnEvent
from agent.models.base import Model
from agent.turn import Turn, run_turn
from node.approvals import Approvals
from node.catalogue import Catalogue
from node.choices import limits_of, options_of
from node.compaction import Compaction
from node.desks import REJOIN_S, OwnerDesk, told
from node.learning import Learning
from node.model_choice import ModelChoice
from node.outcomes import ENDED, stored_outcome
from node.owed import owed_events, without_answer
from node.own_rounds import OwnRounds
from node.past import told_before
from node.permissions import OwnerPermissions
from node.places import Places
from node.queue import Cancelled, TurnQueue
from node.relays import Relays
from node.settings import Settings
from node.store.errors import MessageUnreadable, NotStored, StoreFull
from node.store.messages import StoredMessage
from node.store.turn import ClaimedTurn, Conclusion, Ending, NewTurn, Source, Submitted
from node.store.turn import Turn as StoredTurn
from node.store.turns import TurnStore
from node.streams import Streams
from node.telemetry import Telemetry

logger = logging.getLogger(__name__)


class OwnerTurns:
    def __init__(
        self,
        *,
        turns: TurnStore,
        streams: Streams,
        approvals: Approvals,
        permissions: OwnerPermissions,
        relays: Relays,
        settings: Settings,
        models: ModelChoice,
        catalogue: Catalogue,
        learning: Learning,
        name: Callable[[], str],
        telemetry: Telemetry,
        compaction: Compaction,
        own_rounds: OwnRounds,
        lineage: Callable[[float], object],
    ) -> None:
        self._own_rounds = own_rounds
        self.approvals = approvals
        self._permissions = permissions
        self.relays = relays
        self.queue = TurnQueue(turns, self.run, tell=self.tell, running_max=settings.whole("chat.maxRunning"))
        self._turns = turns
        self._streams = streams
        self._settings = settings
        self._models = models
        self._catalogue = catalogue
        self._learning = learning
        self._name = name
        self._telemetry = telemetry
        self._compaction = compaction
        self._lineage = lineage
        """Opens what the asks of one turn share, for a turn of so many seconds."""
        self.unwatched = asyncio.Event()
        """Set when a message comes in that nobody watches wait."""
        self._places = Places(turns, streams)
        # Whoever waits for a turn holds its future: two that sent the same hold the same.
        self._endings: WeakValueDictionary[tuple[str, str], asyncio.Future[TurnOutcome]] = (
            WeakValueDictionary()
        )
        self._unstored: set[tuple[str, str]] = set()
        """Turns whose end was told, but could not be stored yet."""
        self._announced: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def open(self) -> None:
        """Tell what a killed node could not tell any more, then start running turns."""
        for turn in await self._turns.owing():
            for event in await self._owed(turn):
                await self._streams.publish(turn.session_id, event)
        await self._places.open()
        await self.queue.open()

    async def _owed(self, turn: StoredTurn) -> list[TurnEvent]:
        logged = await self._streams.events_of(turn.session_id, turn.turn_id)
        try:
            answer = await self._turns.answer(turn)
        except MessageUnreadable as error:
            logger.warning("%s", error)
            turn, answer = without_answer(turn, str(error), logged), None
        return owed_events(turn, answer, logged)

    async def submit(self, new: NewTurn) -> Submitted:
        """Store a message and let it wait for its turn; raises `QueueFull` or `TurnIdReused`."""
        new = replace(new, session_id=new.session_id or uuid4().hex)
        async with self._announcing(str(new.session_id), new.turn_id):
            # Woken before, the queue claims the turn in the commit that stores it.
            self.queue.wake()
            submitted = await self._turns.submit(new)
            if submitted.is_new:
                await self._places.tell(submitted)
        if submitted.is_new and new.source is not Source.USER:
            self.unwatched.set()
        if submitted.is_new and new.priority:
            await self._places.retell(submitted.turn.session_id)
        return submitted

    async def change(
        self, session_id: str, turn_id: str, change: Callable[[], Awaitable[Submitted]]
    ) -> Submitted:
        """Change a turn that waits, or have an ended one wait again, and tell its place."""
        async with self._announcing(session_id, turn_id):
            submitted = await change()
            await self._places.tell(submitted)
            self.queue.wake()
        return submitted

    def _announcing(self, session_id: str, turn_id: str) -> asyncio.Lock:
        """Return the lock that is held until a stored turn's `queued` is out: nothing of it comes before."""
        return self._announced.setdefault((session_id, turn_id), asyncio.Lock())

    async def ask(self, new: NewTurn) -> tuple[Submitted, TurnOutcome]:
        """Submit a message and wait for what it comes to, through every retry; the same twice runs once."""
        new = replace(new, session_id=new.session_id or uuid4().hex)
        ending = self._endings.setdefault(
            (str(new.session_id), new.turn_id), asyncio.get_running_loop().create_future()
        )
        submitted = await self.submit(new)
        if submitted.turn.state in ENDED:
            return submitted, stored_outcome(submitted.turn, await self._turns.answer(submitted.turn))
        return submitted, await asyncio.shield(ending)

    async def run(self, claimed: ClaimedTurn) -> TurnOutcome:
        """Run one attempt of a stored turn; the queue calls this."""
        async with self._announcing(claimed.session_id, claimed.turn_id):
            self._places.left(claimed.session_id, claimed.turn_id)
        if runs_again(claimed):
            # Its clients lost their sockets with the node; with them come their tools.
            await self._streams.followed(claimed.session_id, REJOIN_S)
        with self._telemetry.during(
            "client", "turn", "ask", claimed.session_id, received=claimed.prompt
        ) as call:
            past = await self._turns.history(claimed)
            if await self._compaction.make_room(claimed, past, await self._model_of(claimed)):
                past = await self._turns.history(claimed)
            outcome = await run_turn(self._desk_of(claimed), await self._turn_of(claimed, past))
            call.answered("cancelled" if outcome.cancelled else outcome.code if outcome.error else "answered")
            call.replied(outcome.text.encode())
            self._catalogue.last_shown = outcome.shown
            await self._learning.after(claimed, outcome)
            await self._places.retell(claimed.session_id)
            return outcome

    async def tell(self, claimed: ClaimedTurn, outcome: TurnOutcome, conclusion: Conclusion) -> None:
        """Tell an ending that no desk told: the turn could not begin, or a killed node left it behind."""
        key = (claimed.session_id, claimed.turn_id)
        if key in self._unstored:
            self._unstored.discard(key)
            return
        for event in ending_events(claimed, outcome):
            if shown := told(event, conclusion):
                await self._streams.publish(claimed.session_id, shown)
        self._settle(claimed, outcome, conclusion)
        await self._places.retell(claimed.session_id)

    async def cancel(self, session_id: str, turn_id: str) -> bool:
        """Stop a turn, running or waiting; False when there is nothing to stop."""
        async with self._announcing(session_id, turn_id):
            cancelled = await self.queue.cancel(session_id, turn_id)
        if cancelled is Cancelled.WITHDRAWN:
            await self.left(session_id, TurnOutcome(turn_id=turn_id, text="", cancelled=True))
        return cancelled is not Cancelled.NOT_FOUND

    async def left(self, session_id: str, outcome: TurnOutcome) -> None:
        """Tell that a turn left the queue before it ran, and why when it was not by its asker's will."""
        turn_id = outcome.turn_id
        self._places.left(session_id, turn_id)
        if outcome.error is not None:
            status = Status(turn_id=turn_id, session_id=session_id, text=outcome.error)
            await self._streams.publish(session_id, status)
        done = Done(turn_id=turn_id, session_id=session_id, reason="cancelled")
        await self._streams.publish(session_id, done)
        self._answer_waiter(session_id, outcome)
        await self._places.retell(session_id)

    async def _turn_of(self, claimed: ClaimedTurn, past: Sequence[StoredMessage]) -> Turn:
        limits = limits_of(self._settings)
        return Turn(
            turn_id=claimed.turn_id,
            session_id=claimed.session_id,
            prompt=claimed.prompt,
            history=told_before(past),
            context=FocusedContext.model_validate(claimed.context) if claimed.context else None,
            mode=self._permissions.mode(claimed.mode, claimed.session_id),
            rules=partial(self._permissions.rules, claimed.session_id),
            places=self._permissions.places(),
            tools=self._catalogue.own(),
            groups=claimed.groups,
            finder=self._catalogue.finder,
            model=self._own_rounds.counted(await self._model_of(claimed)),
            options=options_of(self._settings),
            limits=limits,
            origin=self._lineage(limits.total_s),
            node_name=self._name(),
            today=date.today(),  # noqa: DTZ011  the owner's own day
            log=await self._turns.calls(claimed),
        )

    async def _model_of(self, claimed: ClaimedTurn) -> Model:
        """Return the model of a turn, and tell its clients when that takes a slow server's time."""

        async def say(text: str) -> None:
            status = Status(turn_id=claimed.turn_id, session_id=claimed.session_id, text=text)
            await self._streams.publish(claimed.session_id, status)

        return await self._models.current(say)

    def _desk_of(self, claimed: ClaimedTurn) -> OwnerDesk:
        async def keep(outcome: TurnOutcome) -> Conclusion:
            try:
                conclusion = await self._turns.conclude(claimed, outcome)
            except StoreFull as error:
                self._unstored.add((claimed.session_id, claimed.turn_id))
                failed = replace(outcome, error=str(error), code=error.code)
                self._answer_waiter(claimed.session_id, failed)
                raise NotStored(str(error)) from error
            self._settle(claimed, outcome, conclusion)
            return conclusion

        return OwnerDesk(
            session_id=claimed.session_id,
            turn_id=claimed.turn_id,
            mode=self._permissions.mode(claimed.mode, claimed.session_id),
            streams=self._streams,
            approvals=self.approvals,
            permissions=self._permissions,
            relays=self.relays,
            keep=keep,
            approval_timeout_s=self._settings.number("agent.approvalTimeoutS"),
            tool_timeout_s=self._settings.number("agent.toolTimeoutS"),
            waits_for_clients=runs_again(claimed),
        )

    def _settle(self, claimed: ClaimedTurn, outcome: TurnOutcome, conclusion: Conclusion) -> None:
        if conclusion.ending not in {Ending.RETRYING, Ending.INTERRUPTED}:
            self._answer_waiter(claimed.session_id, outcome)

    def _answer_waiter(self, session_id: str, outcome: TurnOutcome) -> None:
        ending = self._endings.get((session_id, outcome.turn_id))
        if ending is not None and not ending.done():
            ending.set_result(outcome)


def runs_again(claimed: ClaimedTurn) -> bool:
    """Whether this attempt goes on with what a person began to watch."""
    return claimed.attempts > 1 and claimed.source is Source.USER


def ending_events(claimed: ClaimedTurn, outcome: TurnOutcome) -> list[TurnEvent]:
    turn_id, session_id = claimed.turn_id, claimed.session_id
    if outcome.cancelled:
        return [Done(turn_id=turn_id, session_id=session_id, reason="cancelled")]
    return [
        ErrorEvent(turn_id=turn_id, session_id=session_id, message=outcome.error or "", code=outcome.code),
        Done(turn_id=turn_id, session_id=session_id, reason="failed"),
    ]
