"""A model file for the node's own engine, as the owner names it: `gguf:/path/to/model.gguf`."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from agent.models.base import ErrorKind, ModelError
from agent.models.gguf import HEAD_BYTES, NotGguf, read_head

PREFIX = "gguf:"
WHEEL = "xllamacpp"
DEFAULT_WINDOW = 8_192
"""Tokens, where the owner sets none: the whole of what newer models can read would fill the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    path: Path
    name: str
    window: int
    """Tokens of one conversation that the engine keeps in mind."""


def open_file(wanted: str, context: int | None = None) -> ModelFile:
    """Check that the engine can run this file; raises `ModelError`. It blocks: call it in a thread."""
    path = Path(absolute(wanted).removeprefix(PREFIX))
    try:
        with path.open("rb") as file:
            head = read_head(file.read(HEAD_BYTES))
    except OSError as error:
        raise ModelError(ErrorKind.NO_MODEL, f"{path} cannot be read: {error.strerror}.") from error
    except NotGguf as error:
        raise ModelError(ErrorKind.NO_MODEL, f"{path} is no model that runs here: {error}.") from error
    if importlib.util.find_spec(WHEEL) is None:
        raise ModelError(
            ErrorKind.NO_MODEL,
            "The engine for model files is not installed: pip install palaver[engine]; "
            f"for this node: {sys.executable} -m pip install {WHEEL}",
        )
    most = head.context_length or DEFAULT_WINDOW
    return ModelFile(path=path, name=path.stem, window=min(context or DEFAULT_WINDOW, most))


def absolute(wanted: str) -> str:
    """Return the name of a model file so that it holds in any folder; other names stay as they are."""
    if not wanted.startswith(PREFIX):
        return wanted
    return PREFIX + str(Path(wanted.removeprefix(PREFIX)).expanduser().absolute())
