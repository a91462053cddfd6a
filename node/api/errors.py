"""The one table from what went wrong to what an HTTP caller sees: `{error, code}` and a status."""

import logging
from collections.abc import Mapping
from math import ceil

from aiohttp import web
from aiohttp.typedefs import Handler

from agent.models.base import ErrorKind, ModelError
from node.settings import BadSetting, UnknownSetting
from node.store.errors import (
    BadSessionId,
    MessageUnreadable,
    NoSuchChatLink,
    NoSuchSession,
    NoSuchTurn,
    NoSuchWorkspace,
    QueueFull,
    StoreError,
    StoreFull,
    StoreUnusable,
)
from peer.errors import (
    Busy,
    DeadlinePassed,
    NotAllowed,
    PairingClosed,
    PeerError,
    PeerLost,
    TicketUnreadable,
    UnknownPeer,
    Unreachable,
)

MODEL_STATUS = {
    ErrorKind.UNREACHABLE: 503,
    ErrorKind.LOADING: 503,
    ErrorKind.BUSY: 503,
    ErrorKind.NO_MODEL: 404,
    ErrorKind.NOT_LOCAL: 400,
}

logger = logging.getLogger(__name__)


class ApiError(Exception):
    """A request cannot be answered as asked: a status, a code for programs and a sentence for people."""

    def __init__(self, status: int, code: str, text: str, more: Mapping[str, object] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.more = dict(more or {})


def api_error_of(error: Exception) -> ApiError | None:
    """Return what a caller hears of an error; None for what nobody foresaw, which stays inside."""
    match error:
        case ApiError():
            return error
        case QueueFull(queue_length=length, retry_after=seconds):
            more = {"queue_length": length, "retry_after": seconds}
            return ApiError(429, error.code, str(error), more)
        case StoreError(code=code):
            return ApiError(store_status(error), code, str(error))
        case UnknownSetting():
            return ApiError(404, "unknown_setting", f"{error}; GET /api/settings lists them")
        case BadSetting():
            return ApiError(400, "bad_setting", str(error))
        case ModelError(kind=kind):
            return ApiError(MODEL_STATUS.get(kind, 502), f"model_{kind}", str(error))
        case PeerError(code=code, retry_after=seconds):
            return ApiError(
                peer_status(error), code, str(error), {} if seconds is None else {"retry_after": seconds}
            )
        case web.HTTPException(status=status, reason=reason) if status >= 400:
            return ApiError(status, reason.lower().replace(" ", "_"), reason)
        case _:
            return None


def peer_status(error: PeerError) -> int:
    match error:
        case TicketUnreadable():
            return 400
        case UnknownPeer():
            return 404
        case PairingClosed():
            return 409
        case NotAllowed():
            return 403
        case Busy():
            return 429
        case DeadlinePassed():
            return 504
        case Unreachable() | PeerLost():
            return 503
        case _:
            return 502


def store_status(error: StoreError) -> int:
    match error:
        case NoSuchSession() | NoSuchTurn() | NoSuchWorkspace() | NoSuchChatLink():
            return 404
        case BadSessionId():
            return 400
        case StoreFull():
            return 507
        case StoreUnusable() | MessageUnreadable():
            return 500
        case _:
            return 409


@web.middleware
async def explained(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure of a handler into JSON; the trace of an unexpected one stays here."""
    try:
        return await handler(request)
    except Exception as error:
        if isinstance(error, web.HTTPException) and error.status < 400:
            raise
        known = api_error_of(error)
        if known is None:
            logger.exception("%s %s failed", request.method, request.path)
        return response_of(
            known or ApiError(500, "internal", "internal error; the node's log has the details")
        )


def response_of(error: ApiError) -> web.Response:
    body = {"error": str(error), "code": error.code, **error.more}
    seconds = error.more.get("retry_after")
    headers = {"Retry-After": str(ceil(seconds))} if isinstance(seconds, int | float) else None
    return web.json_response(body, status=error.status, headers=headers)
