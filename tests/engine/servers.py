"""The same engine in its dialects, and nodes that use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.node.nodes import RunningNode, running_node


@dataclass(frozen=True, slots=True)
class Engine:
    """The running llama-server."""

    address: str

    async def busy_slots(self) -> int:
        """Ask the server itself how many replies it is generating."""
        async with (
            aiohttp.ClientSession(self.address) as http,
            http.get("/slots", headers={"Connection": "close"}) as answer,
        ):
            return sum(slot["is_processing"] for slot in await answer.json())


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    provider: str
    address: str

    def wire(self, name: str) -> str:
        """Return a tool's name as the model reads it, which is how a prompt has to say it."""
        return name if self.provider == "ollama" else name.replace(".", "_")


@asynccontextmanager
async def node_at(
    address: str, data: Path, *, name: str = "alice", **settings: object
) -> AsyncIterator[RunningNode]:
    """Run a node whose owner set the address of the model server, `models_url` in full."""
    chosen = {key.replace("_", "."): value for key, value in settings.items()}
    async with running_node(data, name=name, model=None, settings={"models.url": address, **chosen}) as node:
        yield node
