"""Reading what an HTTP caller sent."""

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from node.api.errors import ApiError
from node.envelope import first_problem

M = TypeVar("M", bound=BaseModel)

NUMBER_MAX_DIGITS = 18
"""More than any number here has, and less than the store can take."""


class Body(BaseModel):
    """What a request may hold. A field that nobody knows is refused; the reader is built when one comes."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


async def body_of(request: web.Request, model: type[M]) -> M:
    """Return the JSON body as a model; an empty body stands for `{}`. Raises `ApiError` 400."""
    try:
        return model.model_validate_json(await request.text() or "{}")
    except ValidationError as error:
        raise ApiError(400, "bad_request", f"the body does not fit: {first_problem(error)}") from None
    except (UnicodeError, LookupError):
        text = "the body is no text in the encoding that it names; send JSON in UTF-8"
        raise ApiError(400, "bad_request", text) from None


def whole_number(request: web.Request, name: str) -> int | None:
    """Return a number of the query; None when it is not there. Raises `ApiError` 400."""
    text = request.query.get(name)
    if text is None:
        return None
    if not text.isdecimal() or len(text) > NUMBER_MAX_DIGITS:
        raise ApiError(400, "bad_request", f"{name} {text!r:.50} is no whole number")
    return int(text)
