"""Everything about an Ollama server but chat: which models it has, what they can do, and pulling more.

Goes through the `ollama` package, imported with the first call that needs it; its many exceptions become
`ModelError`. The listing is read here, because the package knows no model that is listed by `name` alone.
"""

import asyncio
import importlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from agent.models import failure
from agent.models.base import ErrorKind, ModelError, ModelFacts
from agent.models.http import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, ModelServer
from agent.models.local import refusal
from agent.models.recorder import UNRECORDED, Recorder
from agent.models.wire import count_of, text_of

if TYPE_CHECKING:
    import httpx
    import ollama

PROVIDER = "ollama"
LABEL = "Ollama"
PULL_STALL_S = 600.0
"""A pull says nothing while it checks a large file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullProgress:
    status: str
    total: int | None = None
    completed: int | None = None


class OllamaControl:
    def __init__(self, address: str, *, allow_remote: bool = False, recorder: Recorder = UNRECORDED) -> None:
        refused = refusal(address, allow_remote)
        if refused is not None:
            raise ModelError(ErrorKind.NOT_LOCAL, refused)
        self.address = address.rstrip("/")
        self._allow_remote = allow_remote
        self._recorder = recorder

    async def names(self) -> list[str]:
        """Return the installed models, newest first; raises `ModelError`."""
        server = ModelServer(self.address, LABEL, allow_remote=self._allow_remote, recorder=self._recorder)
        try:
            listing = await server.get("/api/tags")
        finally:
            await server.close()
        if not is_listing(listing):
            raise not_ollama(str(server))
        return listed_names(listing)

    async def facts(self, name: str) -> ModelFacts:
        """Return what the server says of one model; raises `ModelError`."""
        async with self._client() as client:
            capabilities = await _capabilities(client, name)
            loaded = await _loaded_window(client, name)
        return ModelFacts(
            provider=PROVIDER,
            name=name,
            label=f"{name} on {LABEL}",
            address=self.address,
            # Not the most that the model could have, which `show` tells: that is never what is loaded.
            context_window=loaded,
            calls_tools=None if capabilities is None else "tools" in capabilities,
            thinks=None if capabilities is None else "thinking" in capabilities,
        )

    async def pull(self, name: str) -> AsyncGenerator[PullProgress, None]:
        """Fetch a model and tell how far it is; raises `ModelError`."""
        async with self._client(PULL_STALL_S) as client:
            async for part in await client.pull(name, stream=True):
                yield PullProgress(status=part.status or "", total=part.total, completed=part.completed)

    @asynccontextmanager
    async def _client(self, read_s: float = READ_TIMEOUT_S) -> AsyncIterator["ollama.AsyncClient"]:
        await asyncio.to_thread(importlib.import_module, "ollama")  # 0.3 s that the loop should not wait
        import httpx  # noqa: PLC0415 - heavy, and already imported by the line above
        import ollama  # noqa: PLC0415 - the same

        from agent.models.recorded_transport import RecordingTransport  # noqa: PLC0415 - imports httpx

        client = ollama.AsyncClient(
            self.address,
            timeout=httpx.Timeout(read_s, connect=CONNECT_TIMEOUT_S),
            trust_env=False,
            follow_redirects=False,
            transport=RecordingTransport(self._recorder, verify=self.address.startswith("https:")),
            # The package adds OLLAMA_API_KEY to whatever host it is given.
            event_hooks={"request": [_without_key]},
        )
        server = f"{LABEL} at {self.address}"
        try:
            async with client:
                yield client
        except ollama.ResponseError as error:
            if error.status_code < 0:
                raise failure.stream_failure(server, error.error) from error
            raise failure.failure(server, error.status_code, error.error) from error
        except httpx.TimeoutException as error:
            raise failure.not_in_time(server) from error
        except (ConnectionError, httpx.ConnectError) as error:
            raise failure.nothing_answers(self.address, LABEL) from error
        except httpx.HTTPError as error:
            raise failure.cut_short(server) from error
        except (ValueError, TypeError, AttributeError) as error:  # what the package makes of foreign JSON
            raise not_ollama(server) from error


async def _capabilities(client: "ollama.AsyncClient", name: str) -> list[str] | None:
    """Return what a model can do; of an answer without `model_info` the package reads nothing."""
    import ollama  # noqa: PLC0415 - heavy, and imported by whoever made the client

    try:
        shown = await client.show(name)
    except ValueError:
        return None
    except ollama.ResponseError as error:
        if _is_unknown_request(error):
            return None
        raise
    return None if shown.capabilities is None else list(shown.capabilities)


async def _loaded_window(client: "ollama.AsyncClient", name: str) -> int | None:
    import ollama  # noqa: PLC0415 - the same

    try:
        running = await client.ps()
    except ollama.ResponseError as error:
        if _is_unknown_request(error):
            return None
        raise
    return loaded_window(running.model_dump(), name)


def _is_unknown_request(error: "ollama.ResponseError") -> bool:
    """Whether a server that speaks the dialect in part has no such request; the answer is unknown then."""
    return error.status_code in {404, 405, 501} and "model" not in error.error


def is_listing(listing: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(listing, Mapping) and isinstance(listing.get("models"), list)


def listed_names(listing: Mapping[str, object]) -> list[str]:
    return [name for entry in _entries(listing) if (name := _name_of(entry))]


def loaded_window(running: object, name: str) -> int | None:
    """Return the window that a model is loaded with, out of what `/api/ps` answers."""
    if not is_listing(running):
        return None
    mine = (entry for entry in _entries(running) if is_same(name, _name_of(entry)))
    return next((count_of(entry.get("context_length")) or None for entry in mine), None)


def _entries(listing: Mapping[str, object]) -> list[Mapping[str, object]]:
    entries = listing["models"]
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []


def _name_of(entry: Mapping[str, object]) -> str:
    return text_of(entry.get("model")) or text_of(entry.get("name"))


def not_ollama(server: str) -> ModelError:
    return ModelError(ErrorKind.REFUSED, f"What answers is not {server}. Check the address.")


def is_same(name: str, listed: str | None) -> bool:
    """Whether two names mean one model; without a tag, `latest` is meant."""
    return listed is not None and _tagged(name) == _tagged(listed)


def _tagged(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


async def _without_key(request: "httpx.Request") -> None:
    request.headers.pop("authorization", None)
