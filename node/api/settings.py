"""`/api/settings`: the owner's choices, typed and checked."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from node.api.requests import Body, body_of
from node.model_choice import FOR_TURNS
from node.settings import SETTINGS, Settings

RULES = "agent.permissions."
OF_MODEL = frozenset({*FOR_TURNS, "models.url", "models.allowRemote"})


class NewValue(Body):
    value: object


class SettingsApi:
    def __init__(
        self,
        settings: Settings,
        warnings: Callable[[], Sequence[str]],
        look_for_model: Callable[[], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._look_for_model = look_for_model
        self._warnings = warnings
        """Says which permission rules do nothing."""

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/settings", self.list)
        app.router.add_get("/api/settings/{key}", self.read)
        app.router.add_put("/api/settings/{key}", self.put)
        app.router.add_delete("/api/settings/{key}", self.delete)

    async def list(self, _: web.Request) -> web.Response:
        return web.json_response([self._shown(key, value) for key, value in self._settings.all().items()])

    def _shown(self, key: str, value: object) -> dict[str, object]:
        setting = SETTINGS[key]
        return {
            "key": key,
            "value": value,
            "default": setting.default,
            "description": setting.description,
            "schema": setting.type.json_schema(),
        }

    async def read(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        return web.json_response(self._shown(key, self._settings.get(key)))

    async def put(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        new = await body_of(request, NewValue)
        shown = self._shown(key, await self._settings.put(key, new.value))
        await self._follow(key)
        if key.startswith(RULES):
            shown["warnings"] = list(self._warnings())
        return web.json_response(shown)

    async def delete(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        shown = self._shown(key, await self._settings.delete(key))
        await self._follow(key)
        return web.json_response(shown)

    async def _follow(self, key: str) -> None:
        """Have another choice of a model show at once, not with the next turn."""
        if key in OF_MODEL:
            await self._look_for_model()
