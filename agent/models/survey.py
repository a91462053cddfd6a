"""What answers at each address where a model server may be, for an owner who wants to choose."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from agent.models.base import ModelError, ModelFacts
from agent.models.find import (
    MODELS_LOOKED_AT,
    Server,
    base_address,
    identify,
    looked_at,
    models_of,
)
from agent.models.ollama_control import PROVIDER as OLLAMA
from agent.models.recorder import UNRECORDED, Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    address: str
    provider: str = ""
    """Empty where no model server answers."""
    models: tuple[ModelFacts, ...] = ()
    problem: str = ""

    @property
    def can_pull(self) -> bool:
        return self.provider == OLLAMA


async def survey(
    addresses: Sequence[str], *, allow_remote: bool = False, recorder: Recorder = UNRECORDED
) -> list[Surveyed]:
    """Ask all addresses at once, and return what they said in the order given."""
    asked = (surveyed(address, allow_remote=allow_remote, recorder=recorder) for address in addresses)
    return await asyncio.gather(*asked)


async def surveyed(address: str, *, allow_remote: bool = False, recorder: Recorder = UNRECORDED) -> Surveyed:
    """Find out what one address is and which models it has, with what they can do where it says so."""
    base = base_address(address)
    try:
        server = await identify(base, allow_remote=allow_remote, recorder=recorder)
    except ModelError as error:
        return Surveyed(address=base, problem=str(error))
    try:
        models = await _models(server, allow_remote=allow_remote, recorder=recorder)
    except ModelError as error:
        return Surveyed(address=base, provider=server.provider, problem=str(error))
    return Surveyed(address=base, provider=server.provider, models=models)


async def _models(server: Server, *, allow_remote: bool, recorder: Recorder) -> tuple[ModelFacts, ...]:
    models = await models_of(server, allow_remote=allow_remote, recorder=recorder)
    looks = (
        _look(facts, allow_remote=allow_remote, recorder=recorder) for facts in models[:MODELS_LOOKED_AT]
    )
    return (*await asyncio.gather(*looks), *models[MODELS_LOOKED_AT:])


async def _look(facts: ModelFacts, *, allow_remote: bool, recorder: Recorder) -> ModelFacts:
    """One model that cannot be looked at does not hide the others."""
    try:
        return await looked_at(facts, allow_remote=allow_remote, recorder=recorder)
    except ModelError:
        return facts
