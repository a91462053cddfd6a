"""The tools: those that the node owns, and those that its clients bring along."""

from collections.abc import Mapping, Sequence
from itertools import chain

from agent.toolbox import OwnerToolbox
from node.hyperparameters import hyperparameter_tools
from node.session_reader import StoredSessions
from node.shared.reader import FolderReader
from node.store.sessions import SessionStore
from node.wiring.fabric import Fabric
from node.wiring.ground import Ground
from tools.clock import clock_tools
from tools.notes import notes_tools
from tools.peers import peers_tools
from tools.peers_many import many_peers_tools
from tools.registry import Registry
from tools.sessions import sessions_tools
from tools.shared import shared_tools
from tools.spec import ToolSpec


def add_own_tools(ground: Ground, fabric: Fabric, sessions: SessionStore) -> None:
    """Register all that the node owns."""
    add_tools(
        ground.registry,
        peers_tools(fabric.directory),
        many_peers_tools(fabric.directory),
        sessions_tools(StoredSessions(sessions)),
        shared_tools(FolderReader(ground.state.shares)),
        notes_tools(ground.state.folder.notes),
        clock_tools(),
        hyperparameter_tools(ground.settings),
    )


def add_tools(registry: Registry, *families: Sequence[ToolSpec]) -> None:
    """Register the tools of these families, in this order."""
    for tool in chain(*families):
        registry.add(tool)


def all_tools(ground: Ground) -> Mapping[str, ToolSpec]:
    """Return the tools of the node and of the clients that are here now."""
    pushed = [tool for client in ground.clients() for tool in client.tools.values()]
    return OwnerToolbox(tuple(ground.registry), client_tools=lambda: pushed).catalogue()
