"""What a model server's error means, whatever its shape: one `ModelError` with the server's own words."""

from collections.abc import Mapping

from agent.models.base import ErrorKind, ModelError, NotInTime
from agent.models.wire import WireError, json_value

TEXT_MAX_CHARS = 500
"""The server's words beyond this are cut."""
_NESTING_MAX = 8
_TOO_LONG = (
    "exceed_context_size",
    "available context size",
    "context size has been exceeded",
    "maximum context length",
    "context window",
)
_LOADING = ("loading model", "unavailable_error", "model is loading")
_HINTS = {
    ErrorKind.NO_MODEL: "Pull it, or choose another model.",
    ErrorKind.TOO_LONG: "Start a new session, or give the model a larger context.",
    ErrorKind.LOADING: "It may answer in a moment.",
    ErrorKind.BUSY: "It may answer in a moment.",
}


def failure(server: str, status: int, body: str) -> ModelError:
    """Read an HTTP error answer. `server` names it for people, as `Ollama at http://…`."""
    if is_web_page(body):
        return not_in_dialect(server)
    said = words(body)
    kind = _kind(status, body.lower())
    text = f"{server} answered {status}: {said}" if said else f"{server} answered {status} without a reason"
    return _error(kind, text)


def stream_failure(server: str, error: object) -> ModelError:
    """Read an error that came inside a stream; the reply so far is incomplete."""
    said = words(error)
    kind = _kind(0, said.lower() if isinstance(error, str) else str(error).lower())
    return _error(kind, f"{server} broke off its reply: {said or 'it gave no reason'}")


def cut_short(server: str) -> ModelError:
    """Say that the reply stopped before its end."""
    return ModelError(ErrorKind.BROKEN, f"{server} ended its reply before it was complete. Ask again.")


def nothing_answers(address: str, label: str) -> ModelError:
    text = f"Nothing answers at {address}, where {label} should be. Is it running?"
    return ModelError(ErrorKind.UNREACHABLE, text)


def not_in_time(server: str) -> NotInTime:
    return NotInTime(f"{server} did not answer in time. Is it running?")


def not_in_dialect(server: str) -> ModelError:
    text = f"There is no {server}: a web page answers there. Check the address in the settings."
    return ModelError(ErrorKind.REFUSED, text)


def is_web_page(body: str) -> bool:
    return body.lstrip()[:1] == "<"


def words(error: object) -> str:
    """Return the text inside an error, also of JSON inside JSON, on one line and cut at `TEXT_MAX_CHARS`."""
    text = _innermost(error, _NESTING_MAX)
    line = " ".join(
        "".join(char if char.isprintable() else " " for char in text[: 4 * TEXT_MAX_CHARS]).split()
    )
    return line if len(line) <= TEXT_MAX_CHARS else line[: TEXT_MAX_CHARS - 1] + "…"


def _innermost(error: object, depth: int) -> str:
    if depth and isinstance(error, Mapping):
        return next(
            (_innermost(error[key], depth - 1) for key in ("error", "message", "detail") if error.get(key)),
            "",
        )
    if depth and isinstance(error, str) and error.lstrip()[:1] in {"{", '"'}:
        try:
            return _innermost(json_value(error), depth - 1) or error
        except WireError:
            return error
    return "" if error is None else str(error)


def _error(kind: ErrorKind, text: str) -> ModelError:
    hint = _HINTS.get(kind)
    return ModelError(kind, f"{text.rstrip('.')}. {hint}" if hint else text)


def _kind(status: int, text: str) -> ErrorKind:
    """Choose the kind; a status of 0 stands for an error inside a stream."""
    if any(mark in text for mark in _TOO_LONG):
        return ErrorKind.TOO_LONG
    if status in {0, 503} and any(mark in text for mark in _LOADING):
        return ErrorKind.LOADING
    if status in {429, 503}:
        return ErrorKind.BUSY
    if status == 404 and "model" in text:
        return ErrorKind.NO_MODEL
    return ErrorKind.BROKEN if status == 0 or status >= 500 else ErrorKind.REFUSED
