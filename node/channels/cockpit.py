"""The `cockpit` channel: pages that are open are asked to come to the front, and say what came of it."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import count
from typing import ClassVar, Literal, TypeAlias, get_args

from agent.events import Event
from node.router import Router
from node.ws import Client
from tools.layout import COCKPIT_TOOL

CHANNEL = "cockpit"
ANSWER_S = 1.0
"""A page that takes longer sleeps in the background."""

Came: TypeAlias = Literal["shown", "told", "hidden"]
"""The best first: it is on the screen; the system told the owner where it is; its browser keeps it back."""


class Front(Event):
    """Come to the front: the owner asked for the cockpit."""

    event: ClassVar[str] = "front"

    asked: int
    tell: bool
    """Whether a page that cannot come is to have the system tell its owner."""


class Fronted(Event):
    """What came of `front`."""

    event: ClassVar[str] = "fronted"

    asked: int
    came: Came


COCKPIT_CLIENT_EVENTS: tuple[type[Event], ...] = (Fronted,)
COCKPIT_NODE_EVENTS: tuple[type[Event], ...] = (Front,)


class CockpitChannel:
    def __init__(self, clients: Callable[[], Iterable[Client]]) -> None:
        self._clients = clients
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Queue[Came]] = {}

    def add_to(self, router: Router[Client]) -> None:
        router.on(CHANNEL, Fronted)(self.on_fronted)

    async def on_fronted(self, _: Client, fronted: Fronted) -> None:
        answers = self._answers.get(fronted.asked)
        if answers is not None and not answers.full():
            answers.put_nowait(fronted.came)

    async def to_front(self) -> Came | None:
        """Have one page come, or tell where it is; return the best that came of it, None without any page."""
        came = await self._ask(tell=False)
        return await self._ask(tell=True) if came == "hidden" else came

    async def _ask(self, *, tell: bool) -> Came | None:
        pages = [client for client in self._clients() if COCKPIT_TOOL in client.tools]
        number, answers = next(self._numbers), asyncio.Queue[Came](len(pages))
        self._answers[number] = answers
        for page in pages:
            page.show(CHANNEL, Front(asked=number, tell=tell))
        heard: list[Came] = []
        try:
            async with asyncio.timeout(ANSWER_S):
                while len(heard) < len(pages) and "shown" not in heard:
                    heard.append(await answers.get())
        except TimeoutError:
            pass  # those that did answer count
        finally:
            del self._answers[number]
        return next((came for came in get_args(Came) if came in heard), None)
