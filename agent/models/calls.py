"""Tool calls out of what servers send: whole objects, texts of JSON, or pieces of both."""

import json
import secrets

from agent.history import Call
from agent.models.names import SafeNames
from agent.models.wire import WireError, json_value, text_of

ARGUMENTS_MAX_CHARS = 1 << 20
MAX_CALLS = 64
"""Most calls in one reply; a reply with more is not taken."""


def new_call(name: str, arguments: object, server_id: object = "") -> Call:
    """Build a call under an id of our own; servers repeat ids or send none."""
    read = read_arguments(arguments)
    return Call(
        id=f"call_{secrets.token_hex(4)}",
        name=name,
        arguments=read,
        raw="" if read is not None else str(arguments),
        server_id=text_of(server_id),
    )


def read_arguments(value: object) -> dict[str, object] | None:
    """Return the arguments as an object, or None when they are none.

    No text at all is no arguments. JSON that was put into a JSON string once more is unwrapped.
    """
    for _ in range(3):
        if isinstance(value, dict):
            return value
        if not isinstance(value, str):
            return {} if value is None else None
        if not value.strip():
            return {}
        try:
            value = json_value(value)
        except WireError:
            return None
    return None


class CallPieces:
    """Put the calls of one streamed reply together, by index, else by id, else by the coming of a name.

    Some servers give every call the index 0: a name that comes with another id begins another call.
    """

    def __init__(self) -> None:
        self._calls: list[_Pieces] = []
        self._chars = 0

    def feed(self, piece: object) -> None:
        """Take one element of `tool_calls`; raises `WireError` beyond the bounds."""
        if not isinstance(piece, dict):
            return
        function = piece.get("function")
        function = function if isinstance(function, dict) else {}
        call = self._find(piece, function)
        if call is None:
            return
        call.server_id = call.server_id or text_of(piece.get("id"))
        call.name = call.name or text_of(function.get("name"))
        self._add_arguments(call, function.get("arguments"))

    def whole(self, names: SafeNames) -> list[Call]:
        """Return every call of a reply that came to its end."""
        return [call.call(names) for call in self._calls if call.name or call.text or call.arguments]

    def finished(self, names: SafeNames) -> list[Call]:
        """Return the calls that a reply cut at its length still completed."""
        calls = [call.call(names) for call in self._calls if call.text or call.arguments is not None]
        return [call for call in calls if call.arguments is not None]

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def latest(self) -> str:
        """The name of the call that began last."""
        return self._calls[-1].name if self._calls else ""

    def _find(self, piece: dict[str, object], function: dict[str, object]) -> "_Pieces | None":
        index, server_id = piece.get("index"), piece.get("id")
        if isinstance(index, int):
            found = next((call for call in reversed(self._calls) if call.index == index), None)
            is_another = found is not None and bool(function.get("name")) and found.differs(server_id)
            return self._begin(index) if found is None or is_another else found
        if server_id:
            found = next((call for call in self._calls if call.server_id == server_id), None)
            return found or self._begin(None)
        if function.get("name"):
            return self._begin(None)
        return self._calls[-1] if self._calls else None

    def _begin(self, index: int | None) -> "_Pieces":
        if len(self._calls) >= MAX_CALLS:
            raise WireError(f"more than {MAX_CALLS} tool calls in one reply")
        self._calls.append(_Pieces(index))
        return self._calls[-1]

    def _add_arguments(self, call: "_Pieces", arguments: object) -> None:
        if isinstance(arguments, dict):
            call.arguments = arguments
        elif arguments is not None and arguments != "":
            # What is no text is kept as it reads: no arguments that anything could be run with.
            text = arguments if isinstance(arguments, str) else json.dumps(arguments)
            self._chars += len(text)
            if self._chars > ARGUMENTS_MAX_CHARS:
                raise WireError(f"tool arguments of more than {ARGUMENTS_MAX_CHARS} characters")
            call.text.append(text)


class _Pieces:
    """One call as far as it has come."""

    def __init__(self, index: int | None) -> None:
        self.index = index
        self.server_id = ""
        self.name = ""
        self.text: list[str] = []
        self.arguments: dict[str, object] | None = None

    def differs(self, server_id: object) -> bool:
        """Whether an id is another one than this call's."""
        return bool(server_id and self.server_id) and server_id != self.server_id

    def call(self, names: SafeNames) -> Call:
        arguments = self.arguments if self.arguments is not None else "".join(self.text)
        return new_call(names.to_own(self.name), arguments, self.server_id)
