"""Which model servers answer on this machine, what they are, and which of their models a node takes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from agent.models import catalogue, failure
from agent.models.base import ErrorKind, Model, ModelError, ModelFacts, NotInTime
from agent.models.http import ModelServer
from agent.models.ollama import OllamaModel
from agent.models.ollama_control import PROVIDER as OLLAMA
from agent.models.ollama_control import OllamaControl, is_listing, is_same
from agent.models.openai import OpenAIModel
from agent.models.recorder import UNRECORDED, Recorder
from agent.models.wire import text_of

OLLAMA_ADDRESS = "http://127.0.0.1:11434"
OTHER_ADDRESSES = (
    "http://127.0.0.1:1234",  # LM Studio
    "http://127.0.0.1:8001",  # vLLM, where it leaves 8000 to others
    "http://127.0.0.1:8000",  # vLLM
    "http://127.0.0.1:8080",  # llama-server
)
DEFAULT_OLLAMA_MODEL = "gemma4:e2b"
PROBE_TIMEOUT_S = 2.0
"""For finding out what listens at one address. All are asked at once, and none waits for those after it."""
MODELS_LOOKED_AT = 20
"""Most models of one Ollama server that are asked what they can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    provider: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Why an address did not give a model."""

    address: str
    kind: ErrorKind
    text: str
    provider: str = ""
    """What answered there, where that much is known."""
    is_slow: bool = False
    """Something is there and did not answer in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    model: Model | None
    tried: tuple[Tried, ...]
    """The addresses before the model's, in order of preference; all of them without a model."""


def default_addresses(ollama: str | None = None) -> tuple[str, ...]:
    """Return where servers are looked for, in order of preference."""
    return (ollama or OLLAMA_ADDRESS, *OTHER_ADDRESSES)


async def find_model(
    addresses: Sequence[str],
    wanted: str | None = None,
    *,
    allow_remote: bool = False,
    recorder: Recorder = UNRECORDED,
    limit_s: float | None = None,
) -> Found:
    """Return the wanted model, or the one a node picks itself, of the first server that has it.

    That is Ollama's default model where it is installed, else a server's first that can call tools.
    `limit_s` is for finding out what listens at an address; None is a moment.
    """
    tried: list[Tried] = []
    async with _probing(addresses, allow_remote=allow_remote, recorder=recorder, limit_s=limit_s) as probes:
        for probe in probes:
            probed = await probe
            if isinstance(probed, Tried):
                tried.append(probed)
                continue
            try:
                facts = await _pick(probed, wanted, allow_remote=allow_remote, recorder=recorder)
            except ModelError as error:
                tried.append(_tried(probed.address, error, provider=probed.provider))
                continue
            model = open_model(facts, allow_remote=allow_remote, recorder=recorder)
            return Found(model=model, tried=tuple(tried))
    return Found(model=None, tried=tuple(tried))


async def identify(
    address: str,
    *,
    allow_remote: bool = False,
    recorder: Recorder = UNRECORDED,
    limit_s: float | None = None,
) -> Server:
    """Find out which server listens at an address, within a moment if not told otherwise.

    Raises `ModelError`, and of these `NotInTime` for what is there and too slow.
    """
    base, limit_s = base_address(address), PROBE_TIMEOUT_S if limit_s is None else limit_s
    server = ModelServer(base, "a model server", allow_remote=allow_remote, recorder=recorder)
    try:
        async with asyncio.timeout(limit_s):
            return Server(provider=await _provider(server, limit_s), address=base)
    except TimeoutError as error:
        raise failure.not_in_time(str(server)) from error
    finally:
        await server.close()


async def models_of(
    server: Server, *, allow_remote: bool = False, recorder: Recorder = UNRECORDED
) -> tuple[ModelFacts, ...]:
    """List a server's models, in its own order; raises `ModelError`."""
    if server.provider == OLLAMA:
        names = await OllamaControl(server.address, allow_remote=allow_remote, recorder=recorder).names()
        return tuple(OllamaModel(server.address, name, allow_remote=allow_remote).facts for name in names)
    label = catalogue.LABELS[server.provider]
    http = ModelServer(server.address, label, allow_remote=allow_remote, recorder=recorder)
    try:
        if server.provider == "lmstudio":
            return catalogue.lmstudio_models(server.address, await http.get("/api/v1/models"))
        properties = await _properties(http) if server.provider == "llama-server" else None
        return catalogue.openai_models(server.address, await http.get("/v1/models"), properties)
    finally:
        await http.close()


