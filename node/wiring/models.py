"""The models: those that the node runs, starts a server for, finds or borrows, and what it lends of them."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Protocol

from agent.models.rules import RulesModel
from node.borrowed import BorrowedModel
from node.channels.models import ModelsChannel, ServerStatus
from node.config import StartError
from node.engine import Engines
from node.lending import ModelLender
from node.model_choice import FOR_ALL_ELSE, ModelChoice, ModelChoices
from node.spawned import NoCommand, SpawnedServer
from node.store.lent import LentStore
from node.wiring.ground import Ground


class Peers(Protocol):
    """What the models want of the fabric."""

    def names(self) -> tuple[str, ...]:
        """Return the names of the peers that are connected now."""
        ...

    def borrow(self, name: str) -> BorrowedModel:
        """Return the model of `peer:NAME`; raises `ModelError` when that means no trusted peer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    channel: ModelsChannel
    server: SpawnedServer
    choices: ModelChoices
    lender: ModelLender

    @property
    def for_turns(self) -> ModelChoice:
        return self.choices.for_turns


def build_models(ground: Ground, *, peers: Callable[[], Peers], on_progress: Callable[[str], None]) -> Models:
    """Build them; `peers` is late, because the fabric answers and lends with the models."""
    settings, stack = ground.settings, ground.stack
    engines = Engines(ground.telemetry)
    stack.push_async_callback(engines.close)
    channel = ModelsChannel(ground.clients)
    server = SpawnedServer(
        command=lambda: settings.texts("models.spawn"),
        tell=partial(tell_of_server, channel, on_progress),
        changed=lambda: choices.look_afresh(),  # noqa: PLW0108  the choices come after their server
    )
    choices = open_choices(
        partial(
            ModelChoice,
            settings=settings,
            ollama_url=ground.config.ollama_url,
            wanted=ground.config.model,
            rules=lambda: RulesModel(lambda: tuple(ground.registry), lambda: peers().names()),
            engines=engines,
            server=server,
            recorder=ground.telemetry,
            borrow=lambda name: peers().borrow(name),
        ),
        stack,
    )
    stack.push_async_callback(server.close)
    lender = ModelLender(
        settings=settings, models=choices.for_turns, lent=LentStore(ground.state.db), today=date.today
    )
    return Models(channel=channel, server=server, choices=choices, lender=lender)


def tell_of_server(channel: ModelsChannel, on_progress: Callable[[str], None], status: ServerStatus) -> None:
    """Tell every client, and the terminal that the node was started in, how the model server is."""
    channel.tell(status)
    on_progress(f"the model server: {status.text}")


def open_choices(choice: Callable[..., ModelChoice], stack: AsyncExitStack) -> ModelChoices:
    """Return the choice of the turns' model and that of all else."""
    choices = ModelChoices(choice(), choice(keys=FOR_ALL_ELSE))
    stack.push_async_callback(choices.close)
    return choices


async def start_server(server: SpawnedServer) -> None:
    """Start the model server and wait until it serves; raises `StartError`."""
    try:
        await server.start()
    except NoCommand as error:
        raise StartError(str(error)) from None
    status = await server.settled()
    if status.state == "failed":
        raise StartError(f"the model server {status.text}")
