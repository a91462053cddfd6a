"""The file of an exported session, where its owner wants it."""

import json
from pathlib import Path

from node.replies import NodeError


def save(file: str, text: str) -> str:
    """Write a new file and return its whole name; raises `NodeError`, also when it is there. Blocks."""
    path = Path(file).expanduser()
    try:
        with path.open("x", encoding="utf-8") as new:
            new.write(text)
    except OSError as error:
        raise NodeError(f"cannot write {file}: {error.strerror}") from error
    return str(path)


def load(file: str) -> object:
    """Return what an exported file holds; raises `NodeError`. Blocks."""
    try:
        text = Path(file).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise NodeError(f"cannot read {file}: {error}") from error
    return parsed(text, file)


def parsed(text: str, name: str) -> object:
    """Return what an exported text holds; raises `NodeError` that names where it came from."""
    try:
        exported: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NodeError(f"cannot read {name}: {error}") from error
    return exported


def as_text(exported: object) -> str:
    return json.dumps(exported, ensure_ascii=False, indent=1) + "\n"
