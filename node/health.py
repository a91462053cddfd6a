"""Can this node answer, and if not, what is the one thing to do? One resolver for every place that asks."""

from dataclasses import dataclass
from enum import StrEnum

from agent.models.base import ErrorKind, ModelError, ModelFacts


class ReadinessState(StrEnum):
    READY = "ready"
    UNRESOLVED = "unresolved"
    """Still looking for a model."""
    NOT_CONFIGURED = "not_configured"
    """No model server was found; the node works by rules."""
    PROVIDER_UNREACHABLE = "provider_unreachable"
    """The chosen model cannot be reached or is not there."""
    NODE_DOWN = "node_down"
    """Said by clients that cannot reach the node; a node never says it of itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    state: ReadinessState
    text: str
    remedy: str = ""
    """The one next step; empty when nothing is to be done."""


def readiness(
    model: ModelFacts | None,
    problem: ModelError | None,
    *,
    chosen: bool,
    refused: str = "",
    remedy: str = "",
) -> Readiness:
    """Say how things stand: the model in use, what the last look for one met, whether its owner chose it.

    `refused` is why an address was not even asked, `remedy` what to do about a model of no server.
    """
    if model is None:
        return unresolved("looking for a model")
    if problem is not None and problem.kind is ErrorKind.LOADING:
        return unresolved(str(problem))
    if problem is not None:
        # The remedy goes on with the sentence.
        text, remedy = str(problem).removesuffix("."), remedy or remedy_of(problem.kind)
        return Readiness(state=ReadinessState.PROVIDER_UNREACHABLE, text=text, remedy=remedy)
    if model.provider == "rules" and not chosen and refused:
        return Readiness(
            state=ReadinessState.NOT_CONFIGURED,
            text=f"{refused.rstrip('.')}; plain sentences work by rules",
            remedy=remedy_of(ErrorKind.NOT_LOCAL),
        )
    if model.provider == "rules" and not chosen:
        return Readiness(
            state=ReadinessState.NOT_CONFIGURED,
            text="no model server was found; plain sentences work by rules",
            remedy="start Ollama, LM Studio, vLLM or llama-server; the node finds it by itself",
        )
    return Readiness(state=ReadinessState.READY, text=model.label)


def unresolved(text: str) -> Readiness:
    """Say what is still waited for before a model is known."""
    return Readiness(state=ReadinessState.UNRESOLVED, text=text, remedy="wait a moment")


NODE_DOWN = Readiness(
    state=ReadinessState.NODE_DOWN, text="the node is not running", remedy="start it with `palaver up`"
)
"""For clients that cannot reach the node; they have it from here, or from the node while it was up."""


def remedy_of(kind: ErrorKind) -> str:
    match kind:
        case ErrorKind.NO_MODEL:
            return "choose one of the server's models with the setting agent.orchestrator.model"
        case ErrorKind.NOT_LOCAL:
            return "use a server on this machine, or set models.allowRemote to true"
        case _:
            return "start the model server, or choose another with the setting models.url"
