"""What every model is to the agent: one stream of deltas, a few facts, and one kind of error."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from agent.history import Call, Message
from tools.spec import ToolSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Sampling and window; None means that the server's own default holds."""

    temperature: float = 0.0
    top_p: float | None = None
    context_size: int | None = None
    """Window in tokens, where the server lets the client choose (Ollama's `num_ctx`)."""
    max_tokens: int | None = None
    """Most tokens of one reply."""
    think: bool | str | None = None
    """None: reason when the model can. Levels (`low`, `high`, …) where the server knows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    messages: Sequence[Message]
    tools: Sequence[ToolSpec] = ()
    options: Options = Options()
    must_call: bool = False
    """The reply has to be a tool call; the one nudged retry of a narrated action."""


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class CallDelta:
    """One whole call; dialects assemble it from their pieces."""

    call: Call


@dataclass(frozen=True, slots=True)
class Calling:
    """The model is at a call that is not whole yet: a sign of life, with the tool's name if it is known."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one round as the server reported them. None is "not reported", never zero."""

    prompt: int | None = None
    """Everything the server read, cached tokens included."""
    completion: int | None = None
    cached: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the owner should know, as "the server cut your prompt"."""

    text: str


class FinishReason(StrEnum):
    STOP = "stop"
    LENGTH = "length"
    CALLS = "calls"


@dataclass(frozen=True, slots=True)
class Finish:
    reason: FinishReason


Delta: TypeAlias = ReasoningDelta | TextDelta | Calling | CallDelta | Usage | Notice | Finish
"""A stream ends with exactly one `Finish`, or raises `ModelError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known about a model; None where the server does not say."""

    provider: str
    """`ollama`, `lmstudio`, `vllm`, `llama-server`, `openai`, `engine`, `rules`, `scripted`."""
    name: str
    label: str
    """What a person reads, as `qwen3:8b on Ollama` or `Rules (no model)`."""
    address: str = ""
    context_window: int | None = None
    """Tokens of the window as it is loaded, not the most that the model could have."""
    calls_tools: bool | None = None
    thinks: bool | None = None


class ErrorKind(StrEnum):
    UNREACHABLE = "unreachable"
    LOADING = "loading"
    BUSY = "busy"
    NO_MODEL = "no_model"
    TOO_LONG = "too_long"
    REFUSED = "refused"
    BROKEN = "broken"
    """The stream ended early or was not in the dialect."""
    NOT_LOCAL = "not_local"


TRANSIENT = frozenset({ErrorKind.LOADING, ErrorKind.BUSY})
"""The server says so itself. One that is down waits for its owner; a broken stream has shown its text."""


class ModelError(Exception):
    """A model could not answer. The text says what happened, to what, and what the owner can do."""

    def __init__(self, kind: ErrorKind, text: str) -> None:
        super().__init__(text)
        self.kind = kind

    @property
    def is_transient(self) -> bool:
        """Whether the same request may work later."""
        return self.kind in TRANSIENT


class NotInTime(ModelError):
    """What is there was too slow to answer: it may yet, which something that refuses connections will not."""

    def __init__(self, text: str) -> None:
        super().__init__(ErrorKind.UNREACHABLE, text)


class Model(Protocol):
    @property
    def facts(self) -> ModelFacts: ...

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Answer one round. Closing the generator cancels the work at the server."""
        ...

    async def close(self) -> None: ...
