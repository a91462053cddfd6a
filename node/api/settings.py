"""`/api/settings`: the owner's choices, typed and checked."""

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from node.api.errors import ApiError
from node.api.requests import body_of
from node.settings import SETTINGS, BadSetting, Settings


class NewValue(BaseModel):
    model_config = ConfigDict(extra="forbid")

    value: object


class SettingsApi:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/settings", self.list)
        app.router.add_get("/api/settings/{key}", self.read)
        app.router.add_put("/api/settings/{key}", self.put)
        app.router.add_delete("/api/settings/{key}", self.delete)

    async def list(self, _: web.Request) -> web.Response:
        return web.json_response([self._shown(key, value) for key, value in self._settings.all().items()])

    def _shown(self, key: str, value: object) -> dict[str, object]:
        setting = SETTINGS[key]
        return {"key": key, "value": value, "default": setting.default, "description": setting.description}

    async def read(self, request: web.Request) -> web.Response:
        key = known(request)
        return web.json_response(self._shown(key, self._settings.get(key)))

    async def put(self, request: web.Request) -> web.Response:
        key = known(request)
        new = await body_of(request, NewValue)
        try:
            return web.json_response(self._shown(key, await self._settings.put(key, new.value)))
        except BadSetting as error:
            raise ApiError(400, "bad_setting", str(error)) from None

    async def delete(self, request: web.Request) -> web.Response:
        key = known(request)
        return web.json_response(self._shown(key, await self._settings.delete(key)))


def known(request: web.Request) -> str:
    key = request.match_info["key"]
    if key not in SETTINGS:
        raise ApiError(404, "unknown_setting", f"there is no setting {key!r}; GET /api/settings lists them")
    return key
