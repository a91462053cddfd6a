"""Which model a node works with: the owner's choice, else the first that a server offers, else rules."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from agent.models import failure
from agent.models.base import ErrorKind, Model, ModelError, ModelFacts, NotInTime
from agent.models.catalogue import LABELS
from agent.models.find import Found, Tried, base_address, default_addresses, find_model
from agent.models.listening import listening
from agent.models.ollama_control import LABEL as OLLAMA_LABEL
from agent.models.ollama_control import PROVIDER as OLLAMA
from agent.models.recorder import UNRECORDED, Recorder
from node.borrowed import PREFIX as PEER
from node.borrowed import PROVIDER as BORROWED
from node.borrowed import REMEDY as BORROWED_REMEDY
from node.borrowed import BorrowedModel
from node.engine import EngineModel, Engines
from node.engine_file import PREFIX
from node.health import Readiness, readiness, unresolved
from node.settings import Settings
from node.spawned import SpawnedServer
from node.watched import WatchedModel
from node.wish import NOT_THERE, MissingModel, Wish, problem_of

RULES = "rules"
NO_OWN = frozenset({RULES, BORROWED, NOT_THERE})
"""Providers of what is no model of this node's own: a borrowed one is for the owner, and never lent on."""
SERVERS = {OLLAMA: OLLAMA_LABEL, **LABELS}
"""The providers that are servers at an address."""
LOOK_BRIEFLY_S = 2.5
"""A server answers sooner, if it does; loading a model file takes longer."""
CHECK_AGAIN_S = 1.0
"""How old the last check may be that another one is answered with."""
LOOK_AGAIN_S = 15.0
"""How old a fruitless look for a server may be when the next turn starts."""
WAIT_FOR_SLOW_S = 15.0
"""How long a server may take to say what it is, where nothing else has a model meanwhile."""

