"""The frame of the owner's socket: `{channel, event, data}`, and `seq` beside `data` on events of a turn."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from agent.events import ID_MAX_CHARS, Event

PROTOCOL_VERSION = 1
FRAME_MAX_BYTES = 8 * 1024 * 1024
"""A larger frame closes its socket with 1009."""
FRAME_READ_MAX_BYTES = 4 * FRAME_MAX_BYTES
"""Up to this size a frame is read to its end first, so that its sender lives to see the 1009."""


class Envelope(BaseModel):
    """One frame from a client. Unknown fields are ignored, so that a newer client is understood."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    channel: str = Field(min_length=1, max_length=64)
    event: str = Field(min_length=1, max_length=64)
    data: dict[str, object] = Field(default_factory=dict)

    @property
    def turn_id(self) -> str | None:
        """The turn that the frame is about, if it names one."""
        turn_id = self.data.get("turnId")
        return turn_id if isinstance(turn_id, str) and len(turn_id) <= ID_MAX_CHARS else None


class Hello(Event):
    """The first frame on every socket, on channel `system`."""

    event = "hello"

    version: str
    """The program's."""
    protocol: int = PROTOCOL_VERSION
    node_id: str
    name: str


class FrameError(Event):
    """A frame could not be used; the socket stays open. Sent on the channel it came in on."""

    event = "error"

    message: str
    code: str
    about: str = ""
    """The event that was refused."""
    turn_id: str | None = None
    queue_length: int | None = None
    retry_after: int | None = None
    """Seconds after which the same may work."""


class FrameRefused(Exception):
    """A frame that cannot be used: `code` for programs, the text for people."""

    def __init__(self, code: str, text: str, *, channel: str = "system", event: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.channel = channel
        self.event = event


def read(text: str) -> Envelope:
    """Return the envelope in a frame; raises `FrameRefused`."""
    try:
        return Envelope.model_validate_json(text)
    except ValidationError as error:
        detail = first_problem(error)
        raise FrameRefused("bad_frame", f"not a frame {{channel, event, data}}: {detail}") from None


def written(channel: str, event: Event) -> str:
    """Return the text of the frame that carries an event."""
    return frame(channel, event.event, event.model_dump_json())


def frame(channel: str, event: str, data: str, seq: int | None = None) -> str:
    """Return the text of a frame whose data is JSON text already, as the event log keeps it."""
    number = "" if seq is None else f',"seq":{seq}'
    return f'{{"channel":"{channel}","event":"{event}","data":{data}{number}}}'


def first_problem(error: ValidationError) -> str:
    """Say in one line what is wrong with a message, without repeating its values."""
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place}: {said_plainly(problem)}" if place else said_plainly(problem)


def said_plainly(problem: ErrorDetails) -> str:
    """Return what pydantic says of a problem, in words that are not about Python."""
    return _PLAIN.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")


_PLAIN = {
    "tuple_type": "Input should be a valid list",
    "string_unicode": "Input should be text in UTF-8",
}