def open_model(facts: ModelFacts, *, allow_remote: bool = False, recorder: Recorder = UNRECORDED) -> Model:
    """Return the model that these facts describe; raises `ModelError` for an address that is not allowed."""
    if facts.provider == OLLAMA:
        return OllamaModel(
            facts.address, facts.name, facts=facts, allow_remote=allow_remote, recorder=recorder
        )
    return OpenAIModel(facts, allow_remote=allow_remote, recorder=recorder)


def base_address(text: str) -> str:
    """Return an address as a person types it with a scheme, and without the `/v1` that some tools want."""
    address = text.strip().rstrip("/")
    address = address if "://" in address else f"http://{address}"
    return address.removesuffix("/v1").rstrip("/")


@asynccontextmanager
async def _probing(
    addresses: Sequence[str], *, allow_remote: bool, recorder: Recorder, limit_s: float | None
) -> AsyncIterator[Sequence[asyncio.Task[Server | Tried]]]:
    """Ask every address at once; who is still waited for at the end of the block is asked no more."""
    probes = [
        asyncio.create_task(_probe(address, allow_remote=allow_remote, recorder=recorder, limit_s=limit_s))
        for address in addresses
    ]
    try:
        yield probes
    finally:
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)


async def _probe(
    address: str, *, allow_remote: bool, recorder: Recorder, limit_s: float | None
) -> Server | Tried:
    try:
        return await identify(address, allow_remote=allow_remote, recorder=recorder, limit_s=limit_s)
    except ModelError as error:
        return _tried(base_address(address), error)


def _tried(address: str, error: ModelError, *, provider: str = "") -> Tried:
    return Tried(
        address=address,
        kind=error.kind,
        text=str(error),
        provider=provider,
        is_slow=isinstance(error, NotInTime),
    )


async def _provider(server: ModelServer, limit_s: float) -> str:
    """Ask in an order in which each server answers only to its own question."""
    version = await _answer(server, "/api/version", limit_s)
    if isinstance(version, dict) and text_of(version.get("version")):
        return OLLAMA
    if catalogue.is_lmstudio(await _answer(server, "/api/v1/models", limit_s)):
        return "lmstudio"
    try:
        listing = await server.get("/v1/models", limit_s)
    except ModelError:
        # Only now: llama-server answers to this one, too.
        if is_listing(await _answer(server, "/api/tags", limit_s)):
            return OLLAMA
        raise
    if not isinstance(listing, dict) or not isinstance(listing.get("data"), list):
        raise ModelError(
            ErrorKind.REFUSED, f"What answers at {server.address} is no model server known here."
        )
    return catalogue.provider_of(listing)


async def _answer(server: ModelServer, path: str, limit_s: float) -> object:
    """Return what the server says, or None where it does not know the path; raises `NotInTime`."""
    try:
        return await server.get(path, limit_s)
    except NotInTime:
        raise  # it may know the path: it would be taken for a server of another kind
    except ModelError:
        return None


async def _properties(server: ModelServer) -> object:
    """Return what a llama-server says of itself; without it, its window is unknown."""
    try:
        return await server.get("/props")
    except ModelError:
        return None


async def _pick(server: Server, wanted: str | None, *, allow_remote: bool, recorder: Recorder) -> ModelFacts:
    models = await models_of(server, allow_remote=allow_remote, recorder=recorder)
    if not models:
        raise ModelError(ErrorKind.NO_MODEL, f"There is no model at {server.address} yet. Pull one first.")
    preferred = wanted or (DEFAULT_OLLAMA_MODEL if server.provider == OLLAMA else None)
    named = next((facts for facts in models if preferred and is_same(preferred, facts.name)), None)
    if wanted and named is None:
        raise ModelError(ErrorKind.NO_MODEL, f"There is no {wanted!r} at {server.address}.")
    for facts in [named] if named else models[:MODELS_LOOKED_AT]:
        known = await looked_at(facts, allow_remote=allow_remote, recorder=recorder)
        if named or known.calls_tools is not False:
            return known
    raise ModelError(ErrorKind.NO_MODEL, f"No model at {server.address} can call tools.")


async def looked_at(
    facts: ModelFacts, *, allow_remote: bool = False, recorder: Recorder = UNRECORDED
) -> ModelFacts:
    """Ask an Ollama server what a model can do; the others say it in their listing. Raises `ModelError`."""
    if facts.provider != OLLAMA:
        return facts
    control = OllamaControl(facts.address, allow_remote=allow_remote, recorder=recorder)
    return await control.facts(facts.name)
