"""What every part of the node stands on."""

from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from node.config import NodeConfig, machine_name
from node.settings import Settings
from node.state import State
from node.telemetry import Telemetry
from node.ws import Client
from tools.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    config: NodeConfig
    state: State
    stack: AsyncExitStack
    """Takes the parts down, in the opposite order of their building."""
    clients: Callable[[], Iterable[Client]]
    """The owner's clients that are here now. Late: the owner's door, which knows them, is built last."""
    registry: Registry
    telemetry: Telemetry

    @property
    def settings(self) -> Settings:
        return self.state.settings

    def name(self) -> str:
        """Return what the node is called now."""
        return self.config.name or self.settings.text("network.nodeName") or machine_name()


def lay_ground(
    config: NodeConfig, state: State, stack: AsyncExitStack, *, clients: Callable[[], Iterable[Client]]
) -> Ground:
    """Return it with no tool and no record yet."""
    return Ground(
        config=config,
        state=state,
        stack=stack,
        clients=clients,
        registry=Registry(),
        telemetry=Telemetry(lambda: state.settings.whole("telemetry.keep")),
    )
