"""Reading what an HTTP caller sent."""

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from node.api.errors import ApiError
from node.envelope import first_problem

M = TypeVar("M", bound=BaseModel)


async def body_of(request: web.Request, model: type[M]) -> M:
    """Return the JSON body as a model; an empty body stands for `{}`. Raises `ApiError` 400."""
    text = await request.text()
    try:
        return model.model_validate_json(text or "{}")
    except ValidationError as error:
        raise ApiError(400, "bad_request", f"the body does not fit: {first_problem(error)}") from None
