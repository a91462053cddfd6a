"""The one table from what went wrong to what an HTTP caller sees: `{error, code}` and a status."""

import logging
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

logger = logging.getLogger(__name__)


class ApiError(Exception):
    """A request cannot be answered as asked: a status, a code for programs and a sentence for people."""

    def __init__(self, status: int, code: str, text: str, more: Mapping[str, object] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.more = dict(more or {})


def answer_of(error: ApiError) -> web.Response:
    body = {"error": str(error), "code": error.code, **error.more}
    headers = {"Retry-After": str(error.more["retry_after"])} if "retry_after" in error.more else None
    return web.json_response(body, status=error.status, headers=headers)


@web.middleware
async def explained(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure of a handler into JSON; the trace of an unexpected one stays here."""
    try:
        return await handler(request)
    except ApiError as error:
        return answer_of(error)
    except web.HTTPException as error:
        if error.status < 400 or not request.path.startswith("/api"):
            raise
        return answer_of(ApiError(error.status, error.reason.lower().replace(" ", "_"), error.reason))
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        return answer_of(ApiError(500, "internal", "internal error; the node's log has the details"))
