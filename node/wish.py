"""What the owner has said about models, and what stands for a choice that cannot be used."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from agent.models.base import Delta, ErrorKind, ModelError, ModelFacts, ModelRequest
from agent.models.find import Found

NOT_THERE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the owner has said about models; another wish is another look."""

    name: str | None
    address: str | None
    allow_remote: bool
    context: int | None = None
    """The window of a model that the node runs itself."""
    server: str = ""
    """How the server is that the node started; another state is another look."""

    @property
    def is_open(self) -> bool:
        """Nothing was said: the node may take what it finds, or work by rules."""
        return self.name is None and self.address is None


class MissingModel:
    """Stands for a choice that cannot be used: every round fails with the reason."""

    def __init__(self, wish: Wish, problem: ModelError) -> None:
        self._problem = problem
        name = wish.name or "any model"
        self.facts = ModelFacts(
            provider=NOT_THERE, name=name, label=f"{name} (not available)", address=wish.address or ""
        )

    async def stream(self, _: ModelRequest) -> AsyncGenerator[Delta, None]:
        raise self._problem
        yield  # makes this a generator

    async def close(self) -> None:
        pass


def problem_of(wish: Wish, found: Found) -> ModelError:
    """Say why the choice cannot be used; a server that answered tells more than those that did not."""
    told = [tried for tried in found.tried if tried.kind is not ErrorKind.UNREACHABLE] or list(found.tried)
    if wish.address is None and told[0].kind is ErrorKind.UNREACHABLE:
        text = f"no model server answers on this machine, so {wish.name!r} cannot be used"
        return ModelError(ErrorKind.UNREACHABLE, text)
    return ModelError(told[0].kind, told[0].text)
