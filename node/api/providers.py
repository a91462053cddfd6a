"""`/api/agent/providers` and `/api/agent/config`: the models there are, and the one in use."""

import asyncio
from dataclasses import asdict, dataclass

from aiohttp import web
from pydantic import Field

from agent.models.base import ErrorKind, ModelError, ModelFacts
from agent.models.catalogue import GENERIC, LABELS
from agent.models.find import DEFAULT_OLLAMA_MODEL, base_address
from agent.models.local import refusal
from agent.models.ollama_control import is_same
from agent.models.recorder import Recorder
from agent.models.survey import Surveyed, survey
from node.api.errors import ApiError
from node.api.requests import Body, body_of
from node.borrowed import PREFIX as PEER
from node.borrowed import BorrowedModels
from node.engine_file import PREFIX, open_file
from node.model_choice import FOR_TURNS, RULES, SERVERS, ModelChoices
from node.settings import Settings
from node.spawned import SpawnedServer


class Choice(Body):
    model: str = Field(min_length=1, max_length=1_000)
    provider: str | None = Field(default=None, max_length=50)
    url: str | None = Field(default=None, max_length=2_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidersApi:
    models: ModelChoices
    settings: Settings
    server: SpawnedServer
    recorder: Recorder
    borrowed: BorrowedModels

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/agent/providers", self.providers)
        app.router.add_get("/api/agent/config", self.config)
        app.router.add_put("/api/agent/config", self.choose)

    async def providers(self, _: web.Request) -> web.Response:
        """Look at every address where a model server may be."""
        servers = await self._survey(self.models.for_turns.addresses())
        empty = next((server for server in servers if server.can_pull and not server.models), None)
        has_model = any(server.models for server in servers)
        offer = {"model": DEFAULT_OLLAMA_MODEL, "address": empty.address} if empty and not has_model else None
        current = self.models.for_turns.facts
        lent = [lender_json(facts, current) for facts in self.borrowed.all()]
        listed = [*(server_json(server, current) for server in servers), *lent]
        return web.json_response({"servers": listed, "offer": offer})

    async def config(self, _: web.Request) -> web.Response:
        """Say what the node works with, what was chosen, and what goes before the choice."""
        choice = self.models.for_turns
        facts, override = choice.facts, self.settings.text(FOR_TURNS[0])
        return web.json_response(
            {
                "provider": facts and facts.provider,
                "url": facts and facts.address,
                "model": facts and facts.name,
                "label": facts and facts.label,
                "chosen": {
                    "url": self.settings.text("models.url"),
                    "model": self.settings.text("models.default"),
                },
                "overriddenBy": FOR_TURNS[0] if override else None,
                "readiness": asdict(choice.readiness()),
            }
        )

    async def choose(self, request: web.Request) -> web.Response:
        """Check a choice, keep it, and work with it from the next turn on."""
        wanted = await body_of(request, Choice)
        name = wanted.model
        if wanted.model.startswith(PREFIX):
            await asyncio.to_thread(open_file, wanted.model)
        elif wanted.model.startswith(PEER):
            name = self.borrowed.chosen(wanted.model)
        elif wanted.model != RULES:
            server = await self._server_with(wanted)
            self.server.is_choice = server.address == self.server.address
            # The port of a server that the node started is another one the next time.
            url = "" if self.server.is_choice else server.address
            await self.settings.put("models.url", url)
        await self.settings.put("models.default", name)
        await self.models.follow_settings()
        return await self.config(request)

    async def _server_with(self, wanted: Choice) -> Surveyed:
        """Return the server that has the wanted model; raises `ApiError`."""
        if wanted.provider is not None and wanted.provider not in SERVERS:
            raise ApiError(400, "unknown_provider", f"a provider is one of {', '.join(SERVERS)}")
        answering = [server for server in await self._survey(self._addresses(wanted)) if server.provider]
        fitting = [server for server in answering if fits(wanted.provider, server.provider)]
        if not fitting:
            raise nothing_fits(wanted, answering)
        for server in fitting:
            if any(is_same(wanted.model, facts.name) for facts in server.models):
                return server
        raise no_such_model(wanted.model, fitting)

    def _addresses(self, wanted: Choice) -> tuple[str, ...]:
        if wanted.url is None:
            return self.models.for_turns.addresses()
        url = base_address(wanted.url)
        if refused := refusal(url, self.settings.flag("models.allowRemote")):
            raise ModelError(ErrorKind.NOT_LOCAL, refused)
        return (url,)

    async def _survey(self, addresses: tuple[str, ...]) -> list[Surveyed]:
        remote = self.settings.flag("models.allowRemote")
        return await survey(addresses, allow_remote=remote, recorder=self.recorder)


def fits(wanted: str | None, found: str) -> bool:
    """Whether a server may be the wanted one: not every server of the OpenAI dialect says which it is."""
    return wanted in {None, found} or (found == GENERIC and wanted in LABELS)


def server_json(server: Surveyed, current: ModelFacts | None) -> dict[str, object]:
    return {
        "address": server.address,
        "provider": server.provider or None,
        "label": SERVERS.get(server.provider),
        "canPull": server.can_pull,
        "problem": server.problem or None,
        "models": [model_json(facts, current) for facts in server.models],
    }


def lender_json(facts: ModelFacts, current: ModelFacts | None) -> dict[str, object]:
    """Return a peer that lends its model in the place of a server."""
    return {
        "address": facts.name,
        "provider": facts.provider,
        "label": facts.label,
        "canPull": False,
        "problem": None,
        "models": [model_json(facts, current)],
    }


def model_json(facts: ModelFacts, current: ModelFacts | None) -> dict[str, object]:
    is_current = current is not None and (current.address, current.name) == (facts.address, facts.name)
    return {
        "name": facts.name,
        "label": facts.label,
        "contextWindow": facts.context_window,
        "callsTools": facts.calls_tools,
        "thinks": facts.thinks,
        "current": is_current,
    }


def nothing_fits(wanted: Choice, answering: list[Surveyed]) -> ModelError | ApiError:
    """Say that no server answers where one should, or that it is another than the wanted one."""
    place = f"at {wanted.url}" if wanted.url else "on this machine"
    if answering and wanted.provider:
        found = ", ".join(SERVERS[server.provider] for server in answering)
        text = f"there is no {SERVERS[wanted.provider]} {place}; what answers is {found}"
        return ApiError(400, "wrong_provider", text)
    label = SERVERS[wanted.provider] if wanted.provider else "model server"
    return ModelError(ErrorKind.UNREACHABLE, f"no {label} answers {place}; start it first")


def no_such_model(name: str, servers: list[Surveyed]) -> ModelError:
    known = ", ".join(facts.name for server in servers for facts in server.models) or "none yet"
    pull = f"; `palaver pull {name}` may fetch it" if any(server.can_pull for server in servers) else ""
    return ModelError(ErrorKind.NO_MODEL, f"there is no model {name!r}; there is {known}{pull}")