Say: TypeAlias = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A look that goes on at what took the connection and did not answer in a moment."""

    text: str
    look: asyncio.Task[None]


FOR_TURNS = ("agent.orchestrator.model", "models.default")
FOR_ALL_ELSE = ("models.default",)
"""The settings that name a model, the first that is not blank wins."""


class ModelChoice:
    def __init__(
        self,
        *,
        settings: Settings,
        ollama_url: str,
        wanted: str | None,
        rules: Callable[[], Model],
        engines: Engines,
        server: SpawnedServer,
        keys: Sequence[str] = FOR_TURNS,
        recorder: Recorder = UNRECORDED,
        borrow: Callable[[str], BorrowedModel],
    ) -> None:
        self.on_change: Callable[[], None] = lambda: None
        """Called when another model was taken."""
        self._borrow = borrow
        self._settings = settings
        self._keys = keys
        self._ollama_url = ollama_url
        self._wanted = wanted
        self._rules = rules
        self._engines = engines
        self._server = server
        self._recorder = recorder
        self._model: Model | None = None
        self._problem: ModelError | None = None
        self._refused = ""
        """Why an address of the last look was not even asked."""
        self._wish: Wish | None = None
        self._looked_at = self._checked_at = 0.0
        self._listening: frozenset[str] = frozenset()
        """Where something took connections when it was last checked."""
        self._waiting: Waiting | None = None
        self._given_up: set[str] = set()
        """Where something listens that did not even say what it is when it was waited for."""
        self._looking = asyncio.Lock()
        self._opened: list[Model] = []
        """Kept until the end: a turn may still be using a model that is no longer the choice."""

    async def current(self, say: Say | None = None) -> Model:
        """Return the model for a turn that starts now: where the choice is not there, one that says why.

        `say` is told when a slow server is waited for.
        """
        if self._server.is_choice:
            await self._server.settled()
        await self.look()
        while (waiting := self._waiting) is not None:
            if say is not None:
                await say(waiting.text)
            await asyncio.wait([waiting.look])
        assert self._model is not None
        return self._model

    async def look(self, *, afresh: bool = False) -> None:
        """Find the model, unless the last look still holds."""
        async with self._looking:
            wish = self._wished()
            if afresh or self._is_stale(wish):
                await self._look(wish)

    async def check(self) -> None:
        """See whether the model's server takes connections, and whether another one came; `readiness` tells.

        Nothing is asked of a server that is there, so that it costs a busy one nothing.
        """
        async with self._looking:
            if self._wish is not None and time.monotonic() - self._checked_at > CHECK_AGAIN_S:
                await self._check(self._wish)
                self._checked_at = time.monotonic()

    def follow_settings(self) -> None:
        """Let the settings decide from now on, whatever the node was started with."""
        self._wanted = None

    def addresses(self) -> tuple[str, ...]:
        """Return where a model server may be, in order of preference, each once."""
        chosen = (self._server.address, self._settings.text("models.url"))
        return tuple(dict.fromkeys((*filter(None, chosen), *default_addresses(self._ollama_url))))

    @property
    def facts(self) -> ModelFacts | None:
        return self._model.facts if self._model else None

    def readiness(self) -> Readiness:
        if self._server.is_choice and self._server.status.state == "starting":
            return unresolved(f"the model server starts: {self._server.status.text}")
        if self._waiting is not None:
            return unresolved(self._waiting.text)
        model = self._model
        problem = model.problem if isinstance(model, EngineModel | BorrowedModel) else self._problem
        chosen = bool(self._wish and not self._wish.is_open)
        remedy = BORROWED_REMEDY if isinstance(model, BorrowedModel) else ""
        return readiness(self.facts, problem, chosen=chosen, refused=self._refused, remedy=remedy)

    async def close(self) -> None:
        if (waiting := self._waiting) is not None:
            self._wait_no_longer()
            await asyncio.wait([waiting.look])
        for model in self._opened:
            await model.close()

    def _wished(self) -> Wish:
        name = self._wanted or next(filter(None, map(self._settings.text, self._keys)), None)
        runs_here = name is not None and name.startswith(PREFIX)
        return Wish(
            name=name,
            address=(self._server.is_choice and self._server.address)
            or self._settings.text("models.url")
            or None,
            server=self._server.status.state,
            allow_remote=self._settings.flag("models.allowRemote"),
            context=self._settings.whole_or_none("agent.orchestrator.contextSize") if runs_here else None,
        )

    def _is_stale(self, wish: Wish) -> bool:
        if wish != self._wish:
            return True
        if self._waiting is not None:
            return False
        is_makeshift = self._problem is not None or (
            wish.is_open and self.facts and self.facts.provider == RULES
        )
        return bool(is_makeshift) and time.monotonic() - self._looked_at > LOOK_AGAIN_S

    async def _check(self, wish: Wish) -> None:
        if self._waiting is not None:
            return
        facts = self.facts
        if facts is not None and facts.provider in SERVERS:
            is_there = await listening([facts.address])
            self._problem = None if is_there else gone(facts)
        elif self._problem is not None or wish.is_open:
            before, self._listening = self._listening, await listening(self._candidates(wish))
            # What is there and was too slow gives no sign when it is quick again.
            is_due = isinstance(self._problem, NotInTime) and self._is_stale(wish)
            if self._listening - before or is_due:
                await self._look(wish)

    def _candidates(self, wish: Wish) -> tuple[str, ...]:
        return (wish.address,) if wish.address else default_addresses(self._ollama_url)

    async def _look(self, wish: Wish) -> None:
        self._wait_no_longer()
        is_same = wish == self._wish
        self._wish, self._problem = wish, None
        if wish.name == RULES:
            await self._take(self._rules())
        elif wish.name and wish.name.startswith(PREFIX):
            await self._run_here(wish, wish.name)
        elif wish.name and wish.name.startswith(PEER):
            await self._borrow_from(wish, wish.name)
        else:
            found = await find_model(
                self._candidates(wish), wish.name, allow_remote=wish.allow_remote, recorder=self._recorder
            )
            await self._settle(wish, found, is_same=is_same)
            self._wait_for_slow(wish, found)
        self._looked_at = time.monotonic()

    async def _run_here(self, wish: Wish, name: str) -> None:
        try:
            await self._take(await self._engines.open(name, wish.context))
        except ModelError as error:
            self._problem = error
            await self._take(MissingModel(wish, error))

    async def _borrow_from(self, wish: Wish, name: str) -> None:
        try:
            await self._take(self._borrow(name))
        except ModelError as error:
            self._problem = error
            await self._take(MissingModel(wish, error))

    async def _settle(self, wish: Wish, found: Found, *, is_same: bool) -> None:
        self._refused = next((tried.text for tried in found.tried if tried.kind is ErrorKind.NOT_LOCAL), "")
        facts = self.facts
        if found.model is None and is_same and facts is not None and facts.provider in SERVERS:
            # Its server may come back; until then a turn says what is wrong, rather than go by rules unasked.
            self._problem = gone(facts)
        elif found.model is None and not wish.is_open:
            self._problem = (self._server.is_choice and self._server.problem) or problem_of(wish, found)
            await self._take(MissingModel(wish, self._problem))
        else:
            await self._take(self._watched(found.model) if found.model else self._rules())

    def _wait_for_slow(self, wish: Wish, found: Found) -> None:
        """Go on looking where something is slow, if nothing else was found: it may be the server."""
        slow = [tried.address for tried in found.tried if tried.is_slow]
        self._given_up.intersection_update(slow)
        awaited = [address for address in slow if address not in self._given_up]
        if awaited and self.facts is not None and self.facts.provider in {RULES, NOT_THERE}:
            text = f"waiting for what listens at {awaited[0]}, which is slow to answer"
            look = asyncio.create_task(self._look_on(wish, awaited), name="wait for a slow server")
            self._waiting = Waiting(text=text, look=look)

    async def _look_on(self, wish: Wish, addresses: Sequence[str]) -> None:
        try:
            found = await find_model(
                addresses,
                wish.name,
                allow_remote=wish.allow_remote,
                recorder=self._recorder,
                limit_s=WAIT_FOR_SLOW_S,
            )
            async with self._looking:
                await self._settle_slow(wish, found)
        finally:
            if self._waiting is not None and self._waiting.look is asyncio.current_task():
                self._waiting = None

    async def _settle_slow(self, wish: Wish, found: Found) -> None:
        slow = [tried for tried in found.tried if tried.is_slow]
        servers = [tried for tried in slow if self._is_a_server(wish, tried)]
        if found.model is not None:
            self._problem = None
            await self._take(self._watched(found.model))
        elif servers and wish.is_open:
            # As with a server that is gone: a turn says what is wrong, rather than go by rules unasked.
            self._problem = NotInTime(servers[0].text)
            await self._take(MissingModel(wish, self._problem))
        self._given_up.update(tried.address for tried in slow if tried not in servers)
        there = {tried.address for tried in slow}
        self._listening |= {each for each in self._candidates(wish) if base_address(each) in there}
        self._looked_at = time.monotonic()

    def _is_a_server(self, wish: Wish, tried: Tried) -> bool:
        """Whether a model server is known, or said, to be where none answered in time."""
        said = wish.address or default_addresses(self._ollama_url)[0]
        return bool(tried.provider) or tried.address == base_address(said)

    def _wait_no_longer(self) -> None:
        if self._waiting is not None:
            self._waiting.look.cancel()
            self._waiting = None

    def _watched(self, model: Model) -> Model:
        """Return the model so that a turn which cannot reach it counts at once, not with the next check."""

        def failed(problem: ModelError) -> None:
            if self._model is watched:
                self._problem, self._checked_at = problem, -math.inf

        watched = WatchedModel(model, failed)
        return watched

    async def _take(self, model: Model) -> None:
        before, self._model = self._model, model
        if isinstance(before, EngineModel):
            await self._engines.leave(before)
        if not isinstance(model, EngineModel):
            self._opened.append(model)
        self.on_change()


@dataclass(frozen=True, slots=True)
class ModelChoices:
    """The model of the agent's turns, and that of all else."""

    for_turns: ModelChoice
    for_all_else: ModelChoice
    _looks: set[asyncio.Task[None]] = field(default_factory=set)

    async def look(self) -> None:
        """Find both, unless the last looks still hold; a look that takes longer goes on beside its caller."""
        await self._briefly(self._look())

    async def check(self) -> None:
        """See whether the model of the turns can still be reached, as briefly as `look`."""
        await self._briefly(self.for_turns.check())

    async def _briefly(self, work: Coroutine[None, None, None]) -> None:
        look = asyncio.create_task(work, name="look for a model")
        self._looks.add(look)
        look.add_done_callback(self._looks.discard)
        await asyncio.wait([look], timeout=LOOK_BRIEFLY_S)

    async def _look(self) -> None:
        await self.for_turns.look()
        await self.for_all_else.look()

    async def close(self) -> None:
        for look in tuple(self._looks):
            look.cancel()
        await asyncio.gather(*self._looks, return_exceptions=True)
        await self.for_turns.close()
        await self.for_all_else.close()

    async def look_afresh(self) -> None:
        """Find both again: a server or a model has come or gone."""
        await self.for_turns.look(afresh=True)
        await self.for_all_else.look(afresh=True)

    async def follow_settings(self) -> None:
        """Have a choice that was just made take effect, whatever the node was started with."""
        for choice in (self.for_turns, self.for_all_else):
            choice.follow_settings()
        await self.look_afresh()


def gone(facts: ModelFacts) -> ModelError:
    return failure.nothing_answers(facts.address, SERVERS[facts.provider])
